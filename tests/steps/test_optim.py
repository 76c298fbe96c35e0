"""The door ``optim``: a search inside the training set, then a normal run; killed searches go on."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nkululeko
from nkululeko import optim
from nkululeko.config.load import RUN, load
from nkululeko.core.errors import ConfigError, NkululekoError

OPTIM = "[OPTIM]\nsearch_strategy = random\nn_iter = 4\nC_val = (0.1, 100.0)\nkernel = ['rbf', 'linear']\n"
DATA = "db.test_size = 50"


def fits(folder: Path) -> dict[str, int]:
    """The keys of what was fitted, with the row of the file; a row that is written anew gets another number."""
    with sqlite3.connect(folder / "search.sqlite") as base:
        return dict(base.execute("SELECT key, rowid FROM fits"))


def test_a_search_then_a_normal_run(bench):
    searched = optim.run(bench.ini(data=DATA, rest=OPTIM))
    result, folder = searched.result, bench.folder / "results" / "exp"
    written = json.loads((folder / "result.json").read_text())
    assert written["scores"]["uar"]["value"] == pytest.approx(result.headline.value)
    assert (folder / "report.html").exists() and (folder / "models" / "pipeline.json").exists()
    trials = pd.read_csv(folder / "trials.csv")
    assert len(trials) == 4 and list(trials["rank"]) == [1, 2, 3, 4]
    assert trials["value"].is_monotonic_decreasing
    assert searched.best == {"C_val": trials["C_val"][0], "kernel": trials["kernel"][0]}
    (line,) = [line for line in result.decided if "hyperparameters" in line]
    assert "4 folds of 32 training samples of 4 speakers" in line and "the best of 4 trials" in line
    assert searched.lines[0] == "[MODEL]" and f"kernel = {trials['kernel'][0]}" in searched.lines
    assert searched.measured.low <= searched.measured.value <= searched.measured.high
    saved = json.loads((folder / "models" / "pipeline.json").read_text())
    assert saved["options"]["C_val"] == searched.best["C_val"]


def test_best_ini_gives_the_same_result_without_a_search(bench):
    rest = "[OPTIM]\nmodel = knn\nsearch_strategy = grid\nK_val = (3, 7, 4)\nweights = ['distance']\n"
    rest += "scale = ['robust', 'minmax']\nbalancing = ['none', 'ros']\nclass_weight = [False]\n"
    searched = optim.run(bench.ini(data=DATA, rest=rest, feats="type = mfcc\nbalancing = ros"))
    folder = searched.result.folder
    assert len(searched.trials) == 8
    again = nkululeko.run(folder / "best.ini")
    assert again.name == "exp_best"
    pd.testing.assert_frame_equal(again.predictions, searched.result.predictions)
    assert "[FEATS]" in searched.lines and "OPTIM" not in (folder / "best.ini").read_text()


def test_a_net_is_searched_for(bench):
    pytest.importorskip("torch")
    rest = "[OPTIM]\nsearch_strategy = random\nn_iter = 3\ncv_folds = 2\nlearning_rate = (0.001, 0.1)\n"
    rest += "drop = [0.0, 0.4]\nlayers = [[8], {'l1': 8, 'l2': 4}]\npatience = (1, 3)\n"
    searched = optim.run(bench.ini(data=DATA, exp="epochs = 4", model="type = mlp", rest=rest))
    result, best = searched.result, searched.best
    assert list(best) == ["learning_rate", "drop", "layers", "patience"] and len(searched.trials) == 3
    saved = json.loads((result.folder / "models" / "pipeline.json").read_text())["options"]
    assert saved["learning_rate"] == best["learning_rate"] and saved["drop"] == best["drop"]
    layers = best["layers"] if isinstance(best["layers"], dict) else list(best["layers"])
    assert saved["layers"] == layers
    decided = "\n".join(result.decided)
    assert "the hyperparameters (learning_rate = " in decided and "the epoch: " in decided
    again = nkululeko.run(result.folder / "best.ini")
    pd.testing.assert_frame_equal(again.predictions, result.predictions)


def test_the_test_set_has_no_say(bench):
    """Other test samples, with other labels: the same trials, the same choice."""
    frame = bench.table
    tested = frame["speaker"].isin(sorted(frame["speaker"].unique())[:3])
    frame["split"] = np.where(tested, "test", "train")
    data = "db.split_strategy = database"
    first = optim.run(bench.ini(frame, data=data, rest=OPTIM))
    (bench.folder / "results" / "exp" / "search.sqlite").unlink()
    frame.loc[tested, "emotion"] = frame.loc[tested, "emotion"].to_numpy()[::-1]
    other = optim.run(bench.ini(frame.drop(index=np.flatnonzero(tested)[:3]), data=data, rest=OPTIM))
    columns = [column for column in first.trials if column != "seconds"]
    pd.testing.assert_frame_equal(first.trials[columns], other.trials[columns])
    assert len(other.result.predictions) == len(first.result.predictions) - 3


def test_random_labels_stay_at_chance(bench):
    """Nothing to learn: neither the run nor the search finds more than chance, beyond the interval."""
    frame = bench.table
    figures = []
    for seed in (1, 2):
        frame["emotion"] = np.random.default_rng(seed).permutation(frame["emotion"])
        searched = optim.run(bench.ini(frame, data=DATA, rest=OPTIM), ["OPTIM.n_iter=8"])
        figures += [searched.measured, searched.result.headline]
    assert all(figure.low <= 0.25 for figure in figures)
    nested = optim.run(bench.ini(frame, rest=OPTIM), ["OPTIM.outer_folds=4"])
    assert nested.result.headline.low <= 0.25


@pytest.mark.parametrize("model", ["type = svm\nloso = True", "type = svm\nk_fold_cross = 2"])
def test_nested_in_a_cross_validation(bench, model):
    frame = bench.table
    frame = frame[frame["speaker"].isin(sorted(frame["speaker"].unique())[:4])]
    searched = optim.run(bench.ini(frame, model=model, rest=OPTIM), ["OPTIM.n_iter=2"])
    folds = 4 if "loso" in model else 2
    assert len(searched.result.predictions) == len(frame) == 32
    assert len(searched.result.folds) == folds
    trials = searched.trials
    assert list(trials.groupby("outer_fold", sort=False).size()) == [2] * (folds + 1)
    assert trials["outer_fold"].iloc[-1] == "all data"
    assert sum("hyperparameters" in line for line in searched.result.decided) >= 2
    pooled = searched.result.predictions
    assert searched.result.scores["acc"].value == pytest.approx(
        (pooled["truth"] == pooled["prediction"]).mean()
    )


def test_outer_folds_are_a_cross_validation(bench):
    plain = optim.run(bench.ini(model="type = svm\nk_fold_cross = 3", rest=OPTIM), ["OPTIM.n_iter=2"])
    other = optim.run(bench.ini(rest=OPTIM), ["OPTIM.n_iter=2", "OPTIM.outer_folds=3"])
    pd.testing.assert_frame_equal(plain.result.predictions, other.result.predictions)


def test_regression_and_a_partner(bench):
    rest = (
        "[OPTIM]\nmodel = svm\nmetric = mae\nsearch_strategy = halving\nn_iter = 4\nC_val = (0.01, 100.0)\n"
    )
    searched = optim.run(bench.ini(exp="type = regression", target="arousal", data=DATA, model="", rest=rest))
    assert searched.measured.name == "mae" and searched.result.measure == "ccc"
    whole = searched.trials[searched.trials["share"] == 1.0]["value"]
    assert whole.is_monotonic_increasing


def test_a_killed_search_goes_on(bench):
    """Every fit that was done before the kill is taken from the file, the others are made."""
    path = bench.ini(data=DATA, rest=OPTIM, model="type = rf\nn_estimators = 60")
    path.write_text(
        path.read_text().replace(
            OPTIM, "[OPTIM]\nsearch_strategy = random\nn_iter = 8\nmax_depth = (1, 60)\n"
        )
    )
    folder = bench.folder / "results" / "exp"
    process = subprocess.Popen(
        [sys.executable, "-m", "nkululeko.optim", "--config", str(path), "--set", "EXP.jobs=1"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    until = time.monotonic() + 120
    while time.monotonic() < until and process.poll() is None and _count(folder) < 5:
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    before = fits(folder)
    assert 5 <= len(before) < 32, "killed too early or too late to tell"
    searched = optim.run(path)
    after = fits(folder)
    assert len(after) == 32 == searched.trials["folds"].sum()
    assert {key: after[key] for key in before} == before  # none of them was fitted again
    (folder / "search.sqlite").unlink()
    columns = [column for column in searched.trials if column != "seconds"]
    pd.testing.assert_frame_equal(optim.run(path).trials[columns], searched.trials[columns])


def _count(folder: Path) -> int:
    try:
        return len(fits(folder)) if (folder / "search.sqlite").exists() else 0
    except sqlite3.OperationalError:  # no table yet
        return 0


def test_interrupted_says_what_is_kept(bench, monkeypatch, capsys):
    from nkululeko.learning.search import objective

    real, done = objective._fit, []

    def stop(*args):
        done.append(args)
        if len(done) == 4:
            raise KeyboardInterrupt
        return real(*args)

    monkeypatch.setattr(objective, "_fit", stop)
    path = bench.ini(data=DATA, rest=OPTIM)
    assert optim.main(["--config", str(path), "--set", "EXP.jobs=1"]) == 130
    assert "3 fits are kept in" in capsys.readouterr().err.replace("\n", " ")
    assert len(fits(bench.folder / "results" / "exp")) == 3


def test_the_door_prints_lines_to_paste(bench, capsys):
    path = bench.ini(data=DATA, rest=OPTIM)
    assert optim.main(["--config", str(path), "--set", "OPTIM.n_iter=2"]) == 0
    out = capsys.readouterr().out
    assert "report.html" in out.replace("\n", "")
    assert "[MODEL]" in out and "kernel = " in out and "corrected for having been chosen: UAR 0." in out


# mistakes


def test_all_mistakes_with_their_lines_before_anything_is_loaded(bench):
    rest = "[OPTIM]\nC_vall = [1]\nkernel = ['rbff']\nmetric = ccc\nscale = ['x']\n"
    path = bench.ini(rest=rest, data="db.audio_path = nowhere")
    with pytest.raises(ConfigError) as problem:
        optim.run(path)
    lines = str(problem.value).split("\n")
    text = path.read_text().split("\n")
    assert len(lines) == 4
    for line, name in zip(lines, ["C_vall", "kernel", "scale", "metric"], strict=True):
        number = int(line.split("line ")[1].split(":")[0])
        assert text[number - 1].startswith(name) and f"[OPTIM] {name}" in line
    assert "did you mean 'C_val'?" in lines[0]
    with pytest.raises(NkululekoError, match=r"--set: \[OPTIM\] C_val: -1: input"):
        optim.run(bench.ini(rest=OPTIM), ["OPTIM.C_val=[-1]"])


@pytest.mark.parametrize(
    ("rest", "message"),
    [
        ("", r"exp.ini: \[OPTIM\] names no parameter"),
        ("[OPTIM]\nmodel = svn\nC_val = [1]", "unknown model 'svn'"),
        ("[OPTIM]\nsearch_strategy = gird\nC_val = [1]", "search_strategy = 'gird': expected 'tpe'"),
        ("[OPTIM]\nsearch_strategy = grid\nC_val = (1, 2)", "a grid needs single values"),
        ("[OPTIM]\nn_iter = 0\nC_val = [1]", "n_iter = 0: expected a whole number >= 1"),
    ],
)
def test_mistakes(bench, rest, message):
    with pytest.raises(NkululekoError, match=message):
        optim.run(bench.ini(rest=rest))


def test_more_inner_folds_than_speakers(bench):
    with pytest.raises(NkululekoError, match=r"\[OPTIM\] cv_folds: 5 folds cannot be made of 4 speakers"):
        optim.run(bench.ini(data=DATA, rest=OPTIM), ["OPTIM.cv_folds=5"])


def test_resolved_file_means_the_same(bench):
    path = bench.ini(
        rest=OPTIM + "gamma = scale\nscale = [none, robust]\nclass_weight = True\ntimeout = 60\n"
    )
    config = load(path, ["OPTIM.search_strategy=grid_search"], reads=(*RUN, "OPTIM"))
    text = config.to_ini()
    assert (
        "C_val = (0.1, 100.0)" in text and "search_strategy = grid" in text and "class_weight = True" in text
    )
    again = load(bench.write(text, "again.ini"), reads=(*RUN, "OPTIM"))
    assert again.sections["OPTIM"] == config.sections["OPTIM"]

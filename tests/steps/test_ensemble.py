"""``nkululeko ensemble``: finished runs answer together."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from finished_runs import finish, write_ini
from nkululeko import ensemble
from nkululeko.core.errors import NkululekoError
from nkululeko.core.result import Result
from nkululeko.steps.finished import read

LABELS = ["anger", "happiness", "neutral", "sadness"]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory, corpus: Path, store: Path) -> Path:
    folder = tmp_path_factory.mktemp("ensemble")
    write_ini(folder, corpus, store)
    return folder


@pytest.fixture(scope="module")
def runs(home: Path) -> dict[str, Result]:
    """Finished runs: with probabilities, classes in another order; with distances; another target; numbers."""
    numbers = ["EXP.type=regression", "DATA.target=arousal"]
    wanted = {
        "nb": [],
        "lda": ["MODEL.type=lda", f"DATA.labels={LABELS[::-1]}"],
        "svm": ["MODEL.type=svm"],
        "gender": ["DATA.target=gender"],
        "svr": [*numbers, "MODEL.type=svr"],
        "lin_reg": [*numbers, "MODEL.type=lin_reg"],
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(home)
        return {name: finish(home / "exp.ini", name, *changes) for name, changes in wanted.items()}


@pytest.fixture
def call(home: Path, runs: dict[str, Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """Fuses some of the runs by their names."""
    monkeypatch.chdir(home)

    def fused(*names: str, **options) -> Result:
        return ensemble.run([runs[name].folder for name in names], root=tmp_path, **options)

    return fused


def probabilities(run: Result) -> pd.DataFrame:
    return run.predictions[[f"p_{label}" for label in LABELS]]


def test_result_is_that_of_the_fused_answers(call, runs, tmp_path):
    result = call("nb", "lda", method="mean")
    mean = (probabilities(runs["nb"]) + probabilities(runs["lda"])) / 2
    found = read(result.folder).predictions
    np.testing.assert_allclose(found[mean.columns].to_numpy(), mean.to_numpy(), atol=1e-12)
    assert found["prediction"].tolist() == [LABELS[place] for place in mean.to_numpy().argmax(axis=1)]
    recalls = [(part["truth"] == part["prediction"]).mean() for _, part in found.groupby("truth")]
    written = json.loads((tmp_path / "ensemble_mean" / "result.json").read_text())
    assert written["scores"]["uar"]["value"] == pytest.approx(np.mean(recalls))
    assert written["scores"]["uar"]["low"] < written["scores"]["uar"]["high"]
    assert written["interval"] == json.loads((runs["nb"].folder / "result.json").read_text())["interval"]
    assert set(written["provenance"]["members"]) == {"nb", "lda"}
    assert written["calibration"] is not None
    left = {path.name for path in result.folder.iterdir()}
    assert {"report.html", "predictions.csv", "config.ini", "log.txt", "leaderboard.html", "images"} <= left


def test_members_and_ensemble_are_compared(call, runs):
    result = call("nb", "lda", method="max")
    table = pd.read_csv(result.folder / "leaderboard.csv").set_index("name")
    assert table["value"].to_dict() == pytest.approx(
        {run.name: run.headline.value for run in (result, runs["nb"], runs["lda"])}
    )
    assert table["p"].notna().sum() == 2
    assert any("leaderboard.html compares it with its members" in line for line in result.notes)


def test_vote_takes_runs_without_probabilities(call, runs):
    result = call("nb", "lda", "svm", method="vote")
    votes = np.stack([runs[name].predictions["prediction"].to_numpy() for name in ("nb", "lda", "svm")])
    for sample, answer in enumerate(result.predictions["prediction"]):
        given = votes[:, sample].tolist()
        assert given.count(answer) == max(map(given.count, given))
    assert result.calibration is None  # shares of votes are no probabilities
    assert "s_anger" in result.predictions
    with pytest.raises(NkululekoError, match="'mean' needs probabilities, and there are none of svm"):
        call("nb", "svm", method="mean")


@pytest.mark.parametrize("method", ["uncertainty", "confidence"])
def test_the_surer_member_counts_more(call, runs, method):
    result = call("nb", "lda", method=method)
    parts = np.stack([probabilities(runs[name]).to_numpy() for name in ("nb", "lda")])
    if method == "confidence":
        weights = parts.max(axis=2)
    else:
        logs = np.log(np.where(parts > 0, parts, 1))
        weights = 1 + (parts * logs).sum(axis=2) / np.log(4)
    expected = np.einsum("sn,snk->nk", weights, parts) / weights.sum(axis=0)[:, None]
    np.testing.assert_allclose(probabilities(result).to_numpy(), expected, atol=1e-9)


def test_numbers_are_averaged(call, runs):
    result = call("svr", "lin_reg", method="mean")
    expected = (runs["svr"].predictions["prediction"] + runs["lin_reg"].predictions["prediction"]) / 2
    pd.testing.assert_series_equal(result.predictions["prediction"], expected)
    assert result.measure == "ccc"
    assert result.confusion is None
    with pytest.raises(
        NkululekoError, match="'vote' does not combine numbers; expected one of: mean, median"
    ):
        call("svr", "lin_reg", method="vote")
    with pytest.raises(NkululekoError, match="'median' is for numbers"):
        call("nb", "lda", method="median")


def test_dev_weighs_by_what_was_watched(call, runs, home):
    with pytest.raises(NkululekoError, match="there is none of nb, lda"):
        call("nb", "lda", method="dev")
    pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
    nets = {
        f"mlp{epochs}": finish(
            home / "exp.ini",
            f"mlp{epochs}",
            "MODEL.type=mlp",
            f"EXP.epochs={epochs}",
            "EXP.traindevtest=True",
        )
        for epochs in (1, 4)
    }
    watched = [float(net.history.loc[net.history["best"], "watched"].iloc[0]) for net in nets.values()]
    result = ensemble.run([net.folder for net in nets.values()], method="dev", root=home / "fused")
    parts = [probabilities(net).to_numpy() for net in nets.values()]
    np.testing.assert_allclose(
        probabilities(result).to_numpy(), np.average(parts, axis=0, weights=watched), atol=1e-6
    )
    assert any(f"mlp4 {watched[1]:.3f}" in line for line in result.decided)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("nb", "gender"), "have different classes"),
        (("nb",), "an ensemble needs two runs or more, not 1"),
        (("nb", "nb"), "is there twice"),
    ],
)
def test_members_must_fit(call, tmp_path, names, message):
    with pytest.raises(NkululekoError, match=message):
        call(*names)
    assert not (tmp_path / "ensemble_mean" / "result.json").exists()


def test_an_unknown_method_is_said(call):
    with pytest.raises(NkululekoError, match=r"'median_of_three'.*'vote'"):
        call("nb", "lda", method="median_of_three")


def test_a_member_is_not_overwritten(runs, home, monkeypatch):
    monkeypatch.chdir(home)
    before = (runs["nb"].folder / "result.json").read_bytes()
    with pytest.raises(NkululekoError, match="would overwrite one of its members"):
        ensemble.run([runs["nb"].folder, runs["lda"].folder], name="nb")
    assert (runs["nb"].folder / "result.json").read_bytes() == before


def test_a_file_says_the_same(call, runs, home, tmp_path, monkeypatch):
    direct = call("nb", "lda", method="confidence")
    path = home / "ensemble.ini"
    path.write_text(
        f"[EXP]\nroot = {tmp_path}\nname = both\n[ENSEMBLE]\nruns = ['results/nb', 'results/lda']\nmethod = vote\n"
    )
    monkeypatch.chdir(tmp_path)  # the runs are found beside the file
    result = ensemble.run_file(path, ["ENSEMBLE.method=confidence"])
    pd.testing.assert_frame_equal(result.predictions, direct.predictions)
    again = ensemble.run_file(result.folder / "config.ini", ["EXP.name=again"])
    pd.testing.assert_frame_equal(result.predictions, again.predictions)


def test_command_line(runs, home, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(home)
    given = ["results/nb", "results/lda", "--method", "max", "--name", "two", "--root", str(tmp_path)]
    assert ensemble.main(given) == 0
    shown = capsys.readouterr().out
    assert "UAR" in shown and str(tmp_path / "two" / "leaderboard.html") in shown
    assert ensemble.main(["results/nb", "results/nothing"]) == 1
    assert "there is no" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        ensemble.main([])

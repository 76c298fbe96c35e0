"""Whole runs: cross-validation, several runs, dev sets, balancing; what they leave behind and what they say."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nkululeko
from nkululeko.core.errors import NkululekoError


def test_leave_one_speaker_out(bench) -> None:
    result = nkululeko.run(bench.ini(model="type = nb\nloso = True"))
    assert len(result.predictions) == 64 and len(result.folds) == 8
    assert set(result.folds["n"]) == {8} and set(result.folds["speakers"]) == {1}
    predictions = pd.read_csv(result.folder / "predictions.csv", dtype={"speaker": str})
    assert (predictions["fold"] == "speaker db/" + predictions["speaker"]).all()
    assert result.interval.unit == "speakers" and result.interval.groups == 8
    hardest = result.by_speaker
    assert hardest["value"].is_monotonic_increasing and hardest["n"].sum() == 64
    right = (predictions["truth"] == predictions["prediction"]).groupby(predictions["speaker"]).mean()
    assert dict(zip(hardest["speaker"], hardest["value"], strict=True)) == pytest.approx(right.to_dict())
    split = pd.read_csv(result.folder / "split.csv")
    assert split["fold"].nunique() == 8
    assert (result.folder / "models" / "pipeline.json").exists()


def test_groups_of_speakers_and_k_folds(bench) -> None:
    four = nkululeko.run(bench.ini(model="type = nb\nlogo = 4"))
    assert len(four.folds) == 4 and set(four.folds["speakers"]) == {2}
    k = nkululeko.run(bench.ini(model="type = nb\nk_fold_cross = 4"))
    assert len(k.folds) == 4 and k.folds["n"].sum() == 64


def test_more_folds_than_speakers_is_an_error(bench) -> None:
    with pytest.raises(NkululekoError, match="8 speakers"):
        nkululeko.run(bench.ini(model="type = nb\nlogo = 9"))


def test_several_runs_of_a_net(bench) -> None:
    pytest.importorskip("torch")
    result = nkululeko.run(
        bench.ini(
            exp="runs = 3\nepochs = 4",
            model="type = mlp\nlayers = {'l1': 8}",
            rest="[PLOT]\nepoch_progression = True",
        )
    )
    assert result.runs["seed"].tolist() == [42, 43, 44] and result.runs["chosen"].sum() == 1
    chosen = result.runs[result.runs["chosen"]].iloc[0]
    assert chosen["watched"] == result.runs["watched"].max(), "the test set has no say"
    assert chosen["value"] == pytest.approx(result.headline.value)
    assert set(result.history["run"]) == {1, 2, 3} and set(result.history["epoch"]) == {1, 2, 3, 4}
    assert any("held out from the training set" in line for line in result.decided)
    assert any("whose model is kept" in line for line in result.decided)
    assert (result.folder / "images" / "epoch_progression.png").exists()
    told = json.loads((result.folder / "result.json").read_text())
    assert len(told["runs"]["each"]) == 3 and told["decided"]


def test_a_dev_set_decides_and_calibrates(bench) -> None:
    pytest.importorskip("torch")
    result = nkululeko.run(bench.ini(exp="traindevtest = True\nepochs = 3", model="type = mlp"))
    split = pd.read_csv(result.folder / "split.csv", dtype={"speaker": str})
    assert set(split["split"]) == {"train", "dev", "test"}
    assert split.groupby("speaker")["split"].nunique().max() == 1
    assert any(line.startswith("the epoch: the dev set") for line in result.decided)
    assert any("temperature" in line for line in result.decided)


@pytest.mark.parametrize("model", ["type = lda", "type = mlp\npatience = 2"])
def test_random_labels_stay_at_chance(bench, model: str) -> None:
    """Whatever is chosen on the way, the figure on the test set stays within its interval around guessing."""
    if "mlp" in model:
        pytest.importorskip("torch")
    table = bench.table
    table["emotion"] = np.random.default_rng(5).permutation(np.tile(["a", "b"], len(table) // 2))
    result = nkululeko.run(bench.ini(table, exp="runs = 3\nepochs = 10", model=f"{model}\nloso = True"))
    # not above chance; below it is no wonder: who is left out takes more of one class away from the training set
    assert result.headline.low <= 0.5
    assert (result.runs["value"] < 0.7).all()


def test_balancing_of_a_class_that_is_too_small_gives_advice(bench) -> None:
    table = bench.table
    small = table.drop(table.index[table["emotion"] == "happiness"][3:])
    assert small["emotion"].value_counts().min() <= 3
    with pytest.raises(NkululekoError, match="ros"):
        nkululeko.run(
            bench.ini(small, feats="type = mfcc\nbalancing = smote", data="db.split_strategy = random")
        )


@pytest.mark.parametrize(
    ("model", "exp", "message"),
    [
        ("type = cnn", "", "needs sequences"),
        ("type = mlp\nloss = mse", "", "mse"),
        ("type = mlp\ndevice = cuda:7", "", "cuda:7"),
    ],
)
def test_mistakes_of_nets(bench, model: str, exp: str, message: str) -> None:
    pytest.importorskip("torch")
    with pytest.raises(NkululekoError, match=message):
        nkululeko.run(bench.ini(exp=exp, model=model))


def test_a_batch_larger_than_the_data_is_all_of_them(bench) -> None:
    pytest.importorskip("torch")
    result = nkululeko.run(bench.ini(exp="epochs = 2", model="type = mlp\nbatch_size = 5000"))
    assert 0 <= result.headline.value <= 1


def test_sequences_do_not_go_into_models_of_vectors(bench) -> None:
    with pytest.raises(NkululekoError, match="takes vectors"):
        nkululeko.run(bench.ini(feats="type = spectra\nmax_duration = .5"))


def test_the_data_door(bench, capsys) -> None:
    from nkululeko import data_sheet

    ini = bench.ini(data="db.value_counts = True\ndb.min_duration_of_sample = .1")
    run = nkululeko.run(ini)
    before = sorted(path.name for path in run.folder.rglob("*"))
    written = data_sheet.run(ini)
    assert written.sheet.parts["samples"].sum() == 64
    told = json.loads(written.json.read_text())
    assert {row["split"] for row in told["parts"]} == {"train", "test"}
    assert len(told["speakers"]) == 8
    page = written.page.read_text()
    assert "What became of the rows" in page and "Who is in which split" in page
    after = sorted(path.name for path in run.folder.rglob("*"))
    assert set(after) - set(before) == {"data.html", "data.json"}, "what a run left stays"
    nkululeko.run(ini)
    assert written.page.exists(), "and the other way round"
    assert data_sheet.main(["--config", str(ini)]) == 0
    assert "64 samples of 8 speakers" in capsys.readouterr().out


def test_the_data_door_needs_neither_features_nor_a_model(bench) -> None:
    from nkululeko import data_sheet

    bench.csv(bench.table)
    text = f"[EXP]\nstore = {bench.store}\n[DATA]\ndatabases = ['db']\ndb = data.csv\ndb.type = csv\n"
    written = data_sheet.run(bench.write(text + "target = emotion\ndb.split_strategy = train\n"))
    assert set(written.sheet.parts["split"]) == {"train"}, "a sheet needs no test set"
    assert Path(written.page).read_text().count("<table") > 3

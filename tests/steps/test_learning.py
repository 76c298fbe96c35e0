"""Whole runs: cross-validation, several runs, dev sets, balancing; what they leave behind and what they say."""

from __future__ import annotations

import json
import sys
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


@pytest.mark.parametrize(("model", "package"), [("lgbm", "lightgbm"), ("mlp", "torch")])
def test_a_missing_package_is_told_before_anything_is_loaded(
    bench, monkeypatch, model: str, package: str
) -> None:
    ini = bench.ini(model=f"type = {model}")
    (bench.folder / "data.csv").write_text("loading this\nwould be a mistake\n")
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        NkululekoError, match=rf'needs the package {package}; pip install "nkululeko\[{package}\]"'
    ):
        nkululeko.run(ini)


def test_lightgbm_in_a_whole_run(bench) -> None:
    model = "type = lgbm\nmin_child_samples = 3\nn_estimators = 10\nclass_weight = True"
    try:
        result = nkululeko.run(bench.ini(model=model))
    except NkululekoError as problem:
        if "needs the" in str(problem):
            pytest.skip(str(problem))
        raise
    assert (result.folder / "models" / "model" / "model.txt").exists()
    assert result.calibration is not None and result.importance is not None
    assert result.headline.low > 0.25
    numbers = nkululeko.run(
        bench.ini(model=model.replace("\nclass_weight = True", ""), exp="type = regression", target="arousal")
    )
    assert any("its regression partner lgbm_reg is used" in note for note in numbers.notes)


def with_gaps(bench, every: int = 5) -> str:
    """Features to import, one of which is missing for some samples."""
    generator = np.random.default_rng(3)
    frame = bench.table[["file"]].assign(loudness=generator.normal(size=64), pitch=generator.normal(size=64))
    frame.loc[::every, "pitch"] = np.nan
    frame.to_csv(bench.folder / "features.csv", index=False)
    return "type = import\nimport_file = features.csv"


def test_missing_features_of_nets_are_filled_or_their_samples_dropped(bench) -> None:
    pytest.importorskip("torch")
    feats = with_gaps(bench)
    filled = nkululeko.run(bench.ini(exp="epochs = 2", feats=feats, model="type = mlp\nloso = True"))
    assert len(filled.predictions) == 64 and any("pitch" in note for note in filled.notes)
    dropped = nkululeko.run(
        bench.ini(exp="epochs = 2", feats=f"{feats}\nnan_strategy = drop", model="type = mlp\nloso = True")
    )
    assert len(dropped.predictions) == 64 - 13
    assert any("missing values (nan_strategy = drop)" in line for line in dropped.warnings)
    with pytest.raises(
        NkululekoError, match="nan_strategy = 'modal': expected 'zero', 'mean', 'median' or 'drop'"
    ):
        nkululeko.run(bench.ini(feats=f"{feats}\nnan_strategy = modal", model="type = mlp"))


@pytest.mark.parametrize("model", ["mlp", "lgbm"])
def test_one_class_is_nothing_to_learn(bench, model: str) -> None:
    with pytest.raises(NkululekoError, match=r"one class only \('anger'\)"):
        nkululeko.run(bench.ini(data="labels = ['anger']", model=f"type = {model}"))


@pytest.mark.parametrize("model", ["nb", "mlp"])
def test_a_class_that_a_fold_cannot_learn_is_named(bench, model: str) -> None:
    if model == "mlp":
        pytest.importorskip("torch")
    table = bench.table
    alone = table["speaker"].iloc[0]
    table.loc[(table["speaker"] != alone) & (table["emotion"] == "anger"), "emotion"] = "neutral"
    result = nkululeko.run(bench.ini(table, exp="epochs = 2", model=f"type = {model}\nloso = True"))
    expected = f"speaker db/{alone}: no training sample of 'anger', which its test samples have"
    assert expected in result.warnings
    lost = result.predictions[result.predictions["truth"] == "anger"]
    assert set(lost["speaker"].astype(str)) == {str(alone)} and "anger" not in set(lost["prediction"])
    assert (lost["p_anger"] == 0).all()


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

"""The door ``auto``: tries, chooses inside the training set, fuses, tests once; what is kept can be loaded."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from nkululeko import auto
from nkululeko.core.errors import ConfigError, NkululekoError
from nkululeko.learning.pipeline import Pipeline

AUTO = "[AUTO]\nfeatures = ['mfcc']\nmodels = ['logreg', 'lda']\ncv_folds = 4\n"
DATA = "db.test_size = 50"


def test_a_test_set(bench):
    result = auto.run(bench.ini(data=DATA, rest=AUTO, feats="", model=""))
    folder = bench.folder / "results" / "exp"
    tried = pd.read_csv(folder / "tried.csv", keep_default_na=False)
    assert len(tried) == 8 and set(tried["scale"]) == {"speaker", "standard"}
    assert tried["value"].astype(float).is_monotonic_decreasing
    assert tried["weight"].sum() == pytest.approx(1)
    written = json.loads((folder / "result.json").read_text())
    assert written["scores"]["uar"]["value"] == pytest.approx(result.headline.value)
    assert [row["model"] for row in written["tried"]] == list(tried["model"])
    (line,) = [line for line in result.decided if "choice" in line]
    assert "32 samples of 4 speakers in 4 parts" in line
    assert "What was tried?" in (folder / "report.html").read_text()
    kept = json.loads((folder / "models" / "committee.json").read_text())
    assert len(kept["members"]) == (tried["weight"] > 0).sum()
    for member in kept["members"]:
        pipeline = Pipeline.load(folder / "models" / member["folder"])
        assert pipeline.recipe.model in ("logreg", "lda") and len(pipeline.feature_names) == 420
    assert "[AUTO]" in (folder / "config.ini").read_text()


def test_the_same_call_gives_the_same_and_fits_nothing_again(bench):
    ini = bench.ini(data=DATA, rest=AUTO, feats="", model="")
    first = auto.run(ini)
    again = auto.run(bench.folder / "results" / "exp" / "config.ini")
    pd.testing.assert_frame_equal(first.predictions, again.predictions)
    assert any("fits are known from before" in line for line in again.notes)
    (bench.folder / "results" / "exp" / "auto.sqlite").unlink()
    anew = auto.run(ini)
    pd.testing.assert_frame_equal(first.predictions, anew.predictions)


def test_the_test_set_has_no_say(bench):
    """Other labels in the test set, and fewer samples: the same choice."""
    frame = bench.table
    tested = frame["speaker"].isin(sorted(frame["speaker"].unique())[:3])
    frame["split"] = np.where(tested, "test", "train")
    ini = dict(data="db.split_strategy = database", rest=AUTO, feats="", model="")
    first = auto.run(bench.ini(frame, **ini))
    (bench.folder / "results" / "exp" / "auto.sqlite").unlink()
    frame.loc[tested, "emotion"] = frame.loc[tested, "emotion"].to_numpy()[::-1]
    other = auto.run(bench.ini(frame.drop(index=np.flatnonzero(tested)[:3]), **ini))
    columns = [column for column in first.tried if column != "seconds"]
    pd.testing.assert_frame_equal(first.tried[columns], other.tried[columns])
    assert len(other.predictions) == len(first.predictions) - 3


def test_a_cross_validation_is_nested(bench):
    result = auto.run(bench.ini(rest=AUTO, feats="", model="loso = True"))
    assert len(result.folds) == 8 and len(result.predictions) == 64
    blocks = [line for line in result.decided if "tested in block" in line]
    assert len(blocks) == 4 and any("the model that is kept" in line for line in result.decided)
    assert all("48 samples of 6 speakers" in line for line in blocks)
    split = pd.read_csv(bench.folder / "results" / "exp" / "split.csv")
    assert split.groupby("fold")["speaker"].nunique().eq(1).all()
    # they differ in what they have learned: the one that is kept has heard all
    assert (bench.folder / "results" / "exp" / "models" / "committee.json").exists()


def test_random_labels_stay_at_chance(bench):
    frame = bench.table
    figures = []
    for seed in (1, 2, 3):
        frame["emotion"] = np.random.default_rng(seed).permutation(frame["emotion"])
        figures.append(auto.run(bench.ini(frame, rest=AUTO, feats="", model="k_fold_cross = 4")).headline)
    assert all(figure.low <= 0.25 for figure in figures)


def test_a_dev_set_decides(bench):
    result = auto.run(
        bench.ini(
            data="db.test_size = 25\ndb.dev_size = 25",
            exp="traindevtest = True",
            rest=AUTO,
            feats="",
            model="",
        )
    )
    (line,) = [line for line in result.decided if "choice" in line]
    assert "16 samples of 2 speakers in 1 parts" in line


def test_numbers(bench):
    rest = "[AUTO]\nfeatures = ['mfcc']\nmodels = ['svr', 'lin_reg']\n"
    result = auto.run(
        bench.ini(data=DATA, exp="type = regression", target="age", rest=rest, feats="", model="")
    )
    assert result.measure == "ccc" and result.predictions["prediction"].dtype == float
    assert set(result.tried["model"].str.split().str[0]) == {"svr", "lin_reg"}


def test_without_time_one_candidate_is_tried_and_it_is_said(bench):
    result = auto.run(bench.ini(data=DATA, rest=AUTO, feats="", model=""), ["AUTO.minutes=0.0001"])
    assert any("minutes = 0.0001 were not enough for" in line for line in result.warnings)
    assert result.tried["value"].notna().sum() == 1
    assert result.tried["note"].iloc[-1] == "the time was up"


def test_files_of_other_commands_can_be_taken(bench):
    result = auto.run(bench.ini(data=DATA, rest=AUTO, model="type = xgb"))
    assert any("[MODEL] type" in line and "auto tries" in line for line in result.notes)


def test_mistakes(bench):
    with pytest.raises(ConfigError, match=r"unknown model 'logrek'.*logreg"):
        auto.run(bench.ini(data=DATA, rest="[AUTO]\nmodels = ['logrek']", feats="", model=""))
    with pytest.raises(ConfigError, match="minutes"):
        auto.run(bench.ini(data=DATA, rest="[AUTO]\nminutes = -1", feats="", model=""))
    with pytest.raises(NkululekoError, match="take three folds or more"):
        auto.run(bench.ini(rest=AUTO, feats="", model="k_fold_cross = 2"))
    frame = bench.table
    frame["split"] = np.where(frame["speaker"] == frame["speaker"].iloc[0], "train", "test")
    with pytest.raises(NkululekoError, match="one speaker only"):
        auto.run(bench.ini(frame, data="db.split_strategy = database", rest=AUTO, feats="", model=""))


def test_the_spelling_of_a_network_says_which_one(bench):
    """``wav2vec2-base-960h`` is wav2vec with that model, not with its usual one."""
    from nkululeko.config.load import RUN, load
    from nkululeko.steps.auto_features import choices

    config = load(bench.ini(data=DATA, rest=AUTO, feats="", model=""), ["AUTO.features=['wav2vec2-base-960h', 'os']"],
                  reads=(*RUN, "AUTO"))  # fmt: skip
    found = choices(config, ["wav2vec2-base-960h", "os"])
    assert list(found) == ["wav2vec2-base-960h", "os eGeMAPSv02", "os ComParE_2016"]
    assert found["wav2vec2-base-960h"].name == "wav2vec"
    assert found["wav2vec2-base-960h"].options.model == "facebook/wav2vec2-base-960h"
    usual = choices(config, ["wav2vec"])["wav2vec"].options.model
    assert usual == "facebook/wav2vec2-large-robust-ft-swbd-300h"

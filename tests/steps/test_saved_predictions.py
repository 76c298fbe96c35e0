"""Test predictions as a database, and what may be done with it."""

from __future__ import annotations

import shutil

import numpy as np
import pandas as pd
import pytest

import nkululeko
from nkululeko.core.errors import NkululekoError
from nkululeko.core.samples import from_csv


def saved(bench, **options):
    result = bench.run(exp=f"save_test = soft.csv\n{options.pop('exp', '')}", **options)
    return result, from_csv(bench.folder / "soft.csv")


def test_the_target_is_what_was_predicted(bench):
    result, table = saved(bench, model="type = xgb", data="db.test_size = 40")
    said = result.predictions.loc[table.index]
    assert len(table) == len(result.predictions)
    assert list(table["emotion"]) == list(said["prediction"]) and list(table["emotion_true"]) == list(
        said["truth"]
    )
    assert (table["emotion"] != table["emotion_true"]).any()
    labels = sorted(set(bench.table["emotion"]))
    np.testing.assert_allclose(
        table[[f"p_{label}" for label in labels]], said[[f"p_{label}" for label in labels]]
    )
    np.testing.assert_allclose(table["confidence"], table[[f"p_{label}" for label in labels]].max(axis=1))
    assert {"speaker", "gender"} <= set(table) and not {"split", "database"} & set(table)


def test_the_unsure_are_left_out_and_counted(bench):
    result, table = saved(
        bench, model="type = xgb", data="db.test_size = 40", exp="soft_label_threshold = 0.6"
    )
    every = result.predictions[[name for name in result.predictions if name.startswith("p_")]].max(axis=1)
    assert 0 < len(table) == (every >= 0.6).sum() < len(every) and (table["confidence"] >= 0.6).all()
    log = (result.folder / "log.txt").read_text()
    assert f"{(every < 0.6).sum()} of {len(every)} predictions are less probable than 0.6" in log


def test_scores_that_are_no_probabilities_have_no_confidence(bench):
    _, table = saved(bench, model="type = svm")
    assert "s_anger" in table and "confidence" not in table
    with pytest.raises(NkululekoError, match="needs probabilities, and model svm gives none"):
        saved(bench, model="type = svm", exp="soft_label_threshold = 0.6")


def test_numbers(bench):
    frame = bench.table.assign(age=np.random.default_rng(1).normal(40, 9, len(bench.table)))
    result, table = saved(bench, frame=frame, exp="type = regression", target="age", model="type = tree_reg")
    assert list(table["age"]) == pytest.approx(list(result.predictions.loc[table.index, "prediction"]))
    assert list(table["age_true"]) == pytest.approx(list(result.predictions.loc[table.index, "truth"]))


def test_it_cannot_be_written(bench):
    (bench.folder / "soft.csv").mkdir()
    with pytest.raises(NkululekoError, match=r"cannot be written.*EXP\.save_test"):
        saved(bench, model="type = nb")


class TestSoftLabels:
    """Predictions as training data of another experiment."""

    @pytest.fixture
    def soft(self, bench):
        saved(bench, model="type = xgb", data="db.test_size = 40")
        return pd.read_csv(bench.folder / "soft.csv")

    def crossed(self, bench, soft: pd.DataFrame, tested: pd.DataFrame, model: str = "type = nb"):
        """Learn from soft labels and test on others."""
        soft.to_csv(bench.folder / "soft.csv", index=False)
        bench.csv(tested, "tested.csv")
        path = bench.write(
            f"[EXP]\nroot = results\nname = two\nstore = {bench.store}\n[DATA]\nstrategy = cross_data\n"
            "databases = ['soft', 'tested']\ntrains = ['soft']\ntests = ['tested']\nsoft = soft.csv\nsoft.type = csv\n"
            "tested = tested.csv\ntested.type = csv\ntarget = emotion\n[FEATS]\ntype = mfcc\n"
            f"[MODEL]\n{model}\n",
            "two.ini",
        )
        return nkululeko.run(path)

    def test_other_recordings_may_be_tested(self, bench, soft):
        others = bench.table[~bench.table["file"].isin(soft["file"])]
        result = self.crossed(bench, soft, others)
        assert len(result.predictions) == len(others)

    def test_never_on_what_is_tested(self, bench, soft):
        with pytest.raises(
            NkululekoError, match=f"emotion_true.*{len(soft)} recordings with predicted labels"
        ):
            self.crossed(bench, soft, bench.table)

    def test_by_content_not_by_name(self, bench, soft, tmp_path):
        others = bench.table[~bench.table["file"].isin(soft["file"])]
        copy = shutil.copy(soft["file"].iloc[0], tmp_path / "another name.wav")
        row = bench.table[bench.table["file"] == soft["file"].iloc[0]].assign(file=str(copy))
        with pytest.raises(NkululekoError, match="1 recordings with predicted labels") as caught:
            self.crossed(bench, soft, pd.concat([others, row]))
        assert soft["file"].iloc[0] in str(caught.value)

    def test_in_a_cross_validation_every_sample_is_tested(self, bench, soft):
        others = bench.table[~bench.table["file"].isin(soft["file"])]
        with pytest.raises(NkululekoError, match="with predicted labels"):
            self.crossed(bench, soft, bench.table, "type = nb\nk_fold_cross = 3")
        result = self.crossed(bench, soft, others, "type = nb\nk_fold_cross = 3")
        assert any("labels that a model predicted" in line for line in result.warnings)

    def test_a_test_on_soft_labels_is_told(self, bench, soft):
        result = bench.run(soft, model="type = nb")
        assert any("how well the two models agree" in line for line in result.warnings)

"""LightGBM's trees: the same as those of its own estimators, kept as text, and clear words where it is missing."""

from __future__ import annotations

import ctypes
import sys

import numpy as np
import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Model, ModelContext, models

rng = np.random.default_rng(0)
TRAIN, TEST = rng.normal(size=(120, 12)), rng.normal(size=(60, 12))
LABELS = np.array(["anger", "fear", "joy"])[np.digitize(TRAIN[:, 0] + rng.normal(size=120), [-0.5, 0.8])]
TWO = np.where(LABELS == "joy", "joy", "other")
NUMBERS = TRAIN[:, 0] * 2 + rng.normal(size=120)
SEED = 42
#: the same sums whatever the number of threads
SAME = {"random_state": SEED, "n_jobs": 1, "deterministic": True, "force_col_wise": True, "verbosity": -1}


@pytest.fixture(autouse=True)
def lightgbm():
    try:
        import lightgbm as library
    except (ImportError, OSError) as error:
        pytest.skip(str(error))
    return library


def ours(name: str, target: np.ndarray, rows=None, weight: bool = False, jobs: int = 1, **options) -> Model:
    kind = models.load(name)
    model = kind(kind.Options(**options), ModelContext(kind.tasks[0], SEED, jobs, weight))
    model.fit(TRAIN, target, rows)
    return model


@pytest.mark.parametrize("labels", [LABELS, TWO])
@pytest.mark.parametrize("weight", [False, True])
def test_classes_as_its_own_classifier_tells_them(lightgbm, labels, weight):
    numbers = np.unique(labels, return_inverse=True)[1]
    golden = lightgbm.LGBMClassifier(class_weight="balanced" if weight else None, **SAME).fit(TRAIN, numbers)
    model = ours("lgbm", labels, weight=weight)
    np.testing.assert_allclose(model.scores(TEST), golden.predict_proba(TEST), rtol=1e-12)
    assert (model.predict(TEST) == np.array(model.classes)[golden.predict(TEST)]).all()
    gains = golden.booster_.feature_importance("gain")
    np.testing.assert_allclose(model.importance(), gains / gains.sum())


def test_numbers_as_its_own_regressor_tells_them(lightgbm):
    golden = lightgbm.LGBMRegressor(**SAME).fit(TRAIN, NUMBERS)
    np.testing.assert_array_equal(ours("lgbm_reg", NUMBERS).predict(TEST), golden.predict(TEST))


def test_options_reach_the_trees(lightgbm):
    few = {
        "n_estimators": 7, "max_depth": 3, "num_leaves": 5, "min_child_samples": 5, "learning_rate": 0.3,
        "colsample_bytree": 0.5, "subsample": 0.7,
    }  # fmt: skip
    numbers = np.unique(LABELS, return_inverse=True)[1]
    golden = lightgbm.LGBMClassifier(**few, subsample_freq=1, **SAME).fit(TRAIN, numbers)
    scores = ours("lgbm", LABELS, **few).scores(TEST)
    np.testing.assert_allclose(scores, golden.predict_proba(TEST), rtol=1e-12)
    for left_out in few:
        rest = {name: value for name, value in few.items() if name != left_out}
        assert (ours("lgbm", LABELS, **rest).scores(TEST) != scores).any(), f"{left_out} has no effect"


def test_weights_of_samples_count():
    rows = np.where(LABELS == "joy", 50.0, 1.0)
    assert (ours("lgbm", LABELS, rows).predict(TEST) != ours("lgbm", LABELS).predict(TEST)).any()


def test_another_seed_is_another_forest_only_where_something_is_drawn():
    kind = models.load("lgbm")

    def scores(seed: int, **options) -> np.ndarray:
        model = kind(kind.Options(**options), ModelContext(seed=seed))
        model.fit(TRAIN, LABELS)
        return model.scores(TEST)

    np.testing.assert_array_equal(scores(1), scores(2))
    assert (scores(1, subsample=0.5) != scores(2, subsample=0.5)).any()
    np.testing.assert_array_equal(scores(1, subsample=0.5), scores(1, subsample=0.5))


def test_too_few_samples_for_a_split_are_said(caplog):
    kind = models.load("lgbm")
    model = kind()
    model.fit(TRAIN[:30], LABELS[:30])
    assert len(set(model.predict(TEST))) == 1
    assert "30 training samples are too few for a single split" in caplog.text
    assert "min_child_samples" in caplog.text
    caplog.clear()
    kind(kind.Options(min_child_samples=3)).fit(TRAIN[:30], LABELS[:30])
    assert not caplog.text


def test_it_is_kept_as_text(tmp_path):
    ours("lgbm", LABELS, n_estimators=3).save(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {"model.txt", "classes.json"}
    assert (tmp_path / "model.txt").read_text().startswith("tree\nversion=")


@pytest.mark.parametrize(
    "content", ["", "tree\n", "no model at all", "cut", "tree\nend of trees\n", "\x00\x01"]
)
def test_a_broken_file_is_refused(tmp_path, content):
    ours("lgbm", LABELS, n_estimators=3).save(tmp_path)
    path = tmp_path / "model.txt"
    text = path.read_text()
    path.write_text(text[: len(text) // 2] if content == "cut" else content)
    with pytest.raises(NkululekoError, match=r"model\.txt: not a model file of LightGBM"):
        models.load("lgbm")().restore(tmp_path)


def test_labels_of_another_model_are_refused(tmp_path):
    ours("lgbm", LABELS, n_estimators=3).save(tmp_path)
    (tmp_path / "classes.json").write_text('{"classes": ["a", "b"]}')
    with pytest.raises(NkululekoError, match="2 labels for a model of 3 classes"):
        models.load("lgbm")().restore(tmp_path)
    (tmp_path / "model.txt").unlink()
    with pytest.raises(NkululekoError, match="the file is missing"):
        models.load("lgbm")().restore(tmp_path)


def test_where_the_package_is_missing_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    told = r'model lgbm needs the package lightgbm; pip install "nkululeko\[lightgbm\]"'
    with pytest.raises(NkululekoError, match=told):
        models.load("lgbm").check_installed()
    with pytest.raises(NkululekoError, match=told):
        ours("lgbm", LABELS)


def test_where_the_systems_library_is_missing_it_is_named(monkeypatch):
    def gone(name: str) -> None:
        raise OSError(f"{name}: cannot open shared object file: No such file or directory")

    monkeypatch.setattr(sys, "platform", "linux")
    monkeypatch.setattr(ctypes, "CDLL", gone)
    with pytest.raises(
        NkululekoError, match=r"model lgbm_reg needs the system's OpenMP.*apt-get install libgomp1"
    ):
        models.load("lgbm_reg").check_installed()

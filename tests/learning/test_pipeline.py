"""Imputation, scaler and model together: fitted on the training part only, saved and read again."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from learners import OF_FEATURES
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import ModelContext, models, scalers
from nkululeko.learning.pipeline import Part, Pipeline, Recipe
from nkululeko.learning.training import learn, warm

rng = np.random.default_rng(8)
NAMES = ["F0", "jitter", "loudness"]
TRAIN = rng.normal(size=(60, 3)) * [100, 1, 0.1] + [200, 0, 1]
TEST = rng.normal(size=(24, 3)) * [100, 1, 0.1] + [200, 0, 1]
LABELS = np.array(["angry", "sad"], dtype=object)[(TRAIN[:, 0] > 200).astype(int)]
TRAIN_GROUPS = np.array([f"s{number % 5}" for number in range(60)])
TEST_GROUPS = np.array([f"t{number % 3}" for number in range(24)])
REGRESSION = ModelContext("regression")


def learned(recipe: Recipe, test: np.ndarray = TEST, folder: Path | None = None, train: np.ndarray = TRAIN):
    target = TRAIN[:, 1] if recipe.context.task == "regression" else LABELS
    nobody = np.empty(len(test))
    return learn(
        recipe, Part(train, target, TRAIN_GROUPS), Part(test, nobody, TEST_GROUPS), None, NAMES, folder
    )


def content(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_it_is_what_scikit_learn_does_by_hand():
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    scaler = StandardScaler().fit(TRAIN)
    golden = SVC().fit(scaler.transform(TRAIN), LABELS.astype(str))
    result = learned(Recipe("svm", scaler="standard"))
    np.testing.assert_array_equal(result.prediction, golden.predict(scaler.transform(TEST)))
    np.testing.assert_array_equal(result.scores[:, 1], golden.decision_function(scaler.transform(TEST)))
    assert result.classes == ("angry", "sad")
    assert not result.probabilistic
    assert result.notes == result.warnings == ()


@pytest.mark.parametrize("scaler", scalers.names())
@pytest.mark.parametrize("model", ["svm", "xgb"])
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 2**31), factor=st.sampled_from([0.0, -1.0, 1e6]))
def test_test_rows_have_no_influence(model, scaler, tmp_path_factory, seed, factor):
    """Whatever the rows of one test speaker are: what was learned and what the others get stays the same."""
    recipe = Recipe(model, {"n_estimators": 3} if model == "xgb" else {}, scaler=scaler, nan_strategy="mean")
    before, after = tmp_path_factory.mktemp("before"), tmp_path_factory.mktemp("after")
    changed, touched = TEST.copy(), TEST_GROUPS == "t1"
    changed[touched] = changed[touched] * factor + np.random.default_rng(seed).normal(size=(touched.sum(), 3))
    changed[np.flatnonzero(touched)[0], 0] = np.nan
    first, second = learned(recipe, TEST, before), learned(recipe, changed, after)
    assert content(before) == content(after)
    np.testing.assert_array_equal(first.prediction[~touched], second.prediction[~touched])
    np.testing.assert_array_equal(first.scores[~touched], second.scores[~touched])


@pytest.mark.parametrize("name", OF_FEATURES)
def test_saved_and_loaded_it_says_the_same(name, tmp_path):
    kind = models.load(name)
    few = {"n_estimators": 8} if "n_estimators" in kind.Options.model_fields else {}
    shape = (3, 1) if kind.takes_sequences else None
    context = ModelContext(kind.tasks[0], seed=7, epochs=2, shape=shape)
    recipe = Recipe(name, few, context, nan_strategy="median")
    try:
        result = learned(recipe, folder=tmp_path)
    except NkululekoError as error:
        if "needs the package" in str(error):
            pytest.skip(str(error))
        raise
    pipeline = Pipeline.load(tmp_path)
    np.testing.assert_array_equal(pipeline.predict(TEST, TEST_GROUPS), result.prediction)
    assert (pipeline.scores(TEST) is None) == (result.scores is None)
    if result.scores is not None:
        np.testing.assert_array_equal(pipeline.scores(TEST, TEST_GROUPS), result.scores)
    assert pipeline.feature_names == NAMES
    assert tuple(pipeline.classes) == result.classes
    assert pipeline.recipe.context == recipe.context


@pytest.mark.parametrize("name", scalers.names())
def test_every_scaler_is_saved_and_loaded(name, tmp_path):
    result = learned(Recipe("svm", scaler=name), folder=tmp_path)
    pipeline = Pipeline.load(tmp_path)
    assert pipeline.scaler_name == name
    np.testing.assert_array_equal(pipeline.scores(TEST, TEST_GROUPS), result.scores)


def test_options_are_saved(tmp_path):
    learned(Recipe("svm", {"C_val": 3.5, "gamma": 0.1}, labels=("sad", "angry")), folder=tmp_path)
    pipeline = Pipeline.load(tmp_path)
    assert (pipeline.model.options.C_val, pipeline.model.options.gamma) == (3.5, 0.1)
    assert pipeline.recipe.labels == ("sad", "angry")


def test_auto_scales_for_those_who_need_it():
    assert Pipeline(Recipe("svm")).scaler_name == "standard"
    assert Pipeline(Recipe("xgb")).scaler_name == "none"


def test_recipe_and_result_travel_between_processes():
    recipe = pickle.loads(pickle.dumps(Recipe("svm", {"C_val": 2.0})))
    assert recipe == Recipe("svm", {"C_val": 2.0})
    result = pickle.loads(pickle.dumps(learned(recipe)))
    assert pickle.loads(pickle.dumps(learn)) is learn
    assert len(result.prediction) == len(TEST)


def test_dropped_rows_are_counted():
    train = TRAIN.copy()
    train[[0, 5, 9], 1] = np.nan
    pipeline = Pipeline(Recipe("svm", nan_strategy="drop"))
    pipeline.fit(train, LABELS, TRAIN_GROUPS)
    assert pipeline.notes == ["3 of 60 training samples have missing values and were dropped"]
    twin, keep = Pipeline(Recipe("svm")), np.isfinite(train).all(axis=1)
    twin.fit(train[keep], LABELS[keep])
    np.testing.assert_array_equal(pipeline.scores(TEST), twin.scores(TEST))


@pytest.mark.parametrize("strategy", ["none", "drop"])
def test_missing_values_that_nothing_fills_are_an_error_that_names_the_feature(strategy):
    test = TEST.copy()
    test[3, 1] = np.nan
    with pytest.raises(NkululekoError, match=r"1 of 24 samples .* feature jitter, .*mean, median"):
        learned(Recipe("svm", nan_strategy=strategy), test)
    assert len(learned(Recipe("xgb", {"n_estimators": 2}, nan_strategy=strategy), test).prediction) == 24


def test_an_empty_feature_is_noted():
    train = TRAIN.copy()
    train[:, 2] = np.nan
    assert "loudness" in learned(Recipe("svm", nan_strategy="mean"), train=train).notes[0]


def test_a_class_without_training_samples_is_noted():
    assert "bored" in learned(Recipe("svm", labels=("angry", "bored", "sad"))).notes[0]


def test_warnings_are_handed_over_and_not_said_yet(caplog):
    result = learned(Recipe("knn", {"K_val": 100}))
    assert "only 60 training samples" in result.warnings[0]
    assert not caplog.records
    fitted = Pipeline(Recipe("knn", {"K_val": 100}))
    fitted.fit(TRAIN, LABELS)
    assert caplog.records


@pytest.mark.parametrize(
    ("recipe", "train", "target", "message"),
    [
        (Recipe("svn"), TRAIN, LABELS, "did you mean .*'svm'"),
        (Recipe("svm", scaler="standart"), TRAIN, LABELS, "did you mean 'standard'"),
        (Recipe("svm", nan_strategy="men"), TRAIN, LABELS, "did you mean 'mean'"),
        (Recipe("svm", context=REGRESSION), TRAIN, LABELS, "cannot do regression; take svr"),
        (Recipe("svm"), TRAIN, np.full(60, "sad"), "all training samples are of one class, 'sad'"),
        (Recipe("svm"), TRAIN[:0], LABELS[:0], "no training samples are left"),
        (
            Recipe("svm"),
            TRAIN,
            np.array([None, *LABELS[1:]], dtype=object),
            "1 of 60 training samples have no target",
        ),
        (Recipe("svr", context=REGRESSION), TRAIN, np.r_[np.nan, TRAIN[1:, 0]], "have no target"),
        (Recipe("knn", context=ModelContext(class_weight=True)), TRAIN, LABELS, "knn cannot weight classes"),
    ],
)
def test_mistakes_are_explained(recipe, train, target, message):
    with pytest.raises(NkululekoError, match=message):
        learn(recipe, Part(train, target), Part(TEST, np.empty(len(TEST))))


def test_rows_that_do_not_fit_together_are_refused():
    with pytest.raises(ValueError, match="60 rows of features, but 59 targets"):
        Pipeline(Recipe("svm")).fit(TRAIN, LABELS[1:])
    with pytest.raises(ValueError, match="2 feature names for 3 features"):
        Pipeline(Recipe("svm"), ["a", "b"]).fit(TRAIN, LABELS)
    with pytest.raises(NkululekoError, match="learned from 3 features, these are 2"):
        learned(Recipe("svm"), TEST[:, :2])


@pytest.mark.parametrize(
    "change",
    [
        {"format": 99},
        {"model": "../../evil"},
        {"options": {"C_val": "__import__('os')"}},
        {"options": {"unknown": 1}},
        {"context": {"no": 1}},
        {"nan_strategy": 5},
        {"labels": None},
    ],
)
def test_a_changed_description_is_refused(tmp_path, change):
    learned(Recipe("svm"), folder=tmp_path)
    path = tmp_path / "pipeline.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(NkululekoError):
        Pipeline.load(tmp_path)


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(NkululekoError, match=r"pipeline\.json: the file is missing"):
        Pipeline.load(tmp_path)


@pytest.mark.parametrize("name", ["svm", "lin_reg", "gmm"])
def test_warming_up_leaves_no_trace(name, caplog):
    warm(name)
    assert not caplog.records


def test_an_svm_imports_no_more_than_it_needs():
    """Start-up time is a product feature: nothing heavy at import, and no skops for an svm."""
    program = (
        "import sys; from nkululeko.learning.training import warm\n"
        "early = {'sklearn', 'pandas', 'scipy', 'xgboost'} & set(sys.modules)\n"
        "warm('svm')\n"
        "late = {'sklearn.pipeline', 'sklearn.ensemble', 'skops', 'xgboost'} & set(sys.modules)\n"
        "print(sorted(early), sorted(late))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[] []"

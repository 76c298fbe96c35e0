"""Cross-validation, several runs, balancing, calibration: what learns sees the training part only."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import ModelContext, balancers
from nkululeko.learning.folds import make_folds
from nkululeko.learning.pipeline import Part, Pipeline, Recipe
from nkululeko.learning.training import (
    Learned,
    cross_validate,
    cross_validated,
    learn,
    repeat,
    train_and_test,
)

RANDOM = np.random.default_rng(3)
ROWS = 96
GROUPS = np.repeat([f"s{n}" for n in range(8)], ROWS // 8)
TARGET = np.tile(["a", "a", "b", "c"], ROWS // 4)
FEATURES = RANDOM.normal(size=(ROWS, 5)) + (TARGET == "b")[:, None] + 2 * (TARGET == "c")[:, None]
DATA = Part(FEATURES, TARGET, GROUPS)


def test_leave_one_speaker_out_is_that_of_scikit_learn() -> None:
    from sklearn.model_selection import LeaveOneGroupOut, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    found = cross_validate(Recipe("svm"), DATA, make_folds("loso", TARGET, GROUPS, 1))
    wanted = cross_val_predict(
        make_pipeline(StandardScaler(), SVC()), FEATURES, TARGET, groups=GROUPS, cv=LeaveOneGroupOut()
    )
    assert found.prediction.tolist() == wanted.tolist()
    assert found.folds == tuple(f"speaker s{n}" for n in range(8))
    assert found.fold is not None and found.scores is not None
    assert [found.folds[number] for number in found.fold] == [f"speaker {who}" for who in GROUPS]


def test_a_fold_in_another_process_gives_the_same() -> None:
    folds = make_folds("k_fold_cross", TARGET, GROUPS, 1, 4)
    here = cross_validate(Recipe("logreg"), DATA, folds, jobs=1)
    import nkululeko.learning.training as training

    patience, training._PATIENCE = training._PATIENCE, -1.0
    try:
        there = cross_validate(Recipe("logreg"), DATA, folds, jobs=2)
    finally:
        training._PATIENCE = patience
    assert here.prediction.tolist() == there.prediction.tolist()
    np.testing.assert_array_equal(here.scores, there.scores)


def test_a_class_that_a_fold_cannot_learn_has_no_probability_there() -> None:
    target = TARGET.copy()
    target[GROUPS == "s0"] = "d"
    found = cross_validate(
        Recipe("logreg"), Part(FEATURES, target, GROUPS), make_folds("loso", target, GROUPS, 1)
    )
    assert found.scores is not None and found.classes == ("a", "b", "c", "d")
    rows = found.scores[GROUPS == "s0"]
    assert (rows[:, 3] == 0).all() and np.allclose(rows.sum(axis=1), 1)
    assert any("no training sample of 'd'" in line for line in found.warnings)


def test_the_test_part_of_a_fold_teaches_nothing() -> None:
    """Whatever stands in the rows of a fold, the others' predictions in it do not change."""
    folds = make_folds("loso", TARGET, GROUPS, 1)
    recipe = Recipe("lda", balancing="smote", nan_strategy="mean", scaler="robust")
    plain = cross_validate(recipe, DATA, folds)
    spoiled = FEATURES.copy()
    spoiled[folds[0].test[1:]] = 1e6
    other = cross_validate(recipe, Part(spoiled, TARGET, GROUPS), folds)
    first = folds[0].test[0]
    assert plain.scores is not None and other.scores is not None
    np.testing.assert_allclose(plain.scores[first], other.scores[first], rtol=1e-9)


@pytest.mark.parametrize("method", ["ros", "randomundersampler", "smote"])
def test_balancing_is_for_the_training_rows_only(method: str) -> None:
    found = learn(Recipe("nb", balancing=method), DATA, DATA)
    assert len(found.prediction) == ROWS
    (note,) = [line for line in found.notes if "balancing" in line]
    sizes = {"ros": 144, "smote": 144, "randomundersampler": 72}
    assert f"96 training samples became {sizes[method]}" in note
    pipeline = Pipeline(Recipe("nb", scaler="none", balancing=method))
    pipeline.fit(FEATURES, TARGET, GROUPS)
    balanced, labels = balancers.load(method)().resample(FEATURES, TARGET, 42)
    alone = Pipeline(Recipe("nb", scaler="none"))
    alone.fit(balanced, labels)
    np.testing.assert_allclose(pipeline.scores(FEATURES), alone.scores(FEATURES))


def test_balancing_mistakes_are_explained() -> None:
    numbers = Part(FEATURES, FEATURES[:, 0])
    with pytest.raises(NkululekoError, match="balancing is for classes"):
        learn(Recipe("svr", context=ModelContext("regression"), balancing="ros"), numbers, numbers)
    gaps = FEATURES.copy()
    gaps[0, 0] = np.nan
    with pytest.raises(NkululekoError, match="balancing = smote cannot take them"):
        learn(Recipe("xgb", balancing="smote"), Part(gaps, TARGET), DATA)


def test_probabilities_are_calibrated_on_the_dev_set() -> None:
    recipe = Recipe("nb")
    sure = learn(recipe, DATA, DATA)
    random = np.random.default_rng(1).permutation(ROWS)
    calibrated = learn(recipe, DATA, DATA, Part(FEATURES, TARGET[random], GROUPS))
    assert calibrated.prediction.tolist() == sure.prediction.tolist(), "the order of the classes stays"
    assert calibrated.scores is not None and sure.scores is not None
    assert calibrated.scores.max(axis=1).mean() < sure.scores.max(axis=1).mean() - 0.2
    assert any("temperature" in line and "dev set (96 samples)" in line for line in calibrated.decided)


def test_calibration_is_saved(tmp_path: Path) -> None:
    pipeline = Pipeline(Recipe("nb"))
    pipeline.fit(FEATURES, TARGET, None, Part(FEATURES, TARGET[::-1].copy()))
    pipeline.save(tmp_path)
    np.testing.assert_array_equal(Pipeline.load(tmp_path).scores(FEATURES), pipeline.scores(FEATURES))
    assert pipeline.temperature != 1


def _outcome(watched: float, seed: int) -> Learned:
    return Learned(np.array(["a"]), None, False, ("a",), None, watched=watched, seed=seed)


def test_the_best_run_is_that_of_what_was_watched(tmp_path: Path) -> None:
    figures = iter([0.2, 0.9, 0.4])

    def once(recipe: Recipe, folder: Path | None) -> Learned:
        assert folder is not None
        folder.mkdir()
        (folder / "model").write_text(str(recipe.context.seed))
        return _outcome(next(figures), recipe.context.seed)

    runs = repeat(once, Recipe("svm", context=ModelContext(seed=10)), 3, tmp_path)
    assert runs.best == 1 and runs.chosen.seed == 11 and [run.seed for run in runs.learned] == [10, 11, 12]
    assert [path.name for path in tmp_path.iterdir()] == ["model"]
    assert (tmp_path / "model").read_text() == "11"


def test_low_errors_are_better() -> None:
    figures = iter([0.2, 0.9, 0.1])
    context = ModelContext("regression", measure="mae")
    runs = repeat(
        lambda recipe, _: _outcome(next(figures), recipe.context.seed), Recipe("svr", context=context), 3
    )
    assert runs.best == 2


def test_without_anything_watched_the_first_run_is_kept(tmp_path: Path) -> None:
    runs = train_and_test(Recipe("rf", {"n_estimators": 5}), DATA, DATA, None, [], tmp_path, runs=3)
    assert runs.best == 0 and Pipeline.load(tmp_path).recipe.context.seed == 42
    assert Pipeline.load(tmp_path).predict(FEATURES).tolist() == runs.chosen.prediction.tolist()


def test_cross_validation_leaves_a_model_of_all_the_data(tmp_path: Path) -> None:
    folds = make_folds("loso", TARGET, GROUPS, 1)
    runs = cross_validated(Recipe("svm"), DATA, folds, [], tmp_path)
    whole = Pipeline(Recipe("svm"))
    whole.fit(FEATURES, TARGET, GROUPS)
    assert Pipeline.load(tmp_path).predict(FEATURES).tolist() == whole.predict(FEATURES).tolist()
    assert runs.chosen.fold is not None


@pytest.mark.parametrize("model", ["svm", "rf", "lda", "knn"])
def test_random_labels_stay_at_chance(model: str) -> None:
    random = np.random.default_rng(7)
    features, target = random.normal(size=(240, 20)), random.choice(["a", "b", "c"], 240)
    groups = np.repeat(np.arange(24), 10)
    found = cross_validate(
        Recipe(model, scaler="standard"),
        Part(features, target, groups),
        make_folds("loso", target, groups, 1),
    )
    recalls = pd.Series(found.prediction == target).groupby(target).mean()
    assert abs(recalls.mean() - 1 / 3) < 0.1

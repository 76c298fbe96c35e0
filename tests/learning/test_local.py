"""What moved one answer: features put back to their usual values, one at a time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from learners import OF_FEATURES
from nkululeko.core.families import ModelContext, models
from nkululeko.learning import local
from nkululeko.learning.local import Driver, drivers, occlusion, quartiles, worth_trying
from nkululeko.learning.pipeline import Pipeline, Recipe

GENERATOR = np.random.default_rng(3)
FEATURES = GENERATOR.normal(2, 3, (60, 5))
NUMBERS = FEATURES @ np.array([1.0, -2.0, 0.5, 0.0, 3.0]) + GENERATOR.normal(0, 0.1, 60)
LABELS = np.where(FEATURES[:, 0] - FEATURES[:, 1] > 0, "high", "low").astype(object)
NAMES = [f"f{place}" for place in range(5)]


@given(
    arrays(float, st.tuples(st.integers(1, 30), st.integers(1, 4)),
           elements=st.one_of(st.floats(-1e6, 1e6), st.just(np.nan), st.just(np.inf)))
)  # fmt: skip
@settings(max_examples=60, deadline=None)
def test_quartiles_are_numpys(features):
    finite = np.where(np.isfinite(features), features, np.nan)
    known = np.isfinite(finite).any(axis=0)
    found = quartiles(features)
    if not known.any():
        assert np.isnan(found).all()
        return
    expected = np.nanpercentile(finite[:, known], (25, 50, 75), axis=0)
    np.testing.assert_allclose(found[:, known], expected, rtol=1e-9, atol=1e-9)
    assert np.isnan(found[:, ~known]).all()


def test_quartiles_of_many_rows_are_those_of_some(monkeypatch):
    rows = np.arange(10_000.0)[:, np.newaxis]
    np.testing.assert_allclose(quartiles(rows).ravel(), [2500, 5000, 7500], atol=12)
    assert np.isnan(quartiles(np.empty((0, 3)))).all() and quartiles(np.empty((4, 0))).shape == (3, 0)


def fitted(model: str, target: np.ndarray, task: str, **recipe) -> Pipeline:
    pipeline = Pipeline(Recipe(model, context=ModelContext(task=task, epochs=2), **recipe), NAMES)
    pipeline.fit(FEATURES, target)
    return pipeline


def test_of_a_linear_model_it_is_weight_times_distance():
    pipeline = fitted("lin_reg", NUMBERS, "regression")
    row = FEATURES[7]
    weights = np.linalg.lstsq(np.column_stack([FEATURES, np.ones(60)]), NUMBERS, rcond=None)[0][:5]
    expected = weights * (row - np.median(FEATURES, axis=0))
    found = {
        each.name: each.effect
        for each in drivers(pipeline.predict, row, pipeline.usual, pipeline.feature_names)
    }
    np.testing.assert_allclose([found[name] for name in NAMES], expected, rtol=1e-6, atol=1e-9)
    ranked = [each.name for each in drivers(pipeline.predict, row, pipeline.usual, NAMES)]
    assert ranked == [NAMES[place] for place in np.argsort(-np.abs(expected))]


@pytest.mark.parametrize("row", [0, 11, 33])
def test_of_a_linear_classifier_it_has_the_direction_of_weight_times_distance(row):
    pipeline = fitted("logreg", LABELS, "classification")
    weights = pipeline.model.estimator.coef_[0]  # towards the second class
    distance = (FEATURES[row] - np.median(FEATURES, axis=0)) / FEATURES.std(axis=0)

    def share(rows):
        return pipeline.scores(rows)[:, 1]

    effects = occlusion(share, FEATURES[row], pipeline.usual[1], np.arange(5))
    assert (np.sign(effects) == np.sign(weights * distance)).all()
    odds = occlusion(
        lambda rows: np.log(share(rows) / (1 - share(rows))), FEATURES[row], pipeline.usual[1], np.arange(5)
    )
    np.testing.assert_allclose(odds, weights * distance, rtol=1e-6)


def test_features_at_a_time_change_nothing(monkeypatch):
    pipeline = fitted("knn", LABELS, "classification")

    def answer(rows):
        return pipeline.scores(rows)[:, 0]

    whole = occlusion(answer, FEATURES[3], pipeline.usual[1], np.arange(5))
    monkeypatch.setattr(local, "BATCH", 10)
    np.testing.assert_array_equal(whole, occlusion(answer, FEATURES[3], pipeline.usual[1], np.arange(5)))


@pytest.mark.parametrize("model", OF_FEATURES)
def test_every_model_can_be_asked(model, tmp_path):
    kind = models.load(model)
    if kind.takes_sequences:
        pytest.skip("sequences have no features with a name")
    kind.check_installed()
    task = kind.tasks[0]
    pipeline = fitted(model, LABELS if task == "classification" else NUMBERS, task, nan_strategy="median")
    (tmp_path / "kept").mkdir()
    pipeline.save(tmp_path / "kept")
    again = Pipeline.load(tmp_path / "kept")
    np.testing.assert_array_equal(again.usual, pipeline.usual)
    if not kind.watches:  # else it learned from some of them
        np.testing.assert_allclose(again.usual, np.percentile(FEATURES, (25, 50, 75), axis=0))
    asked = again.predict
    if task == "classification":
        scores = again.scores(FEATURES[:1])
        assert scores is not None

        def asked(rows):
            return again.scores(rows)[:, 0]

    row = FEATURES.max(axis=0)
    found = drivers(asked, row, again.usual, NAMES, again.importance())
    assert all(np.isfinite(each.effect) and each.place == "high" for each in found)
    strongest = {each.name for each in found[:3]}
    if model not in ("knn", "knn_reg", "gmm") and "mlp" not in model:
        assert strongest & {"f0", "f1", "f4"}


def test_what_is_usual_or_without_effect_is_not_named():
    known = np.array([[0.0, 0, 0], [1, 1, 1], [2, 2, 2]])
    found = drivers(lambda rows: rows[:, 0], np.array([1.0, 5.0, 0.5]), known, ["a", "b", "c"])
    assert found == []
    found = drivers(lambda rows: rows[:, 1] * 2, np.array([1.0, 5.0, 0.5]), known, ["a", "b", "c"])
    assert found == [Driver("b", 5.0, 0.0, 1.0, 2.0, 8.0)]


@pytest.mark.parametrize(
    ("value", "place"), [(-1, "low"), (0, "usual"), (2, "usual"), (2.1, "high"), (np.nan, "missing")]
)
def test_places(value, place):
    assert Driver("f", value, 0.0, 1.0, 2.0, 0.5).place == place


def test_a_missing_value_is_put_back_too():
    def answer(rows):
        return np.nan_to_num(rows[:, 0], nan=-3.0)

    (found,) = drivers(answer, np.array([np.nan]), np.array([[0.0], [1.0], [2.0]]), ["f"])
    assert (found.effect, found.place) == (-4.0, "missing")


def test_of_very_many_features_the_likeliest_are_tried():
    width = local.MOST + 500
    known = np.array([np.zeros(width), np.ones(width), np.full(width, 2.0)])
    row = np.linspace(1.5, 3, width)
    far = worth_trying(row, known, None)
    assert list(far) == list(range(500, width))  # those that stand out most
    importance = np.zeros(width)
    importance[:3] = 1
    assert set(worth_trying(row, known, importance)) >= {0, 1, 2}
    assert len(worth_trying(known[1], known, None)) == 0

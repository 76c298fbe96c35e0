"""Temperature scaling against a grid search, and against probabilities whose temperature is known."""

from __future__ import annotations

import logging

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkululeko.core.errors import NkululekoError
from nkululeko.learning.temperature import COLDEST, HOTTEST, apply_temperature, fit_temperature


def softmax(logits: np.ndarray) -> np.ndarray:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return raised / raised.sum(axis=1, keepdims=True)


def drawn(samples: int, sharpened: float, classes: int = 4, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """A truth drawn from honest probabilities, and what a model says that is ``sharpened`` times too sure of itself."""
    random = np.random.default_rng(seed)
    logits = random.normal(0, 1.5, (samples, classes))
    honest = softmax(logits)
    truth = (honest.cumsum(axis=1) < random.random((samples, 1))).sum(axis=1)
    return softmax(sharpened * logits), truth


def loss(probabilities: np.ndarray, truth: np.ndarray) -> float:
    return float(-np.log(probabilities[np.arange(len(truth)), truth]).mean())


@pytest.mark.parametrize("sharpened", [0.3, 1.0, 2.5, 6.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_equals_a_grid_search(sharpened, seed):
    probabilities, truth = drawn(200, sharpened, seed=seed)
    grid = np.geomspace(0.1, 20, 4000)
    best = grid[
        np.argmin(
            [
                loss(probabilities ** (1 / t) / (probabilities ** (1 / t)).sum(1, keepdims=True), truth)
                for t in grid
            ]
        )
    ]
    assert fit_temperature(probabilities, truth) == pytest.approx(best, rel=2e-3)


@pytest.mark.parametrize("sharpened", [0.4, 1.0, 3.0])
def test_finds_how_much_too_sure_the_model_is(sharpened):
    probabilities, truth = drawn(20_000, sharpened)
    assert fit_temperature(probabilities, truth) == pytest.approx(sharpened, rel=0.03)


def test_equals_scikit_learn():
    calibration = pytest.importorskip("sklearn.calibration")
    if not hasattr(calibration, "_TemperatureScaling"):
        pytest.skip("NOT TESTED: this version of scikit-learn has no temperature scaling")
    probabilities, truth = drawn(300, 2.5, seed=4)
    twin = calibration._TemperatureScaling().fit(np.log(probabilities), truth)
    assert fit_temperature(probabilities, truth) == pytest.approx(1 / twin.beta_, rel=1e-4)


def test_applied_it_improves_dev_and_leaves_the_predictions():
    probabilities, truth = drawn(500, 5.0)
    scaled = apply_temperature(probabilities, fit_temperature(probabilities, truth))
    assert loss(scaled, truth) < 0.8 * loss(probabilities, truth)
    np.testing.assert_array_equal(scaled.argmax(axis=1), probabilities.argmax(axis=1))
    assert fit_temperature(scaled, truth) == pytest.approx(1, abs=1e-4)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.lists(st.floats(0, 1), min_size=3, max_size=3).filter(lambda row: sum(row) > 0.01),
        min_size=1,
        max_size=6,
    ),
    st.floats(COLDEST, HOTTEST),
)
def test_probabilities_stay_probabilities(rows, temperature):
    probabilities = np.array(rows) / np.sum(rows, axis=1, keepdims=True)
    scaled = apply_temperature(probabilities, temperature)
    assert np.isfinite(scaled).all() and (scaled >= 0).all()
    np.testing.assert_allclose(scaled.sum(axis=1), 1)
    np.testing.assert_allclose(apply_temperature(probabilities, 1.0), probabilities, atol=1e-12)
    hotter = apply_temperature(probabilities, 2 * temperature)
    assert (hotter.max(axis=1) <= scaled.max(axis=1) + 1e-12).all()


def test_a_certainty_that_was_wrong_is_softened():
    """Forests say 0 and 1: the one mistake must not cost infinitely much, and 0 does not stay impossible."""
    probabilities, truth = np.array([[1.0, 0.0]] * 10), np.array([0] * 9 + [1])
    temperature = fit_temperature(probabilities, truth)
    assert apply_temperature(probabilities, temperature)[0] == pytest.approx([0.9, 0.1], abs=0.001)


def test_without_a_mistake_nothing_is_learned(caplog):
    probabilities = np.array([[0.6, 0.4], [0.3, 0.7]])
    with caplog.at_level(logging.WARNING, "nkululeko"):
        assert fit_temperature(probabilities, np.array([0, 1])) == 1.0
    assert caplog.messages == [
        "calibration: all 2 samples are recognised, so the probabilities stay as they are"
    ]


def test_a_model_that_knows_nothing_ends_at_equal_probabilities():
    probabilities, truth = drawn(400, 3.0)
    temperature = fit_temperature(probabilities, (truth + 1) % 4)
    assert temperature == pytest.approx(HOTTEST, rel=0.01)
    assert np.ptp(apply_temperature(probabilities, temperature)) < 0.1


def test_errors():
    with pytest.raises(NkululekoError, match="no samples"):
        fit_temperature(np.empty((0, 2)), np.empty(0, dtype=int))
    for wrong in ([[-0.5, 1.5]], [[np.nan, 0.5]]):
        with pytest.raises(NkululekoError, match="not all between 0 and 1"):
            apply_temperature(np.array(wrong), 1.0)
    with pytest.raises(ValueError, match="above 0"):
        apply_temperature(np.array([[0.5, 0.5]]), 0.0)
    with pytest.raises(ValueError, match="1 rows of probabilities, but 2 truths"):
        fit_temperature(np.array([[0.5, 0.5]]), np.array([0, 1]))

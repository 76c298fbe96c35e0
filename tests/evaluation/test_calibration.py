"""Calibration against plain loops and scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn.metrics as golden

from nkululeko.core.errors import NkululekoError
from nkululeko.evaluation.calibration import calibration

LABELS = ["a", "b", "c"]


def sample(seed: int, n: int = 300) -> tuple[np.ndarray, np.ndarray]:
    generator = np.random.default_rng(seed)
    probabilities = generator.dirichlet([1.0, 1.0, 1.0], size=n)
    return np.array(LABELS)[generator.integers(3, size=n)], probabilities


@pytest.mark.parametrize("bins", [1, 7, 10])
def test_equals_an_explicit_loop(bins: int) -> None:
    truth, probabilities = sample(bins)
    found = calibration(truth, probabilities, LABELS, bins=bins)
    error, rows = 0.0, []
    for low, high in zip(np.arange(bins) / bins, np.arange(1, bins + 1) / bins, strict=True):
        inside = [i for i, row in enumerate(probabilities) if low < max(row) <= high]
        if inside:
            confidence = sum(max(probabilities[i]) for i in inside) / len(inside)
            accuracy = sum(LABELS[int(probabilities[i].argmax())] == truth[i] for i in inside) / len(inside)
            rows.append([confidence, accuracy, len(inside)])
            error += len(inside) / len(truth) * abs(confidence - accuracy)
    assert found.ece == pytest.approx(error)
    assert list(found.bins.columns) == ["confidence", "accuracy", "count"]
    np.testing.assert_allclose(found.bins.to_numpy(dtype=float), rows)
    assert found.bins["count"].sum() == len(truth)


def test_brier_of_two_classes_is_twice_scikit_learns() -> None:
    generator = np.random.default_rng(0)
    second = generator.random(100)
    truth = np.where(generator.random(100) < second, "b", "a")
    found = calibration(truth, np.stack([1 - second, second], axis=1), ["a", "b"])
    assert found.brier == pytest.approx(2 * golden.brier_score_loss(truth == "b", second))


def test_sure_and_right_sure_and_wrong() -> None:
    sure = np.eye(3)
    right = calibration(np.array(LABELS), sure, LABELS)
    wrong = calibration(np.array(LABELS), np.roll(sure, 1, axis=1), LABELS)
    assert (right.ece, right.brier) == (0, 0)
    assert (wrong.ece, wrong.brier) == (1, 2)
    assert len(right.bins) == 1


def test_true_probabilities_are_calibrated() -> None:
    generator = np.random.default_rng(0)
    probabilities = generator.dirichlet([1.0, 1.0, 1.0], size=20_000)
    drawn = (probabilities.cumsum(axis=1) < generator.random((20_000, 1))).sum(axis=1)
    assert calibration(np.array(LABELS)[drawn], probabilities, LABELS).ece < 0.02


def test_a_bin_holds_its_upper_edge() -> None:
    found = calibration(np.array(["a", "a"]), np.array([[0.5, 0.5], [0.51, 0.49]]), ["a", "b"], bins=2)
    assert found.bins["count"].tolist() == [1, 1]


def test_no_samples() -> None:
    found = calibration(np.array([]), np.empty((0, 3)), LABELS)
    assert np.isnan(found.ece)
    assert np.isnan(found.brier)
    assert found.bins.empty


@pytest.mark.parametrize("bad", [1.2, -0.1, np.nan])
def test_no_probabilities(bad: float) -> None:
    with pytest.raises(NkululekoError, match="between 0 and 1"):
        calibration(np.array(["a"]), np.array([[bad, 0.5, 0.5]]), LABELS)

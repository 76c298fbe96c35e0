"""Temperature scaling: probabilities that can be believed, by one number learned on dev.

All log probabilities are divided by a temperature T: above 1, a model that is too sure of itself becomes more modest;
below 1, a too modest one surer. The order of the classes, and so the prediction, stays. Source: Guo, Pleiss, Sun and
Weinberger, "On calibration of modern neural networks", 2017.
"""

from __future__ import annotations

import logging

import numpy as np

from nkululeko.core.errors import NkululekoError

log = logging.getLogger("nkululeko")

#: the temperatures that are tried
COLDEST, HOTTEST = 0.01, 100.0
#: a probability of 0 counts as this much, as a model cannot know that something is impossible
TINY = float(np.finfo(float).eps)


def fit_temperature(probabilities: np.ndarray, truth_index: np.ndarray) -> float:
    """The temperature at which the truth is likeliest (least negative log likelihood).

    Args:
        probabilities: of samples that the model has not learned from, shape ``(samples, classes)``
        truth_index: the column of each sample's true class, shape ``(samples,)``

    Returns:
        between ``COLDEST`` and ``HOTTEST``; 1, with a warning, where the model is right on every sample: how often it
        is wrong cannot be told then

    Raises:
        NkululekoError: no samples, or something is no probability

    Example:
        >>> sure, truth = np.array([[0.99, 0.01]] * 4), np.array([0, 0, 0, 1])
        >>> temperature = fit_temperature(sure, truth)
        >>> round(temperature, 2), apply_temperature(sure, temperature)[0].round(2).tolist()
        (4.18, [0.75, 0.25])
    """
    from scipy.optimize import minimize_scalar

    logs, truth = _logs(probabilities), np.asarray(truth_index)
    if not len(truth):
        raise NkululekoError("there are no samples to calibrate the probabilities on", "temperature scaling")
    if len(truth) != len(logs):
        raise ValueError(f"{len(logs)} rows of probabilities, but {len(truth)} truths")
    rows = np.arange(len(truth))
    others = logs.copy()
    others[rows, truth] = -np.inf
    if (logs[rows, truth] > others.max(axis=1)).all():
        log.warning(
            "calibration: all %d samples are recognised, so the probabilities stay as they are", len(truth)
        )
        return 1.0

    def loss(log_temperature: float) -> float:
        """Mean negative log likelihood; in 1 / T it is convex, so it has one minimum only."""
        return float(-_scaled(logs, np.exp(log_temperature))[rows, truth].mean())

    bounds = (np.log(COLDEST), np.log(HOTTEST))
    found = minimize_scalar(loss, bounds=bounds, method="bounded", options={"xatol": 1e-8})
    return float(np.exp(found.x))


def apply_temperature(probabilities: np.ndarray, temperature: float) -> np.ndarray:
    """The probabilities at a temperature, shape ``(samples, classes)``; each row adds up to 1.

    Raises:
        NkululekoError: something is no probability

    Example:
        >>> apply_temperature(np.array([[0.8, 0.2]]), 2.0).round(3).tolist()
        [[0.667, 0.333]]
    """
    if not temperature > 0:
        raise ValueError(f"a temperature is above 0, not {temperature}")
    return np.exp(_scaled(_logs(probabilities), temperature))


def _logs(probabilities: np.ndarray) -> np.ndarray:
    """The logarithms of probabilities, none of them minus infinity."""
    p = np.asarray(probabilities, dtype=float)
    if not ((p > -1e-6) & (p < 1 + 1e-6)).all():
        raise NkululekoError("the model's probabilities are not all between 0 and 1", "temperature scaling")
    return np.log(np.maximum(p, TINY))


def _scaled(logs: np.ndarray, temperature: float) -> np.ndarray:
    """Log probabilities at a temperature, each row normalised."""
    scaled = (logs - logs.max(axis=1, keepdims=True)) / temperature
    return scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))

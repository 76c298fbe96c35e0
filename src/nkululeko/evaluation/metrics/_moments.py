"""What the regression metrics share: sums over samples, and the figures that follow from them.

Each sample gives one row of the terms below; the rows are summed over samples, and every metric is a function
of the sums. Truth and prediction are centred first: a variance found as the difference of two large sums
would lose its digits (e.g. a pitch of about 200 Hz that varies by 0.01 Hz).
"""

from __future__ import annotations

import numpy as np

from nkululeko.core.families import Scored

#: columns of the sums: one; truth and prediction centred, their squares, product; difference, size, square
TERMS = ("n", "x", "y", "xx", "yy", "xy", "d", "abs_d", "dd")
#: a variance below this share of the mean square about the common centre is rounding noise of a constant
NOISE = 1e-12


def moments(scored: Scored, groups: np.ndarray | None = None, k: int = 1) -> np.ndarray:
    """The sums of the terms in each of ``k`` groups, shape ``(k, len(TERMS))``; one group by default."""
    truth = np.asarray(scored.truth, dtype=float)
    prediction = np.asarray(scored.prediction, dtype=float)
    group = np.zeros(len(truth), dtype=np.intp) if groups is None else groups
    if not len(truth):
        return np.zeros((k, len(TERMS)))
    with np.errstate(invalid="ignore"):  # a NaN or infinite prediction makes the metric NaN, silently
        x, y, d = truth - truth.mean(), prediction - prediction.mean(), prediction - truth
        terms = (np.ones_like(x), x, y, x * x, y * y, x * y, d, np.abs(d), d * d)
        return np.stack([np.bincount(group, weights=term, minlength=k) for term in terms], axis=-1)


def resampled_moments(scored: Scored, groups: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The sums of the terms in each resample of groups, shape ``(resamples, len(TERMS))``."""
    with np.errstate(invalid="ignore"):
        return counts.astype(float, copy=False) @ moments(scored, groups, counts.shape[1])


def mean_of(sums: np.ndarray, term: str) -> np.ndarray:
    """The mean of one term, shape ``(...)``; NaN without samples."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return sums[..., TERMS.index(term)] / sums[..., 0]


def spread(sums: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Biased variance of the truth, of the prediction, and their covariance; NaN for fewer than two samples.

    What is constant gets a variance and a covariance of exactly 0.
    """
    x, y, xx, yy, xy = (mean_of(sums, term) for term in TERMS[1:6])
    truth, prediction = xx - x * x, yy - y * y
    truth = np.where(truth <= NOISE * xx, 0.0, truth)
    prediction = np.where(prediction <= NOISE * yy, 0.0, prediction)
    covariance = np.where((truth == 0) | (prediction == 0), 0.0, xy - x * y)
    enough = sums[..., 0] >= 2
    return (
        np.where(enough, truth, np.nan),
        np.where(enough, prediction, np.nan),
        np.where(enough, covariance, np.nan),
    )


def pearson(sums: np.ndarray) -> np.ndarray:
    """Pearson's correlation coefficient, shape ``(...)``; NaN where truth or prediction is constant."""
    truth, prediction, covariance = spread(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(covariance / (np.sqrt(truth) * np.sqrt(prediction)), -1.0, 1.0)


def concordance(sums: np.ndarray) -> np.ndarray:
    """Lin's concordance correlation coefficient, shape ``(...)``; NaN where both are constant and equal."""
    truth, prediction, covariance = spread(sums)
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.clip(2 * covariance / (truth + prediction + mean_of(sums, "d") ** 2), -1.0, 1.0)

"""The equal error rate of many weighted copies of one set of scores at once.

The rate is no function of sums over samples, as its threshold depends on all of them. So the scores are
sorted once; a resample is then a set of weights, cumulative sums of the weights give both error rates at any
threshold, and their crossing is found by bisection for all resamples at the same time.
"""

from __future__ import annotations

import numpy as np

#: weights held in memory at once: 8 million of 4 bytes, for each of the two kinds of samples
CHUNK = 8_000_000


def equal_error_rates(
    positive: np.ndarray, scores: np.ndarray, groups: np.ndarray, counts: np.ndarray
) -> np.ndarray:
    """The equal error rate of each resample of groups.

    Args:
        positive: whether a sample is of the class looked for, shape ``(n,)``
        scores: higher = likelier of that class, shape ``(n,)``
        groups: the group of each sample, 0..k-1, shape ``(n,)``
        counts: how often each resample draws each group, shape ``(resamples, k)``

    Returns:
        shape ``(resamples,)``; NaN where a resample lacks positives or negatives, or a score is NaN

    Example:
        >>> truth, scores = np.array([False, True, False, True]), np.array([0.2, 0.8, 0.4, 0.3])
        >>> equal_error_rates(truth, scores, np.zeros(4, dtype=int), np.ones((1, 1), dtype=int))
        array([0.5])
    """
    if not len(scores) or np.isnan(scores).any():
        return np.full(len(counts), np.nan)
    order = np.argsort(scores, kind="stable")
    positive, scores, groups = positive[order], scores[order], groups[order]
    thresholds = np.append(np.unique(scores), np.inf)  # at the last one, everything is rejected
    below = tuple(np.searchsorted(scores[kind], thresholds) for kind in (positive, ~positive))
    rows = max(1, CHUNK // len(scores))
    parts = [
        _crossing(below, tuple(_cumulated(groups[kind], chunk) for kind in (positive, ~positive)))
        for chunk in (counts[start : start + rows] for start in range(0, len(counts), rows))
    ]
    return np.concatenate(parts) if parts else np.empty(0)


def _cumulated(groups: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Weight of the first 0, 1, 2 ... samples in each resample, shape ``(resamples, samples + 1)``."""
    weights = np.zeros((len(counts), len(groups) + 1), dtype=np.int32)
    np.take(counts.astype(np.int32), groups, axis=1, out=weights[:, 1:], mode="clip")
    return np.cumsum(weights, axis=1, out=weights)


def _crossing(below: tuple[np.ndarray, ...], cumulated: tuple[np.ndarray, ...]) -> np.ndarray:
    """The rate where misses overtake false alarms, shape ``(resamples,)``.

    Args:
        below: of positives and of negatives, how many lie below each threshold, shape ``(thresholds,)``
        cumulated: of both, the weight of the first so many, shape ``(resamples, samples + 1)``
    """
    resample = np.arange(len(cumulated[0]))

    def rates(threshold: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """False alarms (FAR) and misses (FRR) of each resample at a threshold of its own."""
        missed = cumulated[0][resample, below[0][threshold]]
        passed = cumulated[1][:, -1] - cumulated[1][resample, below[1][threshold]]
        with np.errstate(divide="ignore", invalid="ignore"):
            return passed / cumulated[1][:, -1], missed / cumulated[0][:, -1]

    # misses grow and false alarms fall with the threshold: 1 and 0 at the first, 0 and 1 at the last
    low, high = np.zeros_like(resample), np.full_like(resample, len(below[0]) - 1)
    while (high - low > 1).any():
        middle = (low + high) // 2
        alarms, misses = rates(middle)
        low, high = np.where(alarms <= misses, low, middle), np.where(alarms <= misses, middle, high)
    alarms, misses = rates(high)
    before = np.where(alarms == misses, high, low)
    return np.minimum(alarms + misses, np.add(*rates(before))) / 2

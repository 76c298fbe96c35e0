"""Scores with confidence intervals: a percentile bootstrap over speakers.

Utterances of one speaker resemble each other, so they are no independent evidence; what is drawn with
replacement are speakers, each with all their utterances. Source: Efron and Tibshirani, "An Introduction to
the Bootstrap", 1993; for speech: Bisani and Ney, "Bootstrap estimates for confidence intervals in ASR
performance evaluation", 2004.

The interval says how the score would vary with other test speakers; it does not cover another training. With
very few speakers (below about ten) such an interval is too narrow.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping

import numpy as np

from nkululeko.core.families import Metric, Scored
from nkululeko.core.result import Interval, Score
from nkululeko.evaluation.metrics._confusion import label_codes

log = logging.getLogger("nkululeko")

#: counts held in memory at once (resamples x groups), as float64: 64 MB
CHUNK = 8_000_000


def bootstrap_scores(
    metrics: Mapping[str, Metric],
    scored: Scored,
    groups: np.ndarray | None,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int,
) -> tuple[dict[str, Score], Interval]:
    """Every metric on all samples, with its percentile interval over resampled speakers.

    All metrics see the same resamples. The result depends on the seed and on what the samples are, not on the
    order in which they stand. Resamples in which a metric is undefined (NaN) are left out of its interval.

    Args:
        metrics: the metrics by name
        scored: truth and prediction of ``n`` samples
        groups: the speaker of each sample, any hashable key, shape ``(n,)``; samples whose speaker is missing
            (None, NaN) stand each for themselves. None, or fewer than two speakers: samples are resampled,
            and ``Interval.unit`` says so
        resamples: how often to draw
        level: confidence of the interval, 0..1
        seed: of the draws

    Returns:
        the score of each metric, its ends NaN where there are fewer than two units to draw from or the metric
        is undefined; and how the intervals were made

    Raises:
        NkululekoError: a metric cannot be computed, e.g. the equal error rate without scores

    Example:
        >>> from nkululeko.core.families import metrics
        >>> truth, prediction = np.array([1.0, 2.0, 3.0, 4.0]), np.array([1.0, 2.5, 2.0, 4.0])
        >>> family = {"mae": metrics.load("mae")()}
        >>> scored, speakers = Scored(truth, prediction), np.array([7, 7, 8, 9])
        >>> scores, interval = bootstrap_scores(family, scored, speakers, seed=1)
        >>> scores["mae"].value, interval.unit, interval.groups
        (0.375, 'speakers', 3)
    """
    scored, units, unit = in_order(scored, groups)
    k = int(units.max()) + 1 if len(units) else 0
    drawn: dict[str, list[np.ndarray]] = {name: [] for name in metrics}
    for counts in draws(k, resamples, seed):
        for name, metric in metrics.items():
            drawn[name].append(metric.resampled(scored, units, counts))
    scores = {}
    for name, metric in metrics.items():
        low, high = percentile_interval(np.concatenate([np.empty(0), *drawn[name]]), level)
        scores[name] = Score(name, metric.label, metric.value(scored), low, high, metric.higher_is_better)
    return scores, Interval(unit, k, resamples, level)


def percentile_interval(values: np.ndarray, level: float) -> tuple[float, float]:
    """The ends between which the given share of the values lies, NaN left out; both NaN if nothing is left.

    Example:
        >>> percentile_interval(np.array([np.nan, *range(101)]), 0.5)
        (25.0, 75.0)
    """
    defined = values[~np.isnan(values)]
    if not len(defined):
        return float("nan"), float("nan")
    low, high = np.quantile(defined, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def in_order(scored: Scored, groups: np.ndarray | None) -> tuple[Scored, np.ndarray, str]:
    """The samples in an order of their own, the unit 0..k-1 of each, and what a unit is.

    Sorting by speaker, then by what the sample holds, makes everything that follows independent of the order
    of the rows: samples that are still tied are the same.
    """
    speaker = _speaker_codes(groups, len(scored.truth))
    if len(scored.labels):
        values = [label_codes(scored.truth, scored.labels), label_codes(scored.prediction, scored.labels)]
    else:
        values = [np.asarray(scored.truth, dtype=float), np.asarray(scored.prediction, dtype=float)]
    columns = [] if scored.scores is None else list(scored.scores.T)
    order = np.lexsort([*columns, *values, speaker])
    scores = None if scored.scores is None else scored.scores[order]
    scored = Scored(scored.truth[order], scored.prediction[order], scored.labels, scores)
    speaker = speaker[order]
    known = len(speaker) and speaker[-1] + 1
    if known < 2:
        return scored, np.arange(len(speaker)), "samples"
    alone = speaker < 0  # they come first in the order
    if alone.any():
        log.info("intervals: %d samples without a speaker are resampled each for itself", alone.sum())
    return scored, np.where(alone, known + np.arange(len(speaker)), speaker), "speakers"


def _speaker_codes(groups: np.ndarray | None, n: int) -> np.ndarray:
    """Each speaker's place among the sorted speakers, -1 where it is missing, shape ``(n,)``."""
    if groups is None or n == 0:
        return np.full(n, -1)
    import pandas as pd

    keys = np.empty(n, dtype=object)
    keys[:] = list(groups)  # one key a sample, also where a key is a tuple
    codes, speakers = pd.factorize(keys)
    # keys may be of several types (1 and "1"): sorted by what any key has, a type and a text
    order = sorted(range(len(speakers)), key=lambda i: (type(speakers[i]).__name__, str(speakers[i])))
    place = np.empty(len(order) + 1, dtype=np.intp)
    place[order] = np.arange(len(order))
    place[-1] = -1
    return place[codes]


def draws(k: int, resamples: int, seed: int) -> Iterator[np.ndarray]:
    """How often each resample of a bootstrap draws each unit, in chunks bounded in memory.

    Counting k draws of one in k is a multinomial draw, and several times as fast as NumPy's own for many
    units.

    Args:
        k: how many units (speakers) there are; with fewer than two every resample would be the same: there is none
        resamples: how often to draw
        seed: of the draws

    Yields:
        counts, shape ``(some resamples, k)``; each row adds up to ``k``

    Example:
        >>> (counts,) = draws(3, 4, seed=1)
        >>> counts.shape, counts.sum(axis=1).tolist()
        ((4, 3), [3.0, 3.0, 3.0, 3.0])
    """
    if k < 2:
        return
    generator = np.random.default_rng(seed)
    rows = max(1, CHUNK // k)
    for start in range(0, resamples, rows):
        size = min(rows, resamples - start)
        counts = np.empty((size, k))
        for row in counts:
            row[:] = np.bincount(generator.integers(k, size=k), minlength=k)
        yield counts

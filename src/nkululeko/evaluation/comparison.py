"""Which system is better? Paired tests of several systems on the same samples, over speakers.

All systems hear the same speakers, so an easy speaker is easy for all: the difference between two systems is known
better than either score. It is judged twice. Its interval is a bootstrap in which both systems meet the same drawn
speakers. Its p-value is that of a permutation test: if two systems are equally good, it does not matter whose
predictions of a speaker count for whom, so they are swapped, whole speakers at a time, and the p-value is the share
of such swaps that differ at least as much as what was found. Sources: Efron and Tibshirani, "An Introduction to the
Bootstrap", 1993; Yeh, "More accurate tests for the statistical significance of result differences", 2000; Phipson and
Smyth, "Permutation p-values should never be zero", 2010; Holm, "A simple sequentially rejective multiple test
procedure", 1979.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from nkululeko.core.correction import holm
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Metric, Scored
from nkululeko.evaluation.intervals import CHUNK, draws, in_order, percentile_interval
from nkululeko.evaluation.metrics._confusion import label_codes

if TYPE_CHECKING:
    import pandas as pd

log = logging.getLogger("nkululeko")

#: all swaps are tried where there are no more than this: up to 13 speakers
ALL_SWAPS = 10_000
COLUMNS = [
    "system", "value", "low", "high", "difference", "difference_low", "difference_high", "p", "p_corrected", "best",
]  # fmt: skip


def compare(
    metric: Metric,
    systems: Mapping[str, Scored],
    groups: np.ndarray | None,
    *,
    seed: int,
    resamples: int = 2000,
    level: float = 0.95,
) -> pd.DataFrame:
    """The best of some systems against each of the others.

    Args:
        metric: what they are compared by
        systems: truth and predictions of each by its name: the same ``n`` samples in the same order
        groups: the speaker of each sample, any hashable key, shape ``(n,)``, the same for all systems; None, or
            fewer than two speakers: samples are the unit
        seed: of resamples and swaps
        resamples: how often to draw, and how often to swap where there are too many swaps to try them all
        level: confidence of the intervals, 0..1

    Returns:
        one row a system, the best first: ``system``, ``value``, ``low``, ``high``; ``difference``: its value minus
        that of the best, with ``difference_low``, ``difference_high``; ``p`` of the paired permutation test against
        the best, two-sided; ``p_corrected`` (Holm) for as many tests as there are pairs of systems, as all were looked
        at to find the best; ``best``. The row of the best has no difference (0) and no p (NaN)

    Raises:
        NkululekoError: no system, or the systems were not tested on the same samples

    Example:
        >>> from nkululeko.core.families import metrics
        >>> truth, speakers = np.arange(12.0), np.arange(12) // 2
        >>> systems = {"near": Scored(truth, truth + 0.1), "far": Scored(truth, truth + 3)}
        >>> table = compare(metrics.load("mae")(), systems, speakers, seed=1)
        >>> table[["system", "value", "difference", "p_corrected"]].round(4).values.tolist()
        [['near', 0.1, 0.0, nan], ['far', 3.0, 2.9, 0.0312]]
    """
    import pandas as pd

    aligned, units = _in_common_order(systems, groups)
    k = int(units.max(initial=-1)) + 1
    _warn_if_few(k, len(systems))
    values = {name: metric.value(scored) for name, scored in aligned.items()}
    drawn = _resampled(metric, aligned, units, resamples, seed)
    sign = -1 if metric.higher_is_better else 1
    ranked = sorted(values, key=lambda name: (np.isnan(values[name]), sign * values[name], name))
    best, *others = ranked
    pairs = len(ranked) * len(others) // 2  # the best was found by looking at all pairs
    swaps = max(resamples, 100 * pairs)  # enough for a corrected p of 0.01
    p = [permutation_p(metric, aligned[best], aligned[name], units, seed, swaps) for name in others]
    rows = []
    for name, raw, corrected in zip(ranked, [np.nan, *p], [np.nan, *holm(p, pairs)], strict=True):
        interval = percentile_interval(drawn[name], level)
        difference = percentile_interval(drawn[name] - drawn[best], level)
        rows.append(
            [
                name,
                values[name],
                *interval,
                values[name] - values[best],
                *difference,
                raw,
                corrected,
                name == best,
            ]
        )
    return pd.DataFrame(rows, columns=COLUMNS)


def permutation_p(
    metric: Metric, one: Scored, other: Scored, units: np.ndarray, seed: int, swaps: int = 2000
) -> float:
    """How often two systems would differ as much as they do, if they were equally good; two-sided.

    The samples of both are put below each other, so that each unit is there twice, as predicted by the one and by the
    other. A swap is then a choice of one of the two for each unit, which any metric can count.

    Args:
        metric: what they are compared by
        one: truth and prediction of ``n`` samples
        other: likewise, of the same samples in the same order
        units: the unit (speaker) of each sample, 0..k-1, shape ``(n,)``
        seed: of the swaps
        swaps: how many are drawn where there are more than ``ALL_SWAPS``

    Returns:
        0..1, never 0; NaN where the metric is undefined for one of the two

    Example:
        >>> from nkululeko.core.families import metrics
        >>> truth, units = np.zeros(4), np.arange(4)
        >>> permutation_p(metrics.load("mae")(), Scored(truth, truth), Scored(truth, truth + 1), units, seed=1)
        0.125
    """
    k = int(units.max(initial=-1)) + 1
    values = metric.value(one), metric.value(other)
    found = abs(values[0] - values[1])
    if not k or np.isnan(found):
        return float("nan")
    both = _below_each_other(metric, one, other)
    rows = np.concatenate([units, units + k])
    extreme = total = 0
    for swapped in _swaps(k, swaps, seed):
        kept = 1 - swapped
        first = metric.resampled(both, rows, np.concatenate([kept, swapped], axis=1).astype(float))
        second = metric.resampled(both, rows, np.concatenate([swapped, kept], axis=1).astype(float))
        difference = np.abs(first - second)
        # equal but for rounding is equal; a swap in which the metric is undefined speaks for no difference
        extreme += int(np.sum(~(difference < found - 1e-9 * (abs(values[0]) + abs(values[1])))))
        total += len(swapped)
    drawn = not _all_swaps(k)  # what was found is one of all swaps, but need not be among those drawn
    return (extreme + drawn) / (total + drawn)


def _in_common_order(
    systems: Mapping[str, Scored], groups: np.ndarray | None
) -> tuple[dict[str, Scored], np.ndarray]:
    """All systems with their samples in one order that depends on their content only, and the unit of each sample.

    Raises:
        NkululekoError: no system, or not the same samples
    """
    if not systems:
        raise NkululekoError("there is nothing to compare", todo="name at least two experiments")
    names = sorted(systems)
    first = systems[names[0]]
    for name in names:
        _check_same(names[0], first, name, systems[name])
    aligned = {name: _with_labels(systems[name], first.labels) for name in names}
    # in_order sorts by all columns of the scores, the first one last: rows that differ in nothing else keep their place
    columns: list[np.ndarray] = [np.arange(len(first.truth), dtype=float)]
    for scored in aligned.values():
        columns += [
            _numbers(scored.prediction, scored.labels),
            *(() if scored.scores is None else scored.scores.T),
        ]
    truth = _numbers(first.truth, first.labels)
    table = Scored(truth, columns[1], scores=np.stack(columns, axis=1))
    ordered, units, _ = in_order(table, groups)
    assert ordered.scores is not None
    rows = ordered.scores[:, 0].astype(np.intp)
    return {name: _rows(scored, rows) for name, scored in aligned.items()}, units


def _check_same(name: str, scored: Scored, other_name: str, other: Scored) -> None:
    """Stop unless two systems were tested on the same samples, with the same classes."""
    todo = "compare experiments with the same data, target and split (split_strategy = reuse keeps it)"
    where = f"'{name}' and '{other_name}'"
    if len(scored.truth) != len(other.truth):
        what = f"tested on {len(scored.truth)} and on {len(other.truth)} samples, which cannot be compared"
        raise NkululekoError(what, where, todo)
    if set(scored.labels) != set(other.labels):
        raise NkululekoError("have different classes, so they cannot be compared", where, todo)
    differ = int(np.sum(np.asarray(scored.truth) != np.asarray(other.truth)))
    if differ:
        what = f"{differ} of {len(scored.truth)} samples have another truth: they are not the same samples"
        raise NkululekoError(what, where, todo)


def _with_labels(scored: Scored, labels: Sequence[str]) -> Scored:
    """The same with the classes, and the columns of the scores, in this order."""
    if list(scored.labels) == list(labels):
        return scored
    order = [list(scored.labels).index(label) for label in labels]
    scores = None if scored.scores is None else scored.scores[:, order]
    return replace(scored, labels=labels, scores=scores)


def _numbers(values: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """Labels as their positions, numbers as they are; shape ``(n,)``."""
    return (label_codes(values, labels) if len(labels) else np.asarray(values)).astype(float)


def _rows(scored: Scored, rows: np.ndarray) -> Scored:
    scores = None if scored.scores is None else scored.scores[rows]
    return Scored(scored.truth[rows], scored.prediction[rows], scored.labels, scores)


def _below_each_other(metric: Metric, one: Scored, other: Scored) -> Scored:
    """The samples of both systems as one, with scores on one scale where the metric looks at their order only.

    One system may give probabilities, the other distances: mixed, they would mean nothing. Ranks mean the same in both.
    """
    scores = None
    if one.scores is not None and other.scores is not None:
        scores = np.concatenate([one.scores, other.scores])
        ranks = [_ranks(one.scores), _ranks(other.scores)]
        by_rank = [replace(each, scores=rank) for each, rank in zip((one, other), ranks, strict=True)]
        if all(
            np.isclose(metric.value(a), metric.value(b)) for a, b in zip(by_rank, (one, other), strict=True)
        ):
            scores = np.concatenate(ranks)
    return Scored(
        np.concatenate([one.truth, other.truth]),
        np.concatenate([one.prediction, other.prediction]),
        one.labels,
        scores,
    )


def _ranks(scores: np.ndarray) -> np.ndarray:
    """The share of a column's values that are at most as large as each one, shape as given."""
    columns = [np.searchsorted(np.sort(column), column, side="right") / len(column) for column in scores.T]
    return np.stack(columns, axis=1)


def _resampled(
    metric: Metric, systems: Mapping[str, Scored], units: np.ndarray, resamples: int, seed: int
) -> dict[str, np.ndarray]:
    """The metric of each system in each resample, the same resamples for all; empty with fewer than two units."""
    drawn: dict[str, list[np.ndarray]] = {name: [np.empty(0)] for name in systems}
    for counts in draws(int(units.max(initial=-1)) + 1, resamples, seed):
        for name, scored in systems.items():
            drawn[name].append(metric.resampled(scored, units, counts))
    return {name: np.concatenate(parts) for name, parts in drawn.items()}


def _all_swaps(k: int) -> bool:
    """Whether the swaps of so many units are few enough to try them all."""
    return 2 ** min(k, 60) <= ALL_SWAPS


def _swaps(k: int, swaps: int, seed: int) -> Iterator[np.ndarray]:
    """Which units are swapped, 0 or 1, shape ``(some swaps, k)``: all that there are, or some drawn."""
    if _all_swaps(k):
        yield np.arange(2**k)[:, None] >> np.arange(k) & 1
        return
    generator = np.random.default_rng(seed)
    rows = max(1, CHUNK // (4 * k))
    for start in range(0, swaps, rows):
        yield generator.integers(2, size=(min(rows, swaps - start), k), dtype=np.int8)


def _warn_if_few(k: int, systems: int) -> None:
    """Say it where the test cannot find anything, whatever the predictions."""
    smallest = 2.0 ** (1 - k)
    if systems > 1 and smallest > 0.05:
        log.warning(
            "with %d test speakers or samples no p-value can be below %.3g: no difference can be shown",
            k,
            smallest,
        )

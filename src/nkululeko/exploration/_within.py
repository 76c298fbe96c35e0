"""Tests within speakers: each speaker is compared with no one but themselves."""

from __future__ import annotations

import numpy as np

from nkululeko.core.exploration import Evidence
from nkululeko.exploration._tests import NAN, Column


def correlation_within(x: Column, y: Column, who: np.ndarray) -> Evidence:
    """The correlation of two numbers within speakers: one slope for all, each with a level of their own.

    Source: Bakdash and Marusich, "Repeated measures correlation", 2017.

    Args:
        x: numbers, shape ``(n,)``
        y: likewise
        who: code 0..s-1 of each row's speaker
    """
    from scipy import stats

    name = "repeated-measures r"
    sizes = np.bincount(who)
    several = int(np.sum(sizes > 1))
    a, b = (_without_level(column.values, who) for column in (x, y))
    spread = float(np.sqrt(np.sum(a**2)) * np.sqrt(np.sum(b**2)))
    df = len(who) - len(sizes) - 1
    if df < 1 or spread <= 1e-12 * len(who) * (np.abs(x.values).max() * np.abs(y.values).max()):
        why = "too few samples of each speaker"
        return Evidence("speakers", name, NAN, NAN, name, NAN, several, note=why)
    r = float(np.clip(np.sum(a * b) / spread, -1, 1))
    f = np.inf if abs(r) == 1 else r**2 * df / (1 - r**2)
    slope = np.sum(a * b) / np.sum(a**2)
    detail = f"within speakers {y.name} changes by {slope:.3g} with each 1 of {x.name}"
    return Evidence("speakers", name, r, float(stats.f.sf(f, 1, df)), name, r, several, detail, df=df)


def groups_within(groups: Column, numbers: Column, who: np.ndarray) -> Evidence:
    """Whether the means of a speaker's categories differ in the same way in all speakers.

    Two categories: Wilcoxon's signed ranks. More: Friedman's test, in Skillings and Mack's form where some speakers
    lack some categories. Sources: Friedman, "The use of ranks to avoid the assumption of normality", 1937; Skillings
    and Mack, "On the use of a Friedman-type statistic in balanced and unbalanced block designs", 1981.

    Args:
        groups: categories, shape ``(n,)``
        numbers: shape ``(n,)``
        who: code 0..s-1 of each row's speaker
    """
    k, size = len(groups.levels), int(who.max()) + 1
    cells = who * k + groups.values
    number = np.bincount(cells, minlength=size * k)
    sums = np.bincount(cells, numbers.values, minlength=size * k)
    means = np.where(number > 0, sums / np.maximum(number, 1), np.nan).reshape(size, k)
    means = means[(~np.isnan(means)).sum(axis=1) >= 2]
    return _wilcoxon(groups, means) if k == 2 else _friedman(groups, means)


def skillings_mack(means: np.ndarray) -> tuple[float, int, float]:
    """Friedman's statistic of blocks (rows), of which some may lack some treatments (NaN), corrected for ties.

    Args:
        means: shape ``(blocks, k)``, at least two values a row

    Returns:
        the statistic, its degrees of freedom, and Kendall's W: the statistic by the largest possible one

    Example:
        >>> statistic, df, w = skillings_mack(np.array([[1.0, 2, 3], [1, 2, 3], [1, 2, np.nan]]))
        >>> round(statistic, 3), df, round(w, 3)
        (4.866, 2, 0.973)
    """
    from scipy import stats

    present = ~np.isnan(means)
    filled = np.where(present, means, np.inf)  # missing ones get the last ranks, which are not used
    sizes = present.sum(axis=1, keepdims=True)
    ranks = np.where(present, stats.rankdata(filled, axis=1) - (sizes + 1) / 2, 0.0)
    ranks *= np.sqrt(12 / (sizes + 1))
    variance = np.sum(ranks**2, axis=1) / (sizes[:, 0] - 1)
    sums = ranks.sum(axis=0)
    shares = present * variance[:, None]
    covariance = np.diag(shares.sum(axis=0)) - (shares / sizes).T @ present
    df = int(np.linalg.matrix_rank(covariance))
    statistic = float(sums @ np.linalg.pinv(covariance, hermitian=True) @ sums)
    most = float(np.sum((sizes[:, 0] - 1)[variance > 0]))
    return statistic, df, statistic / most if most else NAN


def _friedman(groups: Column, means: np.ndarray) -> Evidence:
    from scipy import stats

    n, effect = len(means), "Kendall's W"
    complete = not np.isnan(means).any()
    name = "Friedman chi-square, means of speakers" + ("" if complete else " (Skillings-Mack)")
    if n < 2:
        why = f"too few speakers have several of the categories of {groups.name}"
        return Evidence("speakers", name, NAN, NAN, effect, NAN, n, note=why)
    statistic, df, w = skillings_mack(means)
    if not df:
        return Evidence("speakers", name, NAN, NAN, effect, NAN, n, note="all means of speakers are the same")
    p = float(stats.chi2.sf(statistic, df))
    note = f"only {n} speakers" if n < 5 else ""
    return Evidence("speakers", name, statistic, p, effect, w, n, _most_apart(groups, means), note, df=df)


def _wilcoxon(groups: Column, means: np.ndarray) -> Evidence:
    from scipy import stats

    difference = means[:, 1] - means[:, 0]
    n, effect = len(difference), "rank-biserial r"
    name = "Wilcoxon W, means of speakers"
    if not np.any(difference):
        why = "no speaker has both categories" if not n else "no speaker's means differ"
        return Evidence("speakers", name, NAN, NAN, effect, NAN, n, note=why)
    found = stats.wilcoxon(difference)
    nonzero = difference[difference != 0]
    ranks = stats.rankdata(np.abs(nonzero))
    r = float(np.sum(ranks * np.sign(nonzero)) / ranks.sum())
    smallest = 2.0 ** (1 - len(nonzero))
    note = f"with {n} speakers no p below {smallest:.2g} is possible" if smallest > 0.01 else ""
    detail = _most_apart(groups, means)
    return Evidence(
        "speakers", name, float(found.statistic), float(found.pvalue), effect, abs(r), n, detail, note
    )


def _most_apart(groups: Column, means: np.ndarray) -> str:
    """The two categories whose means differ most, over the speakers who have both."""
    present = ~np.isnan(means)
    filled = np.where(present, means, 0.0)
    both = present.T.astype(float) @ present
    sums = filled.T @ present  # of a category, over the speakers who have the other one too
    difference = np.where(both > 0, (sums - sums.T) / np.maximum(both, 1), 0.0)
    high, low = np.unravel_index(difference.argmax(), difference.shape)
    if difference[high, low] <= 0:
        return ""
    a, b = sums[high, low] / both[high, low], sums[low, high] / both[high, low]
    return (
        f"largest difference: {groups.levels[high]} (mean {a:.4g}) against {groups.levels[low]} (mean {b:.4g}), "
        f"within {int(both[high, low])} speakers"
    )


def _without_level(values: np.ndarray, who: np.ndarray) -> np.ndarray:
    """The values less the mean of their speaker, shape ``(n,)``."""
    return values - (np.bincount(who, values) / np.bincount(who))[who]

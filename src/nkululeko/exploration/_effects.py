"""Effect sizes: how strongly two variables are related, whatever the number of samples."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Difference:
    """The two categories whose means differ most.

    Args:
        high: code of the one with the larger mean
        low: code of the other
        mean_high: its mean
        mean_low: likewise
        d: Cohen's d, not negative
    """

    high: int
    low: int
    mean_high: float
    mean_low: float
    d: float


def cramers_v(chi_square: float, table: np.ndarray) -> float:
    """Cramer's V, 0 (unrelated) to 1 (the one tells the other), without correction for bias.

    Source: Cramer, "Mathematical methods of statistics", 1946.

    Args:
        chi_square: Pearson's statistic of the table
        table: counts, rows and columns not empty, shape ``(k, l)``

    Example:
        >>> cramers_v(20.0, np.array([[10, 0], [0, 10]]))
        1.0
    """
    degrees = min(table.shape) - 1
    total = table.sum()
    return float(np.sqrt(chi_square / (total * degrees))) if degrees and total else float("nan")


def eta_squared(h: float, groups: int, n: int) -> float:
    """The share of the variance of ranks that the groups explain, corrected for what chance would explain.

    Source: Tomczak and Tomczak, "The need to report effect size estimates revisited", 2014.

    Args:
        h: the statistic of Kruskal and Wallis
        groups: how many
        n: samples in all

    Example:
        >>> eta_squared(12.0, 3, 53)
        0.2
    """
    return max(0.0, (h - groups + 1) / (n - groups)) if n > groups else float("nan")


def largest_difference(codes: np.ndarray, values: np.ndarray) -> Difference | None:
    """The two groups that lie furthest apart, measured by Cohen's d with the pooled standard deviation.

    Source: Cohen, "Statistical power analysis for the behavioral sciences", 1988.

    Args:
        codes: the group of each value, 0..k-1, shape ``(n,)``
        values: numbers, shape ``(n,)``

    Returns:
        None where no two groups have at least two values each and any spread

    Example:
        >>> found = largest_difference(np.array([0, 0, 1, 1]), np.array([1.0, 3.0, 5.0, 7.0]))
        >>> found.high, found.low, round(found.d, 3)
        (1, 0, 2.828)
    """
    counts = np.bincount(codes)
    if len(counts) < 2:
        return None
    means = np.bincount(codes, values) / np.maximum(counts, 1)
    squares = np.bincount(codes, (values - means[codes]) ** 2)
    degrees = counts[:, None] + counts[None, :] - 2
    pooled = np.sqrt((squares[:, None] + squares[None, :]) / np.maximum(degrees, 1))
    enough = (counts >= 2)[:, None] & (counts >= 2)[None, :] & (pooled > 0)
    np.fill_diagonal(enough, False)
    if not enough.any():
        return None
    d = np.where(enough, (means[:, None] - means[None, :]) / np.where(enough, pooled, 1), -np.inf)
    high, low = np.unravel_index(d.argmax(), d.shape)
    return Difference(int(high), int(low), float(means[high]), float(means[low]), float(d[high, low]))

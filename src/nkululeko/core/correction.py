"""P-values of many tests, corrected for their number: among many, some are small by chance alone."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def holm(p: Sequence[float], tests: int | None = None) -> list[float]:
    """P-values corrected for many tests: the chance of even one wrong finding stays what one test's would be.

    The smallest is multiplied by the number of tests, the next by one less, and so on; none becomes smaller than the
    one before it, or larger than 1. NaN stay, and do not count. Source: Holm, "A simple sequentially rejective
    multiple test procedure", 1979.

    Args:
        p: the p-values
        tests: how many there were in all, where these are but some of them; None: these

    Example:
        >>> holm([0.01, 0.04, 0.03])
        [0.03, 0.06, 0.06]
    """
    values = np.asarray(p, dtype=float)
    order = np.argsort(values)  # NaN last
    count = int(np.sum(~np.isnan(values))) if tests is None else tests
    factors = np.maximum(count - np.arange(len(values)), 1)
    corrected = np.empty(len(values))
    corrected[order] = np.minimum(np.maximum.accumulate(values[order] * factors), 1.0)
    return corrected.tolist()


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """P-values corrected so that of all that is called a finding only a known share is wrong.

    Milder than Holm's, and meant for very many tests, such as one a feature: of what stays below 0.05, about one in
    twenty is chance. Each is multiplied by the number of tests and divided by its rank; none becomes larger than the
    one after it. NaN stay, and do not count. Source: Benjamini and Hochberg, "Controlling the false discovery rate",
    1995.

    Args:
        p: the p-values

    Example:
        >>> benjamini_hochberg([0.01, 0.04, 0.03, float("nan")])
        [0.03, 0.04, 0.04, nan]
    """
    values = np.asarray(p, dtype=float)
    corrected = np.full(len(values), np.nan)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known])]
    raised = values[order] * len(order) / np.arange(1, len(order) + 1)
    corrected[order] = np.minimum.accumulate(np.append(raised, 1.0)[::-1])[::-1][:-1]
    return corrected.tolist()

"""Some of many rows, drawn so that each class keeps its share."""

from __future__ import annotations

import numpy as np


def some_rows(count: int, most: int, strata: np.ndarray | None, seed: int) -> np.ndarray:
    """At most so many row numbers, ascending; each class as often as in the whole, by rounding.

    Args:
        count: how many rows there are
        most: how many are wanted
        strata: the class of each row, any hashable, shape ``(count,)``; None: all alike
        seed: which rows

    Returns:
        shape ``(min(count, most),)``

    Example:
        >>> rows = some_rows(90, 9, np.array(["a"] * 30 + ["b"] * 60), seed=1)
        >>> len(rows), int((rows < 30).sum())
        (9, 3)
    """
    if count <= most:
        return np.arange(count)
    drawn = np.random.default_rng(seed).permutation(count)
    if strata is not None:
        number = {label: place for place, label in enumerate(dict.fromkeys(map(str, strata)))}
        codes = np.array([number[str(label)] for label in strata])
        drawn = drawn[np.argsort(codes[drawn], kind="stable")]
    # at even distances through the classes, one after the other
    return np.sort(drawn[np.arange(most) * count // most])


def strata_of(target: np.ndarray, task: str, bins: int = 10) -> np.ndarray:
    """Labels as they are; numbers by their bin of equal frequency, 0..bins-1, shape ``(samples,)``."""
    if task == "classification":
        return np.asarray(target)
    ranks = np.argsort(np.argsort(np.asarray(target, dtype=np.float64), kind="stable"), kind="stable")
    return ranks * bins // max(len(ranks), 1)

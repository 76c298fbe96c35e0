"""Mean and standard deviation of columns, as scikit-learn takes them, without importing it."""

from __future__ import annotations

import numpy as np


def without_zeros(scale: np.ndarray, constant: np.ndarray | None = None) -> np.ndarray:
    """The scales to divide by: 1 for constant columns.

    Example:
        >>> without_zeros(np.array([2.0, 0.0])).tolist()
        [2.0, 1.0]
    """
    if constant is None:
        constant = scale < 10 * np.finfo(np.float64).eps
    return np.where(constant, 1.0, scale)


def moments(features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation (divided by n) of each column; missing values are left out.

    The corrected two-pass algorithm (Chan, Golub & LeVeque 1983). A column whose variance is no larger than
    the algorithm's rounding error is constant: its standard deviation is given as 1.

    Args:
        features: shape ``(samples, features)``

    Returns:
        mean and standard deviation, shape ``(features,)`` each

    Example:
        >>> mean, scale = moments(np.array([[1.0, 5.0], [3.0, 5.0]]))
        >>> mean.tolist(), scale.tolist()
        ([2.0, 5.0], [1.0, 1.0])
    """
    missing = np.isnan(features)
    add = np.nansum if missing.any() else np.sum
    count = len(features) - missing.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):  # a column without any value has no mean: NaN
        mean = add(features, axis=0) / count
        deviation = features - mean
        variance = (add(deviation**2, axis=0) - add(deviation, axis=0) ** 2 / count) / count
        epsilon = np.finfo(np.float64).eps
        constant = variance <= count * epsilon * variance + (count * mean * epsilon) ** 2
        return mean, without_zeros(np.sqrt(variance), constant)


def empty_as_zero(features: np.ndarray) -> np.ndarray:
    """The features with columns that have no value at all as zeros, for what cannot be fitted to nothing.

    Example:
        >>> empty_as_zero(np.array([[np.nan, 1.0], [np.nan, np.nan]])).tolist()
        [[0.0, 1.0], [0.0, nan]]
    """
    return np.where(np.isnan(features).all(axis=0), 0.0, features)

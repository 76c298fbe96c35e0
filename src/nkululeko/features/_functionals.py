"""Functionals: what a contour (a number a frame) becomes as a few numbers a segment."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

#: mean, standard deviation (population), 20 %, 50 % and 80 % quantiles
BASIC = ("mean", "std", "p20", "p50", "p80")
#: what is added for contours that carry prosody: distance of p80 and p20, and the slope a second
PROSODIC = (*BASIC, "range", "slope")


def basic(contours: np.ndarray) -> np.ndarray:
    """The functionals ``BASIC`` of many contours at once; NaN where there are no frames.

    Args:
        contours: shape ``(frames, contours)``

    Returns:
        shape ``(contours, 5)``

    Example:
        >>> basic(np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])).round(2).tolist()
        [[2.5, 1.71, 1.0, 2.5, 4.0]]
    """
    frames, count = contours.shape
    if frames == 0:
        return np.full((count, len(BASIC)), np.nan)
    quantiles = np.quantile(contours, [0.2, 0.5, 0.8], axis=0)
    return np.column_stack([contours.mean(axis=0), contours.std(axis=0), *quantiles])


def prosodic(contour: np.ndarray, times: np.ndarray) -> np.ndarray:
    """The functionals ``PROSODIC`` of one contour.

    Args:
        contour: shape ``(frames,)``
        times: of the frames in s, shape ``(frames,)``

    Returns:
        shape ``(7,)``; all NaN where there are no frames, the slope NaN where there is but one

    Example:
        >>> prosodic(np.array([1.0, 2.0, 3.0]), np.array([0.0, 0.5, 1.0]))[-1].item()
        2.0
    """
    values = basic(contour[:, np.newaxis])[0]
    return np.append(values, [values[4] - values[2], slope(contour, times)])


def slope(contour: np.ndarray, times: np.ndarray) -> float:
    """Slope of the least-squares line, in units of the contour a second; NaN below two frames."""
    if len(contour) < 2:
        return float("nan")
    centred = times - times.mean()
    return float(np.sum(centred * contour) / np.sum(centred * centred))


def named(contours: Sequence[str], functionals: Sequence[str] = BASIC) -> list[str]:
    """Column names in the order in which the functionals of many contours are flattened.

    Example:
        >>> named(["mfcc0"], ["mean", "std"])
        ['mfcc0_mean', 'mfcc0_std']
    """
    return [f"{contour}_{functional}" for contour in contours for functional in functionals]

"""What pictures of distributions and of lines need to know; plain numpy, on finite numbers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

#: points of a density curve
GRID_POINTS = 256
#: significance of the band around a line, and of the interval around a mean
CONFIDENCE = 0.95


def usable(numbers: np.ndarray) -> np.ndarray:
    """Which numbers can be drawn: neither missing nor infinite, nor so large that their squares are."""
    return np.abs(numbers) < 1e100  # False for NaN


def finite(values: object) -> np.ndarray:
    """The numbers that can be drawn among any values, as floats."""
    numbers = np.asarray(values, dtype=float)
    return numbers[usable(numbers)]


def constant(values: np.ndarray) -> bool:
    """Whether there is nothing to be spread: no value, one, or all the same but for rounding."""
    if len(values) < 2:
        return True
    low, high = float(values.min()), float(values.max())
    return high - low <= max(1e-12 * max(abs(low), abs(high)), 1e-200)  # no axis is finer


def bandwidth(values: np.ndarray) -> float:
    """Width of the kernel, Silverman (1986), "Density estimation", equation 3.31.

    Args:
        values: shape ``(n,)``, not constant
    """
    low, high = np.quantile(values, [0.25, 0.75])
    spread = float(np.std(values, ddof=1))
    quartiles = float(high - low) / 1.34
    width = 0.9 * (min(spread, quartiles) if quartiles > 0 else spread) * len(values) ** -0.2
    # narrower than the grid can show: many equal values among a few far ones
    return max(width, float(np.ptp(values)) / (GRID_POINTS / 4))


def density(values: np.ndarray, beyond: float = 2.0) -> tuple[np.ndarray, np.ndarray]:
    """A smooth curve of how dense the values lie (Gaussian kernel), binned: its time does not grow with kernels.

    Numbers that are never negative, such as durations, keep their border: no curve below zero.

    Args:
        values: shape ``(n,)``, finite, not constant
        beyond: how far the curve goes beyond the values, in widths of the kernel

    Returns:
        places and densities, each of shape ``(256,)``
    """
    width = bandwidth(values)
    low, high = float(values.min()) - beyond * width, float(values.max()) + beyond * width
    if values.min() >= 0:
        low = max(low, 0.0)
    places = np.linspace(low, high, GRID_POINTS)
    step = places[1] - places[0]
    at = np.clip((values - low) / step, 0, GRID_POINTS - 1)
    left = np.minimum(at.astype(int), GRID_POINTS - 2)
    weights = np.bincount(left, 1 - (at - left), GRID_POINTS) + np.bincount(left + 1, at - left, GRID_POINTS)
    reach = np.arange(-GRID_POINTS + 1, GRID_POINTS) * step
    kernel = np.exp(-0.5 * (reach / width) ** 2) / (width * np.sqrt(2 * np.pi))
    curve = np.convolve(weights, kernel)[GRID_POINTS - 1 : 2 * GRID_POINTS - 1]
    return places, curve / len(values)


def edges(values: np.ndarray) -> np.ndarray:
    """Borders of a histogram's bins: one a value for few whole numbers, else 10 to 40 of the same width."""
    if not len(values):
        return np.array([0.0, 1.0])
    low, high = float(values.min()), float(values.max())
    if constant(values):
        half = 0.5 * max(abs(low), 1.0) if abs(low) >= 1e6 else 0.5
        return np.array([low - half, high + half])
    if high - low <= 30 and np.array_equal(values, np.round(values)):
        return np.arange(low - 0.5, high + 1)
    quartiles = np.quantile(values, [0.25, 0.75])
    width = 2 * float(quartiles[1] - quartiles[0]) * len(values) ** (-1 / 3)  # Freedman & Diaconis (1981)
    count = int(np.clip(np.ceil((high - low) / width), 10, 40)) if width > (high - low) / 1000 else 40
    return np.linspace(low, high, min(count, max(5, len(values))) + 1)


def some(count: int, most: int, seed: int = 0) -> np.ndarray:
    """Positions of at most ``most`` of ``count`` things, drawn by chance but always the same, in order."""
    if count <= most:
        return np.arange(count)
    return np.sort(np.random.default_rng(seed).choice(count, most, replace=False))


def t_quantile(freedom: int) -> float:
    """By how many standard errors the interval reaches to each side."""
    from scipy.special import stdtrit

    return float(stdtrit(freedom, 0.5 + CONFIDENCE / 2))


def mean_interval(values: np.ndarray) -> tuple[float, float]:
    """Mean, and half the width of its 95 % interval (Student's t); NaN for fewer than two values."""
    if len(values) < 2:
        return (float(values.mean()) if len(values) else np.nan), np.nan
    error = float(np.std(values, ddof=1)) / np.sqrt(len(values))
    return float(values.mean()), t_quantile(len(values) - 1) * error


@dataclass(frozen=True)
class Line:
    """A line of least squares with the 95 % band of its mean.

    Args:
        x: places, shape ``(50,)``
        y: the line there
        half: from the line to the border of the band
    """

    x: np.ndarray
    y: np.ndarray
    half: np.ndarray


def line(x: np.ndarray, y: np.ndarray) -> Line | None:
    """The line of least squares through points; None where there are fewer than three, or all have the same x.

    Band: Draper & Smith (1998), "Applied regression analysis", 3.1.

    Args:
        x: shape ``(n,)``, finite
        y: likewise
    """
    if len(x) < 3 or constant(x):
        return None
    middle, spread = float(x.mean()), float(((x - x.mean()) ** 2).sum())
    if not np.isfinite(spread) or spread <= 0:
        return None
    slope = float(((x - middle) * (y - y.mean())).sum()) / spread
    places = np.linspace(float(x.min()), float(x.max()), 50)
    fitted = y.mean() + slope * (places - middle)
    rest = y - y.mean() - slope * (x - middle)
    freedom = len(x) - 2
    deviation = np.sqrt(float((rest**2).sum()) / freedom)
    error = deviation * np.sqrt(1 / len(x) + (places - middle) ** 2 / spread)
    return Line(places, fitted, t_quantile(freedom) * error)

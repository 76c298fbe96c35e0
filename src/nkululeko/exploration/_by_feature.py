"""ByFeature of many features at once: each is a column of one array, and all go through the same few sums.

Missing values (NaN) of a feature are left out for this feature alone.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

NAN = float("nan")
#: a column that varies by no more than this share of its largest value is constant but for rounding
ROUNDING = 1e-12


@dataclass(frozen=True)
class ByFeature:
    """The results of as many tests as there are features; NaN: undefined.

    Args:
        statistic: F or r, shape ``(features,)``
        p: shape ``(features,)``
        effect: eta squared (of F), or r, shape ``(features,)``
        n: how many rows have a value, shape ``(features,)``
        constant: whether all values are the same, shape ``(features,)``
    """

    statistic: np.ndarray
    p: np.ndarray
    effect: np.ndarray
    n: np.ndarray
    constant: np.ndarray

    @classmethod
    def unknown(cls, count: int) -> ByFeature:
        """Nothing is known yet of so many features."""
        statistic, p, effect = (np.full(count, NAN) for _ in range(3))
        return cls(statistic, p, effect, np.zeros(count), np.zeros(count, dtype=bool))


def anova(values: np.ndarray, codes: np.ndarray) -> ByFeature:
    """One-way analysis of variance (Fisher 1925) of each column, with eta squared.

    Args:
        values: shape ``(rows, features)``
        codes: the category of each row, 0..k-1, shape ``(rows,)``

    Example:
        >>> found = anova(np.array([[1.0], [2], [3], [4], [5], [6]]), np.array([0, 0, 0, 1, 1, 1]))
        >>> found.statistic.round(3).tolist(), found.effect.round(3).tolist()
        ([13.5], [0.771])
    """
    from scipy.special import fdtrc

    centred, there, constant = _centred(values)
    order, starts = _sorted(codes)
    sizes = np.add.reduceat(there[order].astype(np.float64), starts, axis=0)
    means = np.add.reduceat(centred[order], starts, axis=0) / np.maximum(sizes, 1)
    between = np.sum(sizes * means**2, axis=0)
    left = np.where(there, centred - means[_places(codes)], 0.0)
    within = np.sum(left**2, axis=0)
    n, groups = there.sum(axis=0), (sizes > 0).sum(axis=0)
    df, rest = groups - 1, n - groups
    defined = ~constant & (df > 0) & (rest > 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        f = np.where(defined, (between / df) / (within / rest), NAN)
        effect = np.where(defined, between / (between + within), NAN)
    p = np.where(np.isinf(f), 0.0, fdtrc(np.maximum(df, 1), np.maximum(rest, 1), f))
    return ByFeature(f, p, effect, n, constant)


def pearson(values: np.ndarray, numbers: np.ndarray, lost: int = 0) -> ByFeature:
    """Pearson's correlation of each column with one column of numbers.

    Args:
        values: shape ``(rows, features)``
        numbers: shape ``(rows,)``
        lost: degrees of freedom that were used up before, e.g. by the means of speakers

    Example:
        >>> pearson(np.array([[1.0, 3], [2, 2], [3, 1], [4, 1]]), np.arange(4.0)).effect.round(3).tolist()
        [1.0, -0.944]
    """
    from scipy.special import stdtr

    centred, there, constant = _centred(values)
    y = numbers - numbers.mean()
    n = there.sum(axis=0)
    sum_y, square_y = y @ there, y**2 @ there
    yy = square_y - sum_y**2 / np.maximum(n, 1)
    df = n - 2 - lost
    still = yy <= (ROUNDING * np.abs(numbers).max(initial=0.0)) ** 2 * n
    defined = ~constant & (df > 0) & ~still
    with np.errstate(divide="ignore", invalid="ignore"):
        r = np.where(defined, (y @ centred) / np.sqrt(np.sum(centred**2, axis=0) * yy), NAN)
        r = np.clip(r, -1.0, 1.0)
        t = np.abs(r) * np.sqrt(df / ((1 - r) * (1 + r)))
    p = np.where(np.isinf(t), 0.0, 2 * stdtr(np.maximum(df, 1), -t))
    return ByFeature(r, p, r, n, constant)


def means_of(values: np.ndarray, codes: np.ndarray) -> np.ndarray:
    """The mean of each column within each group, in ascending order of the codes that occur; NaN without values.

    Args:
        values: shape ``(rows, features)``
        codes: the group of each row, shape ``(rows,)``

    Returns:
        shape ``(groups, features)``
    """
    there = np.isfinite(values)
    order, starts = _sorted(codes)
    sizes = np.add.reduceat(there[order].astype(np.float64), starts, axis=0)
    sums = np.add.reduceat(np.where(there, values, 0.0)[order], starts, axis=0)
    return np.where(sizes > 0, sums / np.maximum(sizes, 1), NAN)


def correlation_within(values: np.ndarray, numbers: np.ndarray, who: np.ndarray) -> ByFeature:
    """Repeated-measures correlation (Bakdash and Marusich 2017) of each column with one column of numbers.

    One slope for all speakers, each with a level of their own. ``n`` counts samples.

    Args:
        values: shape ``(rows, features)``
        numbers: shape ``(rows,)``
        who: code of each row's speaker, shape ``(rows,)``
    """
    found = ByFeature.unknown(values.shape[1])
    for columns in _by_pattern(np.isfinite(values)):
        rows = np.isfinite(values[:, columns[0]])
        if rows.sum() < 2:
            continue
        speakers, places = np.unique(who[rows], return_inverse=True)
        x, y = values[np.ix_(rows, columns)], numbers[rows][:, np.newaxis]
        still = np.ptp(x, axis=0) <= ROUNDING * np.abs(x).max(axis=0)
        x, y = (part - means_of(part, places)[places] for part in (x, y))
        within = pearson(np.where(still, 0.0, x), y[:, 0], lost=len(speakers) - 1)
        for name in ("statistic", "p", "effect", "n"):
            getattr(found, name)[columns] = getattr(within, name)
        found.constant[columns] = still
    return found


def anova_within(grid: np.ndarray) -> ByFeature:
    """Analysis of variance with repeated measures of each feature: speakers are compared with themselves only.

    The speaker's own mean is taken away, and what is left is explained by the categories (least squares, so speakers
    may lack categories). Where the differences between categories vary in unequal degree, F would find too much:
    both degrees of freedom are multiplied by Greenhouse and Geisser's epsilon (1959). For two categories it is the
    paired t-test. ``n`` counts the speakers that have several categories.

    Args:
        grid: the mean of each speaker's samples of each category, NaN where there are none, shape
            ``(speakers, categories, features)``
    """
    found = ByFeature.unknown(grid.shape[2])
    flat = grid.reshape(-1, grid.shape[2])
    for columns in _by_pattern(np.isfinite(flat)):
        there = np.isfinite(grid[:, :, columns[0]])
        several = there.sum(axis=1) > 1
        found.n[columns] = several.sum()
        if several.any():
            _fill_within(
                found, grid[np.ix_(several, np.arange(grid.shape[1]), columns)], there[several], columns
            )
    return found


def _fill_within(found: ByFeature, cells: np.ndarray, there: np.ndarray, columns: np.ndarray) -> None:
    """The tests of features that have the same gaps.

    Args:
        found: where they go
        cells: shape ``(speakers, categories, features)``
        there: which cells have a value, at least two a speaker, shape ``(speakers, categories)``
        columns: which features these are
    """
    from scipy.special import fdtrc

    share = there / there.sum(axis=1, keepdims=True)
    filled = np.where(there[:, :, np.newaxis], cells, 0.0)
    own = np.einsum("sk,skf->sf", share, filled)
    centred = np.where(there[:, :, np.newaxis], filled - own[:, np.newaxis], 0.0)
    largest = np.abs(filled).max(axis=(0, 1))
    constant = np.abs(centred).max(axis=(0, 1)) <= ROUNDING * largest
    normal = np.diag(there.sum(axis=0).astype(float)) - share.T @ there
    df = int(np.linalg.matrix_rank(normal, hermitian=True))
    rest = int(there.sum()) - len(there) - df
    found.constant[columns] = constant
    if df < 1 or rest < 1:
        return
    weights = np.linalg.pinv(normal, hermitian=True) @ centred.sum(axis=0)
    fitted = weights[np.newaxis] - np.einsum("sk,kf->sf", share, weights)[:, np.newaxis]
    left = np.where(there[:, :, np.newaxis], centred - fitted, 0.0)
    total, within = np.sum(centred**2, axis=(0, 1)), np.sum(left**2, axis=(0, 1))
    between = np.maximum(total - within, 0.0)
    by_feature = np.ascontiguousarray(left.transpose(2, 1, 0))
    spread = by_feature @ by_feature.transpose(0, 2, 1)
    trace = np.trace(spread, axis1=1, axis2=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        epsilon = np.clip(
            np.nan_to_num(trace**2 / (df * np.sum(spread**2, axis=(1, 2))), nan=1.0), 1 / df, 1.0
        )
        f = np.where(constant, NAN, (between / df) / (within / rest))
        effect = np.where(constant, NAN, between / total)
    found.statistic[columns], found.effect[columns] = f, effect
    found.p[columns] = np.where(np.isinf(f), 0.0, fdtrc(df * epsilon, rest * epsilon, f))


def _centred(values: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The columns without their means, 0 where missing; which values are there; which columns are constant."""
    there = np.isfinite(values)
    filled = np.where(there, values, 0.0)
    mean = filled.sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    centred = np.where(there, filled - mean, 0.0)
    constant = np.abs(centred).max(axis=0, initial=0.0) <= ROUNDING * np.abs(filled).max(axis=0, initial=0.0)
    return centred, there, constant


def _sorted(codes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows group by group, and where each group begins."""
    order = np.argsort(codes, kind="stable")
    ranked = codes[order]
    return order, np.flatnonzero(np.append(True, ranked[1:] != ranked[:-1]))


def _places(codes: np.ndarray) -> np.ndarray:
    """The codes without gaps, 0..groups-1."""
    return np.unique(codes, return_inverse=True)[1]


def _by_pattern(there: np.ndarray) -> list[np.ndarray]:
    """The columns that have the same gaps, together."""
    patterns: dict[bytes, list[int]] = {}
    for column, bits in enumerate(np.packbits(there, axis=0).T):
        patterns.setdefault(bits.tobytes(), []).append(column)
    return [np.array(columns) for columns in patterns.values()]

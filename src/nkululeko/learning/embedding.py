"""Maps of the samples in two or three dimensions, to see whether the features separate the target at all.

They are for looking only: no score is computed from them.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np

from nkululeko.core.errors import NkululekoError, did_you_mean, missing_package
from nkululeko.learning._sampling import some_rows
from nkululeko.learning._threads import limited_threads, wait_patiently

METHODS = ("tsne", "umap", "pca")
#: features beyond so many are brought down to so many principal components, before neighbours are looked for
WIDE, COMPONENTS = 100, 50
#: principal components are computed from so many values at most; the others are only projected
HUGE = 200_000_000
#: neighbours that umap looks at, its own default
NEIGHBOURS = 15
#: with fewer samples there are no neighbourhoods
FEW = 5


@dataclass(frozen=True)
class Projection:
    """Samples as points.

    Args:
        points: shape ``(kept samples, dimensions)``
        rows: which samples these are, ascending, shape ``(kept samples,)``
        axes: what the axes mean, e.g. ``PC 1 (31 %)``; empty: nothing
        note: e.g. that only some of the samples are shown
    """

    points: np.ndarray
    rows: np.ndarray
    axes: tuple[str, ...] = ()
    note: str = ""


def project(
    features: np.ndarray,
    method: str,
    dimensions: int = 2,
    *,
    seed: int,
    jobs: int = 1,
    max_points: int = 10_000,
    strata: np.ndarray | None = None,
) -> Projection:
    """A map of the samples: alike features stand close together.

    Features are standardised, missing values count as the mean, constant features as nothing.

    Args:
        features: shape ``(samples, features)``
        method: ``tsne`` (van der Maaten & Hinton 2008), ``umap`` (McInnes, Healy & Melville 2018), or ``pca``
            (principal components)
        dimensions: 2 or 3
        seed: of everything random
        jobs: threads; umap uses one, so that it gives the same map each time
        max_points: tsne and umap take so many samples at most; pca takes all
        strata: the class of each sample, which keeps its share when not all are taken, shape ``(samples,)``

    Raises:
        NkululekoError: there is no such method, its package is missing, or there are no samples

    Example:
        >>> clouds = np.repeat([[0.0, 0, 0], [9, 9, 9]], 10, axis=0) + np.arange(20)[:, np.newaxis] / 20
        >>> found = project(clouds, "pca", seed=1)
        >>> found.axes[0], bool((np.sign(found.points[:10, 0]) != np.sign(found.points[10:, 0])).all())
        ('PC 1 (100 %)', True)
    """
    if method not in METHODS:
        raise NkululekoError(f"unknown map '{method}'", "EXPL.scatter", did_you_mean(method, METHODS))
    wait_patiently()
    features = np.asarray(features)
    if not len(features):
        raise NkululekoError("there are no samples to make a map of")
    rows, notes = np.arange(len(features)), []
    if method != "pca" and len(features) > max_points:
        rows = some_rows(len(features), max_points, strata, seed)
        notes.append(f"{len(rows)} of {len(features)} samples, drawn")
    scaled = standardised(features[rows])
    scaled = scaled[:, scaled.any(axis=0)]
    if not scaled.shape[1]:
        notes.append("no feature differs between the samples: all points lie on each other")
        return Projection(np.zeros((len(rows), dimensions)), rows, note="; ".join(notes))
    if method == "pca" or len(rows) < FEW:
        points, shares = components(scaled, dimensions)
        axes = tuple(f"PC {number} ({_percent(share)})" for number, share in enumerate(shares, 1))
        if method != "pca":
            notes.append(f"too few samples for {method}: principal components instead")
        return Projection(points, rows, axes, "; ".join(notes))
    if scaled.shape[1] > WIDE:
        scaled, shares = components(scaled, min(COMPONENTS, *scaled.shape))
        notes.append(
            f"made from the first {scaled.shape[1]} principal components ({_percent(sum(shares))} of the variance)"
        )
    with limited_threads(jobs):
        mapped = (
            _umap(scaled, dimensions, seed) if method == "umap" else _tsne(scaled, dimensions, seed, jobs)
        )
    return Projection(mapped.astype(np.float64), rows, note="; ".join(notes))


def tsne(features: np.ndarray, seed: int, jobs: int = 1) -> np.ndarray:
    """t-SNE (van der Maaten & Hinton 2008) of standardised features, started from their principal components.

    Args:
        features: shape ``(samples, features)``; missing values count as the mean
        seed: of everything random
        jobs: threads

    Returns:
        shape ``(samples, 2)``
    """
    return _tsne(standardised(features), 2, seed, jobs)


def standardised(features: np.ndarray) -> np.ndarray:
    """Mean 0 and deviation 1 of each column, missing values at the mean, constant columns all 0.

    Example:
        >>> standardised(np.array([[1.0, 5.0], [3.0, 5.0], [np.nan, 5.0]])).round(3).tolist()
        [[-1.225, 0.0], [1.225, 0.0], [0.0, 0.0]]
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # a column without any value has no mean: 0
        mean = np.nanmean(np.where(np.isfinite(features), features, np.nan), axis=0)
    filled = np.where(np.isfinite(features), features, np.nan_to_num(mean)).astype(np.float64)
    deviation = filled.std(axis=0)
    # what rounding leaves of a constant column is no deviation
    varies = deviation > 1e-12 * np.abs(filled).max(axis=0, initial=0.0)
    return np.where(varies, filled - filled.mean(axis=0), 0.0) / np.where(varies, deviation, 1.0)


def components(scaled: np.ndarray, count: int) -> tuple[np.ndarray, list[float]]:
    """The first principal components (Pearson 1901), each turned so that its largest weight is positive.

    Args:
        scaled: centred, shape ``(samples, features)``
        count: how many; those that do not exist are 0

    Returns:
        the samples' scores, shape ``(samples, count)``, and each component's share of the variance, 0..1
    """
    most = max(count, HUGE // scaled.shape[1])
    basis = scaled if len(scaled) <= most else scaled[some_rows(len(scaled), most, None, 0)]
    wide = basis.shape[1] > len(basis)
    product = basis @ basis.T if wide else basis.T @ basis
    values, vectors = np.linalg.eigh(product)
    order = np.argsort(values)[::-1][:count]
    shares = np.maximum(values[order], 0) / values.sum()
    real = shares > 1e-12
    weights = basis.T @ vectors[:, order[real]] if wide else vectors[:, order[real]]
    weights /= np.linalg.norm(weights, axis=0)
    weights *= np.sign(weights[np.abs(weights).argmax(axis=0), np.arange(weights.shape[1])])
    points = np.zeros((len(scaled), count))
    points[:, : weights.shape[1]] = scaled @ weights
    return points, [*np.where(real, shares, 0.0).tolist(), *[0.0] * (count - len(order))]


def _tsne(scaled: np.ndarray, dimensions: int, seed: int, jobs: int) -> np.ndarray:
    from sklearn.manifold import TSNE

    perplexity = min(30.0, max(1.0, (len(scaled) - 1) / 3))
    init = "pca" if min(scaled.shape) >= dimensions else "random"
    return TSNE(dimensions, perplexity=perplexity, init=init, random_state=seed, n_jobs=jobs).fit_transform(
        scaled
    )


def _umap(scaled: np.ndarray, dimensions: int, seed: int) -> np.ndarray:
    with warnings.catch_warnings():  # it warns of its own dependencies and of each small or regular table
        warnings.simplefilter("ignore")
        try:
            from umap import UMAP
        except ImportError as missing:
            raise missing_package("umap-learn", "explore", "scatter = umap") from missing
        neighbours = min(NEIGHBOURS, len(scaled) - 1)
        # the spectral start needs more samples than dimensions and neighbours
        init = "spectral" if len(scaled) > 3 * NEIGHBOURS else "random"
        mapper = UMAP(
            n_components=dimensions, n_neighbors=neighbours, init=init, random_state=seed, n_jobs=1,
            transform_seed=seed,
        )  # fmt: skip
        return np.asarray(mapper.fit_transform(scaled))


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share >= 0.005 or share == 0 else "<1 %"

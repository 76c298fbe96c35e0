"""A map of the samples in two dimensions, to see whether the features separate the target at all."""

from __future__ import annotations

import numpy as np


def tsne(features: np.ndarray, seed: int, jobs: int = 1) -> np.ndarray:
    """t-SNE (van der Maaten & Hinton 2008) of standardised features, started from their principal components.

    It is for looking only: no score is computed from it.

    Args:
        features: shape ``(samples, features)``; missing values count as the mean
        seed: of everything random
        jobs: threads

    Returns:
        shape ``(samples, 2)``
    """
    from sklearn.manifold import TSNE

    mean = np.nanmean(np.where(np.isfinite(features), features, np.nan), axis=0)
    filled = np.where(np.isfinite(features), features, np.nan_to_num(mean)).astype(np.float64)
    deviation = filled.std(axis=0)
    scaled = (filled - filled.mean(axis=0)) / np.where(deviation > 0, deviation, 1.0)
    perplexity = min(30.0, max(1.0, (len(scaled) - 1) / 3))
    init = "pca" if min(scaled.shape) >= 2 else "random"
    return TSNE(2, perplexity=perplexity, init=init, random_state=seed, n_jobs=jobs).fit_transform(scaled)

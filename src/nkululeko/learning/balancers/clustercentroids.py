"""``balancing = clustercentroids``: under-sampling to cluster centres."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.balancers._imblearn import ImblearnBalancer


class Centroids(ImblearnBalancer):
    """imbalanced-learn's ``ClusterCentroids``: the smallest class stays, each larger one becomes as many centres.

    The centres are means of samples, not samples themselves. Source of the clustering: Lloyd, "Least squares
    quantization in PCM", 1982.
    """

    summary = "replaces the larger classes by the centres of clusters (k-means)"

    def build(self, seed: int) -> Any:
        """The unfitted ``ClusterCentroids``."""
        from imblearn.under_sampling import ClusterCentroids

        return ClusterCentroids(random_state=seed)

"""Nearest neighbours for numbers (Cover & Hart 1967)."""

from __future__ import annotations

from typing import Any

import numpy as np

from nkululeko.learning.models._options import NeighbourOptions
from nkululeko.learning.models._sklearn import SklearnModel, neighbours_at_most


class KnnReg(SklearnModel):
    """scikit-learn's ``KNeighborsRegressor``."""

    summary = "k nearest neighbours, regression"
    Options = NeighbourOptions
    options: NeighbourOptions
    tasks = ("regression",)
    partner = "knn"
    takes_weights = False

    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Learn, with no more neighbours than there are training rows."""
        super().fit(features, target, weights)
        limit = neighbours_at_most(self.options.K_val, len(features), self.plugin_name())
        self.estimator.set_params(n_neighbors=limit)

    def build(self) -> Any:
        """The unfitted KNeighborsRegressor."""
        from sklearn.neighbors import KNeighborsRegressor

        return KNeighborsRegressor(
            n_neighbors=self.options.K_val, weights=self.options.KNN_weights, n_jobs=self.context.jobs
        )

"""Replaces each value by its rank among the training values, 0 to 1."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nkululeko.core.families import Scaler
from nkululeko.learning.scalers._moments import empty_as_zero


class Quantile(Scaler):
    """scikit-learn's ``QuantileTransformer`` with up to 1000 quantiles, uniform, without subsampling."""

    summary = "each feature to its quantile among the training values, 0 to 1"

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.ranks: Any = None

    def fit(self, features: np.ndarray, groups: np.ndarray | None = None) -> None:
        """Find the quantiles of each column."""
        from sklearn.preprocessing import QuantileTransformer

        self.ranks = QuantileTransformer(n_quantiles=min(1000, len(features)), subsample=None).fit(
            empty_as_zero(features)
        )

    def transform(self, features: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        """The quantile of each value; beyond the training values 0 and 1."""
        return self.ranks.transform(features)

    def state(self) -> dict[str, np.ndarray]:
        """The quantiles, shape ``(quantiles, features)``, and their ranks."""
        return {"quantiles": self.ranks.quantiles_, "references": self.ranks.references_}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over the quantiles."""
        from sklearn.preprocessing import QuantileTransformer

        quantiles = state["quantiles"]
        self.ranks = QuantileTransformer(n_quantiles=len(quantiles), subsample=None)
        self.ranks.quantiles_, self.ranks.references_ = quantiles, state["references"]
        self.ranks.n_quantiles_, self.ranks.n_features_in_ = quantiles.shape

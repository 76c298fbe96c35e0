"""Gradient-boosted trees for numbers (Chen & Guestrin 2016)."""

from __future__ import annotations

import numpy as np

from nkululeko.learning.models._xgboost import BoostedTrees


class Xgr(BoostedTrees):
    """xgboost for numbers: the squared error is minimised."""

    summary = "gradient-boosted trees (XGBoost), regression"
    tasks = ("regression",)
    partner = "xgb"
    tried = ({"max_depth": 4, "colsample_bytree": 0.2},)

    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Learn numbers."""
        self.boost(features, np.asarray(target, dtype=np.float64), weights, {"objective": "reg:squarederror"})

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The predicted number of each row."""
        return self.raw(features).astype(np.float64)

    @property
    def classes(self) -> list[str]:
        """None: it predicts numbers."""
        return []

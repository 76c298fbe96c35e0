"""Gradient-boosted trees for numbers (Chen & Guestrin 2016)."""

from __future__ import annotations

from typing import Any

import numpy as np

from nkululeko.learning.models._xgboost import BoostedTrees


class Xgr(BoostedTrees):
    """xgboost's ``XGBRegressor``."""

    summary = "gradient-boosted trees (XGBoost), regression"
    tasks = ("regression",)
    partner = "xgb"

    def build(self) -> Any:
        """The unfitted XGBRegressor."""
        from xgboost import XGBRegressor

        return XGBRegressor(**self.parameters())

    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Learn numbers."""
        self.estimator = self.build().fit(
            features, np.asarray(target, dtype=np.float64), sample_weight=weights
        )

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The predicted number of each row."""
        return np.asarray(self.estimator.predict(features), dtype=np.float64)

    @property
    def classes(self) -> list[str]:
        """None: it predicts numbers."""
        return []

"""Gradient-boosted trees for numbers (Ke et al. 2017)."""

from __future__ import annotations

import numpy as np

from nkululeko.learning.models._lightgbm import LightTrees


class LgbmReg(LightTrees):
    """LightGBM for numbers: the squared error is minimised."""

    summary = "gradient-boosted trees (LightGBM), regression; needs the extra lightgbm"
    tasks = ("regression",)
    partner = "lgbm"

    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Learn numbers."""
        self.boost(features, np.asarray(target, dtype=np.float64), weights, {"objective": "regression"})

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The predicted number of each row."""
        return self.raw(features).astype(np.float64)

    @property
    def classes(self) -> list[str]:
        """None: it predicts numbers."""
        return []

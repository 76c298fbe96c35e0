"""Bends each feature towards a normal distribution (Yeo & Johnson 2000)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nkululeko.core.families import Scaler
from nkululeko.learning.scalers._moments import empty_as_zero, moments


class Power(Scaler):
    """scikit-learn's ``PowerTransformer``: Yeo-Johnson, then zero mean and unit variance."""

    summary = "each feature bent towards a normal distribution (Yeo-Johnson)"

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.bend: Any = None
        self.mean = np.empty(0)
        self.scale = np.empty(0)

    def fit(self, features: np.ndarray, groups: np.ndarray | None = None) -> None:
        """Find each column's likeliest exponent, and the moments of the bent columns."""
        from sklearn.preprocessing import PowerTransformer

        self.bend = PowerTransformer(standardize=False).fit(empty_as_zero(features))
        self.mean, self.scale = moments(self.bend.transform(features))

    def transform(self, features: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        """The bent and standardised features."""
        return (self.bend.transform(features) - self.mean) / self.scale

    def state(self) -> dict[str, np.ndarray]:
        """Exponents, means and standard deviations."""
        return {"lambdas": self.bend.lambdas_, "mean": self.mean, "scale": self.scale}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what was learned."""
        from sklearn.preprocessing import PowerTransformer

        self.bend = PowerTransformer(standardize=False)
        self.bend.lambdas_ = state["lambdas"]
        self.bend.n_features_in_ = len(state["lambdas"])
        self.mean, self.scale = state["mean"], state["scale"]

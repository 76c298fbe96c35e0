"""Three levels: low, middle, high."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nkululeko.core.families import Scaler
from nkululeko.learning.scalers._moments import empty_as_zero


class Bins(Scaler):
    """Each feature becomes 0, 0.5 or 1: the lower, middle and upper third of the training part."""

    summary = "low, middle, high third of the training values to 0, 0.5, 1"

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.borders = np.empty((2, 0))

    def fit(self, features: np.ndarray, groups: np.ndarray | None = None) -> None:
        """Find the terciles of each column."""
        self.borders = np.nanquantile(empty_as_zero(features), (1 / 3, 2 / 3), axis=0)

    def transform(self, features: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        """The third that each value lies in; a border belongs to the lower one, so constants give 0."""
        lower, upper = self.borders
        return np.where(np.isnan(features), np.nan, 0.5 * (features > lower) + 0.5 * (features > upper))

    def state(self) -> dict[str, np.ndarray]:
        """The two borders of each feature, shape ``(2, features)``."""
        return {"borders": self.borders}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over the borders."""
        self.borders = state["borders"]

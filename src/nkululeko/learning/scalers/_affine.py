"""What the scalers share that shift and stretch each column: (x - centre) / scale."""

from __future__ import annotations

import warnings
from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

import numpy as np

from nkululeko.core.families import Scaler


class Affine(Scaler):
    """Shifts each column by its centre and divides it by its scale; missing values stay missing."""

    def __init__(self, options: Any = None) -> None:
        super().__init__(options)
        self.centre = np.empty(0)
        self.scale = np.empty(0)

    @abstractmethod
    def measure(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Centre and scale of each column, shape ``(features,)`` each; no scale is 0."""

    def fit(self, features: np.ndarray, groups: np.ndarray | None = None) -> None:
        """Measure the columns of the training part."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # columns without any value stay without
            self.centre, self.scale = self.measure(features)

    def transform(self, features: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        """The scaled features."""
        return (features - self.centre) / self.scale

    def state(self) -> dict[str, np.ndarray]:
        """Centre and scale."""
        return {"centre": self.centre, "scale": self.scale}

    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over centre and scale."""
        self.centre, self.scale = state["centre"], state["scale"]

"""Leaves the features as they are."""

from __future__ import annotations

import numpy as np

from nkululeko.learning.scalers._stateless import Stateless


class NoScaler(Stateless):
    """No scaling."""

    summary = "features as they are"

    def transform(self, features: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        """The same features."""
        return features

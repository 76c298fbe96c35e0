"""The training part fills 0 to 1."""

from __future__ import annotations

import numpy as np

from nkululeko.learning.scalers._affine import Affine
from nkululeko.learning.scalers._moments import without_zeros


class MinMax(Affine):
    """As scikit-learn's ``MinMaxScaler``; test values may lie outside 0 to 1."""

    summary = "smallest training value to 0, largest to 1"

    def measure(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Minimum and range."""
        low, high = np.nanmin(features, axis=0), np.nanmax(features, axis=0)
        return low, without_zeros(high - low)

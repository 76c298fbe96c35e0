"""Median and interquartile range: outliers count for little."""

from __future__ import annotations

import numpy as np

from nkululeko.learning.scalers._affine import Affine
from nkululeko.learning.scalers._moments import without_zeros


class Robust(Affine):
    """As scikit-learn's ``RobustScaler``."""

    summary = "zero median and unit interquartile range of each feature"

    def measure(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Median and distance of the quartiles."""
        lower, median, upper = np.nanpercentile(features, (25, 50, 75), axis=0)
        return median, without_zeros(upper - lower)

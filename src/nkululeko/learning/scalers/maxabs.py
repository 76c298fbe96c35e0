"""The training part lies within -1 to 1, and zero stays zero."""

from __future__ import annotations

import numpy as np

from nkululeko.learning.scalers._affine import Affine
from nkululeko.learning.scalers._moments import without_zeros


class MaxAbs(Affine):
    """As scikit-learn's ``MaxAbsScaler``."""

    summary = "largest absolute training value to 1; zero stays zero"

    def measure(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Zero and the largest absolute value."""
        largest = np.nanmax(np.abs(features), axis=0)
        return np.zeros_like(largest), without_zeros(largest)

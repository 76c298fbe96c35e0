"""Zero mean and unit variance."""

from __future__ import annotations

import numpy as np

from nkululeko.learning.scalers._affine import Affine
from nkululeko.learning.scalers._moments import moments


class Standard(Affine):
    """As scikit-learn's ``StandardScaler``, to the last bit."""

    summary = "zero mean and unit variance of each feature"
    tried = ({},)

    def measure(self, features: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Mean and standard deviation."""
        return moments(features)

"""Each sample to unit length."""

from __future__ import annotations

import numpy as np

from nkululeko.learning.scalers._stateless import Stateless


class Normalizer(Stateless):
    """As scikit-learn's ``Normalizer`` (Euclidean norm); a row of zeros stays as it is."""

    summary = "each sample's feature vector to unit length"

    def transform(self, features: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        """Each row divided by its Euclidean norm; missing values are left out of it and stay missing."""
        present = np.nan_to_num(features, nan=0.0)
        length = np.sqrt(np.einsum("ij,ij->i", present, present))
        return features / np.where(length == 0, 1.0, length)[:, None]

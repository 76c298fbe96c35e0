"""``balancing = ros``: random over-sampling."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.balancers._imblearn import ImblearnBalancer


class Ros(ImblearnBalancer):
    """imbalanced-learn's ``RandomOverSampler``: draws from each class until it is as large as the largest.

    Example:
        >>> import numpy as np
        >>> features, target = np.array([[1.0], [2.0], [9.0]]), np.array(["a", "a", "b"])
        >>> Ros().resample(features, target, seed=1)[1].tolist()
        ['a', 'a', 'b', 'b']
    """

    draws = True
    summary = "repeats samples of the smaller classes, drawn at random"
    accepts_missing = True

    def build(self, seed: int) -> Any:
        """The unfitted ``RandomOverSampler``."""
        from imblearn.over_sampling import RandomOverSampler

        return RandomOverSampler(random_state=seed)

"""``balancing = randomundersampler``: random under-sampling."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.balancers._imblearn import ImblearnBalancer


class RandomUnder(ImblearnBalancer):
    """imbalanced-learn's ``RandomUnderSampler``: draws as many of each class as the smallest has."""

    draws = True
    summary = "leaves out samples of the larger classes, drawn at random"
    accepts_missing = True

    def build(self, seed: int) -> Any:
        """The unfitted ``RandomUnderSampler``."""
        from imblearn.under_sampling import RandomUnderSampler

        return RandomUnderSampler(random_state=seed)

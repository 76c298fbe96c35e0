"""``balancing = smote``: synthetic minority over-sampling."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.balancers._imblearn import ImblearnBalancer


class Smote(ImblearnBalancer):
    """imbalanced-learn's ``SMOTE`` with five neighbours.

    Source: Chawla, Bowyer, Hall and Kegelmeyer, "SMOTE: synthetic minority over-sampling technique", 2002.
    """

    summary = "new samples of the smaller classes, between neighbours of the same class"
    per_class = 6

    def build(self, seed: int) -> Any:
        """The unfitted ``SMOTE``."""
        from imblearn.over_sampling import SMOTE

        return SMOTE(k_neighbors=5, random_state=seed)

"""``balancing = smoteenn``: SMOTE, then cleaning by edited nearest neighbours."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.balancers._imblearn import ImblearnBalancer


class SmoteEnn(ImblearnBalancer):
    """imbalanced-learn's ``SMOTEENN``: SMOTE with five neighbours, cleaning with three.

    Where classes overlap, little is left of them, and sizes differ. Source: Batista, Prati and Monard, "A study of
    the behavior of several methods for balancing machine learning training data", 2004.
    """

    summary = "smote, then removes samples whose neighbours are of other classes"
    per_class = 6

    def build(self, seed: int) -> Any:
        """The unfitted ``SMOTEENN``."""
        from imblearn.combine import SMOTEENN

        return SMOTEENN(random_state=seed)

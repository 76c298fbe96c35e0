"""``balancing = borderlinesmote``: SMOTE from samples near the border."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.balancers._imblearn import ImblearnBalancer


class BorderlineSmote(ImblearnBalancer):
    """imbalanced-learn's ``BorderlineSMOTE`` (kind 1) with five neighbours, ten to find the border.

    A class without a sample near the border stays as small as it is, with a warning. Source: Han, Wang and Mao,
    "Borderline-SMOTE: a new over-sampling method in imbalanced data sets learning", 2005.
    """

    summary = "like smote, from samples near other classes only"
    per_class = 6
    in_all = 11
    may_skip = "none lies at the border to another class"

    def build(self, seed: int) -> Any:
        """The unfitted ``BorderlineSMOTE``."""
        from imblearn.over_sampling import BorderlineSMOTE

        return BorderlineSMOTE(k_neighbors=5, m_neighbors=10, kind="borderline-1", random_state=seed)

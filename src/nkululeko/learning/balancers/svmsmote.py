"""``balancing = svmsmote``: SMOTE from support vectors."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.balancers._imblearn import ImblearnBalancer


class SvmSmote(ImblearnBalancer):
    """imbalanced-learn's ``SVMSMOTE`` with five neighbours, ten to tell border from noise.

    Where all samples at the border are surrounded by others, or none is, it makes but a part of what is missing (about
    half). Source: Nguyen, Cooper and Kamei, "Borderline over-sampling for imbalanced data classification", 2009.
    """

    summary = "like smote, from the samples near the border that a support vector machine draws"
    per_class = 6
    in_all = 11
    trouble = "svmsmote takes all samples at the border of a smaller class for noise: it lies amid others"

    def build(self, seed: int) -> Any:
        """The unfitted ``SVMSMOTE``."""
        from imblearn.over_sampling import SVMSMOTE

        return SVMSMOTE(k_neighbors=5, m_neighbors=10, random_state=seed)

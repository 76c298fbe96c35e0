"""``balancing = smotetomek``: SMOTE, then cleaning of Tomek links."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.balancers._imblearn import ImblearnBalancer


class SmoteTomek(ImblearnBalancer):
    """imbalanced-learn's ``SMOTETomek``: SMOTE with five neighbours; both samples of each link are removed.

    Source: Batista, Bazzan and Monard, "Balancing training data for automated annotation of keywords", 2003.
    """

    summary = "smote, then removes pairs of samples that are nearest to each other, of two classes"
    per_class = 6

    def build(self, seed: int) -> Any:
        """The unfitted ``SMOTETomek``."""
        from imblearn.combine import SMOTETomek

        return SMOTETomek(random_state=seed)

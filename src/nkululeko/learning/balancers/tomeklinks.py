"""``balancing = tomeklinks``: cleaning of Tomek links."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.balancers._imblearn import ImblearnBalancer


class Tomek(ImblearnBalancer):
    """imbalanced-learn's ``TomekLinks``: cleans the border between classes; sizes do not become equal.

    Two samples of two classes that are nearest to each other are a link. The one of the larger class goes; both go
    where neither is of the smallest class.

    Source: Tomek, "Two modifications of CNN", 1976.
    """

    summary = "removes samples of the larger classes whose nearest neighbour is of another class"

    def build(self, seed: int) -> Any:
        """The unfitted ``TomekLinks``."""
        from imblearn.under_sampling import TomekLinks

        return TomekLinks()

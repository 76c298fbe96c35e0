"""``balancing = editednearestneighbours``: cleaning by edited nearest neighbours."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.balancers._imblearn import ImblearnBalancer


class EditedNeighbours(ImblearnBalancer):
    """imbalanced-learn's ``EditedNearestNeighbours`` with three neighbours; sizes do not become equal.

    Source: Wilson, "Asymptotic properties of nearest neighbor rules using edited data", 1972.
    """

    summary = "removes samples of the larger classes whose neighbours are not all of their class"
    in_all = 4

    def build(self, seed: int) -> Any:
        """The unfitted ``EditedNearestNeighbours``."""
        from imblearn.under_sampling import EditedNearestNeighbours

        return EditedNearestNeighbours(n_neighbors=3)

"""Decision tree for numbers (Breiman et al. 1984)."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.models._options import TreeOptions
from nkululeko.learning.models._sklearn import SklearnModel


class TreeReg(SklearnModel):
    """scikit-learn's ``DecisionTreeRegressor``."""

    summary = "decision tree, regression"
    Options = TreeOptions
    options: TreeOptions
    tasks = ("regression",)
    partner = "tree"
    needs_scaling = False

    def build(self) -> Any:
        """The unfitted DecisionTreeRegressor."""
        from sklearn.tree import DecisionTreeRegressor

        return DecisionTreeRegressor(
            max_depth=self.options.max_depth,
            random_state=self.context.seed,
        )

"""Decision tree for classes (Breiman et al. 1984)."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.models._options import TreeOptions
from nkululeko.learning.models._sklearn import SklearnModel


class Tree(SklearnModel):
    """scikit-learn's ``DecisionTreeClassifier``."""

    summary = "decision tree"
    Options = TreeOptions
    options: TreeOptions
    probabilistic = True
    has_class_weight = True
    partner = "tree_reg"
    needs_scaling = False

    def build(self) -> Any:
        """The unfitted DecisionTreeClassifier."""
        from sklearn.tree import DecisionTreeClassifier

        return DecisionTreeClassifier(
            max_depth=self.options.max_depth,
            class_weight=self.class_weight,
            random_state=self.context.seed,
        )

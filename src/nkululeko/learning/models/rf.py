"""Random forest for classes (Breiman 2001)."""

from __future__ import annotations

from typing import Any

import numpy as np

from nkululeko.learning.models._options import ForestOptions
from nkululeko.learning.models._sklearn import SklearnModel


class Forest(SklearnModel):
    """scikit-learn's ``RandomForestClassifier``."""

    summary = "random forest"
    Options = ForestOptions
    options: ForestOptions
    probabilistic = True
    has_class_weight = True
    partner = "rf_reg"
    needs_scaling = False
    tried = ({"n_estimators": 300},)

    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Learn with all threads, but predict with one: threads would add up the trees in any order."""
        super().fit(features, target, weights)
        self.estimator.set_params(n_jobs=1)

    def build(self) -> Any:
        """The unfitted RandomForestClassifier."""
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(
            n_estimators=self.options.n_estimators,
            max_depth=self.options.max_depth,
            class_weight=self.class_weight,
            random_state=self.context.seed,
            n_jobs=self.context.jobs,
        )

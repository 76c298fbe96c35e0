"""Random forest for numbers (Breiman 2001)."""

from __future__ import annotations

from typing import Any

import numpy as np

from nkululeko.learning.models._options import ForestOptions
from nkululeko.learning.models._sklearn import SklearnModel


class ForestReg(SklearnModel):
    """scikit-learn's ``RandomForestRegressor``."""

    summary = "random forest, regression"
    Options = ForestOptions
    options: ForestOptions
    tasks = ("regression",)
    partner = "rf"
    needs_scaling = False
    tried = ({"n_estimators": 300},)

    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Learn with all threads, but predict with one: threads would add up the trees in any order."""
        super().fit(features, target, weights)
        self.estimator.set_params(n_jobs=1)

    def build(self) -> Any:
        """The unfitted RandomForestRegressor."""
        from sklearn.ensemble import RandomForestRegressor

        return RandomForestRegressor(
            n_estimators=self.options.n_estimators,
            max_depth=self.options.max_depth,
            random_state=self.context.seed,
            n_jobs=self.context.jobs,
        )

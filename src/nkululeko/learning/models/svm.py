"""Support vector machine for classes (Cortes & Vapnik 1995)."""

from __future__ import annotations

from typing import Any

import numpy as np

from nkululeko.learning.models._options import KernelOptions
from nkululeko.learning.models._sklearn import SklearnModel


class Svm(SklearnModel):
    """scikit-learn's ``SVC``; its scores are decision values, not probabilities."""

    summary = "support vector machine"
    Options = KernelOptions
    options: KernelOptions
    partner = "svr"
    has_class_weight = True
    tried = ({"C_val": 1.0}, {"C_val": 10.0})

    def build(self) -> Any:
        """The unfitted SVC."""
        from sklearn.svm import SVC

        return SVC(
            C=self.options.C_val,
            gamma=self.options.gamma,
            kernel=self.options.kernel,
            class_weight=self.class_weight,
            random_state=self.context.seed,
        )

    def scores(self, features: np.ndarray) -> np.ndarray:
        """The decision value of each class against the rest, shape ``(samples, classes)``.

        No probabilities: Platt's scaling may contradict the prediction and costs a cross-validation.
        """
        values = self.estimator.decision_function(features)
        return np.column_stack([-values, values]) if values.ndim == 1 else values

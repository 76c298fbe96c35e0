"""Logistic regression (Cox 1958), with several classes at once."""

from __future__ import annotations

from typing import Any

from nkululeko.core.plugin import Options, option
from nkululeko.learning.models._sklearn import SklearnModel


class LogregOptions(Options):
    """Options of logistic regression."""

    C_val: float = option(1.0, "regularisation: smaller is smoother", gt=0)


class Logreg(SklearnModel):
    """scikit-learn's ``LogisticRegression``, iterated until it has converged."""

    summary = "logistic regression"
    Options = LogregOptions
    options: LogregOptions
    partner = "lin_reg"
    probabilistic = True
    has_class_weight = True
    rotates = True
    tried = ({"C_val": 0.03}, {"C_val": 0.003}, {"C_val": 0.3})

    def build(self) -> Any:
        """The unfitted LogisticRegression."""
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(
            C=self.options.C_val,
            class_weight=self.class_weight,
            max_iter=10_000,  # 100, the library's default, is too few for a hundred features
            random_state=self.context.seed,
        )

"""Linear regression by least squares, or with a penalty (ridge regression, Hoerl & Kennard 1970)."""

from __future__ import annotations

from typing import Any

from nkululeko.core.plugin import Options, option
from nkululeko.learning.models._sklearn import SklearnModel


class LinRegOptions(Options):
    """Options of linear regression."""

    alpha: float = option(0.0, "penalty on large weights, for many features; 0: least squares", ge=0)


class LinReg(SklearnModel):
    """scikit-learn's ``LinearRegression``, or ``Ridge``: without a penalty it wants many more samples than features."""

    summary = "linear regression"
    Options = LinRegOptions
    options: LinRegOptions
    tasks = ("regression",)
    partner = "logreg"
    tried = ({"alpha": 100.0}, {"alpha": 1000.0}, {"alpha": 10.0})

    def build(self) -> Any:
        """The unfitted estimator."""
        from sklearn.linear_model import LinearRegression, Ridge

        return Ridge(self.options.alpha) if self.options.alpha else LinearRegression()

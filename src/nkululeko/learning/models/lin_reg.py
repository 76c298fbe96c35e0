"""Linear regression by least squares."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.models._sklearn import SklearnModel


class LinReg(SklearnModel):
    """scikit-learn's ``LinearRegression``: no regularisation, so it wants many more samples than features."""

    summary = "linear regression"
    tasks = ("regression",)
    partner = "logreg"

    def build(self) -> Any:
        """The unfitted LinearRegression."""
        from sklearn.linear_model import LinearRegression

        return LinearRegression()

"""Support vector machine for numbers (Smola & Schölkopf 2004)."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.models._options import KernelOptions
from nkululeko.learning.models._sklearn import SklearnModel


class Svr(SklearnModel):
    """scikit-learn's ``SVR``."""

    summary = "support vector regression"
    Options = KernelOptions
    options: KernelOptions
    tasks = ("regression",)
    partner = "svm"
    tried = ({"C_val": 1.0}, {"C_val": 10.0}, {"C_val": 100.0})

    def build(self) -> Any:
        """The unfitted SVR."""
        from sklearn.svm import SVR

        return SVR(C=self.options.C_val, gamma=self.options.gamma, kernel=self.options.kernel)

"""Linear discriminant analysis (Fisher 1936), with shrinkage (Ledoit & Wolf 2004) where features are many."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field

from nkululeko.core.plugin import Options, option
from nkululeko.learning.models._sklearn import SklearnModel
from nkululeko.learning.models._weights import as_labels
from nkululeko.learning.models._wide import is_wide


class LdaOptions(Options):
    """Options of linear discriminant analysis."""

    shrinkage: Literal["none", "auto"] | Annotated[float, Field(ge=0, le=1)] = option(
        "none",
        "pull the covariances towards a sphere, for few samples of many features: none, auto (Ledoit & Wolf) or 0..1",
    )


class Lda(SklearnModel):
    """scikit-learn's ``LinearDiscriminantAnalysis``: by singular value decomposition, with shrinkage by least squares.

    With ``class_weight`` all classes are taken to be equally frequent. With shrinkage and more features than samples
    the covariances are estimated in the space that the samples span.
    """

    summary = "linear discriminant analysis"
    Options = LdaOptions
    options: LdaOptions
    probabilistic = True
    takes_weights = False
    has_class_weight = True
    tried = ({"shrinkage": "auto"},)

    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Learn; what is not needed to predict is not kept."""
        self._classes = len(set(as_labels(target)))
        self.rotates = self.options.shrinkage != "none"
        self._is_wide = self.rotates and is_wide(features)
        super().fit(features, target, weights)
        if self.rotates:
            self.estimator.covariance_estimator = None
            for unneeded in ("covariance_", "means_"):
                delattr(self.estimator, unneeded)

    def build(self) -> Any:
        """The unfitted LinearDiscriminantAnalysis."""
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        fitting = hasattr(self, "_classes")
        priors = np.full(self._classes, 1 / self._classes) if fitting and self.context.class_weight else None
        shrinkage = self.options.shrinkage
        if shrinkage == "none":
            return LinearDiscriminantAnalysis(priors=priors)
        if fitting and self._is_wide and shrinkage == "auto":
            from sklearn.covariance import LedoitWolf

            # 'auto' would make all axes equally long, which in turned axes makes noise as loud as speech
            return LinearDiscriminantAnalysis("lsqr", priors=priors, covariance_estimator=LedoitWolf())
        return LinearDiscriminantAnalysis("lsqr", shrinkage=shrinkage, priors=priors)

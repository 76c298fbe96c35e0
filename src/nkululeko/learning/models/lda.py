"""Linear discriminant analysis (Fisher 1936)."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.models._sklearn import SklearnModel


class Lda(SklearnModel):
    """scikit-learn's ``LinearDiscriminantAnalysis``, by singular value decomposition."""

    summary = "linear discriminant analysis"
    probabilistic = True
    takes_weights = False

    def build(self) -> Any:
        """The unfitted LinearDiscriminantAnalysis."""
        from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

        return LinearDiscriminantAnalysis()

"""Naive Bayes with normally distributed features."""

from __future__ import annotations

from typing import Any

from nkululeko.learning.models._sklearn import SklearnModel


class NaiveBayes(SklearnModel):
    """scikit-learn's ``GaussianNB``.

    It wants scaled features: its smoothing adds a share of the largest variance (that of a formant, in Hz²)
    to all variances, which would drown features with small numbers.
    """

    summary = "Gaussian naive Bayes"
    also = ("bayes",)
    probabilistic = True

    def build(self) -> Any:
        """The unfitted GaussianNB."""
        from sklearn.naive_bayes import GaussianNB

        return GaussianNB()

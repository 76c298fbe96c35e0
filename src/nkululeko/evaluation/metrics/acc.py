"""``measure = acc``: accuracy."""

from __future__ import annotations

import numpy as np

from nkululeko.core.families import Metric, Scored
from nkululeko.evaluation.metrics._confusion import accuracy, class_counts, resampled_counts


class Accuracy(Metric):
    """The share of samples whose class was found; large classes count for more (weighted average recall).

    Example:
        >>> truth, prediction = np.array(["a", "a", "a", "b"]), np.array(["a", "a", "b", "b"])
        >>> Accuracy().value(Scored(truth, prediction, labels=["a", "b"]))
        0.75
    """

    tasks = ("classification",)
    also = ("accuracy",)
    label = "accuracy"
    summary = "accuracy: the share of samples whose class was found, 0..1; large classes count for more"

    def value(self, scored: Scored) -> float:
        """The figure for all samples; NaN without samples."""
        return float(accuracy(class_counts(scored))[0])

    def resampled(self, scored: Scored, groups: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The figure of each resample of groups, shape ``(resamples,)``."""
        return accuracy(resampled_counts(scored, groups, counts))

"""``measure = f1``: macro F1."""

from __future__ import annotations

import numpy as np

from nkululeko.core.families import Metric, Scored
from nkululeko.evaluation.metrics._confusion import class_counts, f1s, mean_of_defined, resampled_counts


class F1(Metric):
    """The mean over the classes of F1, the harmonic mean of a class's precision and recall.

    As ``f1_score(average="macro")`` of scikit-learn: the mean is over the classes that occur in truth or
    prediction of the samples at hand, in each resample anew, and a class never found has F1 = 0. It is the
    mean of the classes' F1, not the F1 of the mean precision and recall (Opitz and Burst, "Macro F1 and Macro
    F1", 2019).

    Example:
        >>> truth, prediction = np.array(["a", "a", "b", "b"]), np.array(["a", "b", "b", "b"])
        >>> round(F1().value(Scored(truth, prediction, labels=["a", "b"])), 3)
        0.733
    """

    tasks = ("classification",)
    label = "F1"
    summary = "macro F1: the mean over the classes of the harmonic mean of precision and recall, 0..1"

    def value(self, scored: Scored) -> float:
        """The figure for all samples; NaN without samples."""
        return float(mean_of_defined(f1s(class_counts(scored)))[0])

    def resampled(self, scored: Scored, groups: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The figure of each resample of groups, shape ``(resamples,)``."""
        return mean_of_defined(f1s(resampled_counts(scored, groups, counts)))

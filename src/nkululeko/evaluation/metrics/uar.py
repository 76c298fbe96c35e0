"""``measure = uar``: unweighted average recall."""

from __future__ import annotations

import numpy as np

from nkululeko.core.families import Metric, Scored
from nkululeko.evaluation.metrics._confusion import class_counts, mean_of_defined, recalls, resampled_counts


class Uar(Metric):
    """The mean of the recalls of all classes, however many samples each has (balanced accuracy).

    Classes that do not occur in the truth of the samples at hand have no recall and are left out of the mean,
    in each resample anew. Source: Schuller, Steidl and Batliner, "The INTERSPEECH 2009 Emotion Challenge",
    2009.

    Example:
        >>> truth, prediction = np.array(["a", "a", "b"]), np.array(["a", "b", "b"])
        >>> Uar().value(Scored(truth, prediction, labels=["a", "b"]))
        0.75
    """

    tasks = ("classification",)
    label = "UAR"
    summary = "unweighted average recall: the mean of the classes' recalls, 0..1, chance is 1 / classes"

    def value(self, scored: Scored) -> float:
        """The figure for all samples; NaN without samples."""
        return float(mean_of_defined(recalls(class_counts(scored)))[0])

    def resampled(self, scored: Scored, groups: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The figure of each resample of groups, shape ``(resamples,)``."""
        return mean_of_defined(recalls(resampled_counts(scored, groups, counts)))

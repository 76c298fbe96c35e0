"""``measure = mse``: mean squared error."""

from __future__ import annotations

import numpy as np

from nkululeko.core.families import Metric, Scored
from nkululeko.evaluation.metrics._moments import mean_of, moments, resampled_moments


class Mse(Metric):
    """The mean of the squared differences of prediction and truth.

    Example:
        >>> Mse().value(Scored(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        2.0
    """

    tasks = ("regression",)
    higher_is_better = False
    label = "MSE"
    summary = "mean squared error, in the target's unit squared; 0 is best, large errors count for more"

    def value(self, scored: Scored) -> float:
        """The figure for all samples; NaN without samples."""
        return float(mean_of(moments(scored), "dd")[0])

    def resampled(self, scored: Scored, groups: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The figure of each resample of groups, shape ``(resamples,)``."""
        return mean_of(resampled_moments(scored, groups, counts), "dd")

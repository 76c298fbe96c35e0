"""``measure = mae``: mean absolute error."""

from __future__ import annotations

import numpy as np

from nkululeko.core.families import Metric, Scored
from nkululeko.evaluation.metrics._moments import mean_of, moments, resampled_moments


class Mae(Metric):
    """The mean size of the differences of prediction and truth.

    Example:
        >>> Mae().value(Scored(np.array([1.0, 2.0]), np.array([1.0, 4.0])))
        1.0
    """

    tasks = ("regression",)
    higher_is_better = False
    label = "MAE"
    summary = "mean absolute error, in the target's unit; 0 is best"

    def value(self, scored: Scored) -> float:
        """The figure for all samples; NaN without samples."""
        return float(mean_of(moments(scored), "abs_d")[0])

    def resampled(self, scored: Scored, groups: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The figure of each resample of groups, shape ``(resamples,)``."""
        return mean_of(resampled_moments(scored, groups, counts), "abs_d")

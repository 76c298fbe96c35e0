"""``measure = pcc``: Pearson's correlation coefficient."""

from __future__ import annotations

import numpy as np

from nkululeko.core.families import Metric, Scored
from nkululeko.evaluation.metrics._moments import moments, pearson, resampled_moments


class Pcc(Metric):
    """How well prediction and truth lie on a rising line, whatever its slope and offset (Pearson 1895).

    Undefined, so NaN, for fewer than two samples and where truth or prediction is constant, as in audmetric.

    Example:
        >>> round(Pcc().value(Scored(np.array([0.0, 1.0, 2.0]), np.array([5.0, 7.0, 9.0]))), 6)
        1.0
    """

    tasks = ("regression",)
    label = "PCC"
    summary = "Pearson's correlation coefficient, -1..1; blind to offset and scale of the prediction"

    def value(self, scored: Scored) -> float:
        """The figure for all samples; NaN where it is undefined."""
        return float(pearson(moments(scored))[0])

    def resampled(self, scored: Scored, groups: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The figure of each resample of groups, shape ``(resamples,)``."""
        return pearson(resampled_moments(scored, groups, counts))

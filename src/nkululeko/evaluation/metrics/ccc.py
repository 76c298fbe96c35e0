"""``measure = ccc``: concordance correlation coefficient."""

from __future__ import annotations

import numpy as np

from nkululeko.core.families import Metric, Scored
from nkululeko.evaluation.metrics._moments import concordance, moments, resampled_moments


class Ccc(Metric):
    """How well prediction and truth lie on the diagonal: correlation, less what offset and scale take away.

    Twice the covariance by the sum of both variances and the squared difference of the means, with biased
    moments (divided by n), as in audmetric. Source: Lin, "A concordance correlation coefficient to evaluate
    reproducibility", Biometrics, 1989. Where one of the two is constant it is 0; NaN for fewer than two
    samples and where both are constant and equal.

    Example:
        >>> round(Ccc().value(Scored(np.array([0.0, 1.0, 2.0]), np.array([0.0, 1.0, 1.0]))), 6)
        0.666667
    """

    tasks = ("regression",)
    label = "CCC"
    summary = "concordance correlation coefficient (Lin 1989), -1..1; punishes a wrong offset or scale too"

    def value(self, scored: Scored) -> float:
        """The figure for all samples; NaN where it is undefined."""
        return float(concordance(moments(scored))[0])

    def resampled(self, scored: Scored, groups: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The figure of each resample of groups, shape ``(resamples,)``."""
        return concordance(resampled_moments(scored, groups, counts))

"""Filter ``limit_samples``: at most so many samples."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nkululeko.core.families import Filter, FilterContext
from nkululeko.data.filters import _draw


class LimitSamples(Filter):
    """Keeps so many samples, drawn plainly at random by the seed: whatever their class and speaker."""

    looks_at = "count"
    summary = "at most so many samples, drawn by the seed"

    def keep(self, samples: pd.DataFrame, value: int, context: FilterContext) -> tuple[np.ndarray, str]:
        """See :class:`Filter`."""
        return _draw.lots(samples, context.seed) < value, f"not among the {value} drawn"

"""Filter ``min_duration_of_sample``: leave out samples shorter than so many seconds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nkululeko.core.families import Filter, FilterContext
from nkululeko.data.filters import _duration


class MinDurationOfSample(Filter):
    """Leaves out segments that are shorter; one of just that duration stays."""

    looks_at = "audio"
    summary = "leave out samples shorter than this (s)"

    def keep(self, samples: pd.DataFrame, value: float, context: FilterContext) -> tuple[np.ndarray, str]:
        """See :class:`Filter`; the value is in s. A sample whose end is not known stays."""
        return ~(_duration.durations(samples) < _duration.nanoseconds(value)), f"shorter than {value:g} s"

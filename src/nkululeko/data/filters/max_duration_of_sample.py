"""Filter ``max_duration_of_sample``: leave out samples longer than so many seconds."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nkululeko.core.families import Filter, FilterContext
from nkululeko.data.filters import _duration


class MaxDurationOfSample(Filter):
    """Leaves out segments that are longer; one of just that duration stays."""

    looks_at = "audio"
    summary = "leave out samples longer than this (s)"

    def keep(self, samples: pd.DataFrame, value: float, context: FilterContext) -> tuple[np.ndarray, str]:
        """See :class:`Filter`; the value is in s. A sample whose end is not known stays."""
        return ~(_duration.durations(samples) > _duration.nanoseconds(value)), f"longer than {value:g} s"

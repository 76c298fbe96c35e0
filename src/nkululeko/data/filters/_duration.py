"""How long the samples are, for the filters of duration."""

from __future__ import annotations

import numpy as np
import pandas as pd


def durations(samples: pd.DataFrame) -> np.ndarray:
    """Length of each segment in whole nanoseconds as float, shape ``(samples,)``; NaN while its end is unknown.

    Nanoseconds, because seconds as binary fractions would put ``0.8 - 0.5`` on the wrong side of ``0.3``.
    """
    starts, ends = samples.index.get_level_values("start"), samples.index.get_level_values("end")
    spans = (ends - starts).as_unit("ns")
    return np.where(spans.isna(), np.nan, spans.asi8)


def nanoseconds(seconds: float) -> int:
    """A bound in whole nanoseconds."""
    return round(seconds * 1e9)

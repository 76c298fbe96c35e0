"""What the filters that look at a column share."""

from __future__ import annotations

import pandas as pd

from nkululeko.core.errors import NkululekoError, did_you_mean


def values_of(samples: pd.DataFrame, column: str, where: str) -> pd.Series:
    """The column of that name.

    Args:
        samples: on the segmented index
        column: its name
        where: the option that names it, for the message

    Raises:
        NkululekoError: there is none
    """
    if column not in samples:
        raise NkululekoError(f"no column '{column}'", where, did_you_mean(column, samples.columns))
    return samples[column]

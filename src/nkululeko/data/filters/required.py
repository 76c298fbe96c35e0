"""Filter ``required``: keep the samples that have a value in a column."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nkululeko.core.families import Filter, FilterContext
from nkululeko.data.filters._columns import values_of
from nkululeko.data.targets import as_labels


class Required(Filter):
    """Keeps the samples that have a value in the column; missing and empty ones are none."""

    summary = "keep samples that have a value in this column"

    def keep(self, samples: pd.DataFrame, value: str, context: FilterContext) -> tuple[np.ndarray, str]:
        """See :class:`Filter`.

        Raises:
            NkululekoError: no such column
        """
        column = values_of(samples, value, f"{context.name}.required")
        # numbers as text would take seconds
        values = column if pd.api.types.is_numeric_dtype(column) else as_labels(column)
        return values.notna().to_numpy(), f"no value in the column '{value}'"

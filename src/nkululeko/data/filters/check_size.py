"""Filter ``check_size``: leave out samples of small files."""

from __future__ import annotations

import os

import numpy as np
import pandas as pd

from nkululeko.core.families import Filter, FilterContext


class CheckSize(Filter):
    """Leaves out samples whose audio file is smaller than so many bytes: empty recordings, mostly."""

    looks_at = "audio"
    summary = "leave out samples of files smaller than this (bytes)"

    def keep(self, samples: pd.DataFrame, value: int, context: FilterContext) -> tuple[np.ndarray, str]:
        """See :class:`Filter`. A file that cannot be found stays: what is wrong with it is said where it is read."""
        codes, files = pd.factorize(samples.index.get_level_values("file"))
        big_enough = np.array([_size(file) >= value for file in files], dtype=bool)
        return big_enough[codes], f"file smaller than {value} bytes"


def _size(file: str) -> float:
    """In bytes; infinite if there is no such file."""
    try:
        return os.stat(file).st_size  # noqa: PTH116 - a pathlib object each would double the time
    except OSError:
        return np.inf

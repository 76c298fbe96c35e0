"""Filter ``check_vad``: leave out samples without speech."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nkululeko.core.families import Filter, FilterContext


class CheckVad(Filter):
    """Leaves out samples in which the voice activity detector finds no speech (0.25 s or more)."""

    looks_at = "audio"
    summary = "leave out samples without speech"

    def keep(self, samples: pd.DataFrame, value: bool, context: FilterContext) -> tuple[np.ndarray, str]:
        """See :class:`Filter`. A sample that cannot be measured stays: what is wrong with it is said elsewhere.

        Raises:
            NkululekoError: the package that finds speech is missing
        """
        reason = "no speech found"
        if not value or len(samples) == 0:
            return np.ones(len(samples), dtype=bool), reason
        segments = samples.index.unique()
        speech = context.measure("vad", segments)["speech_s"]
        silent = speech.index[(speech == 0).to_numpy()]
        return ~samples.index.isin(silent), reason

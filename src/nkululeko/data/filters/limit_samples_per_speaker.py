"""Filter ``limit_samples_per_speaker``: at most so many samples of each speaker."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from nkululeko.core.families import Filter, FilterContext
from nkululeko.data.filters import _draw

_log = logging.getLogger("nkululeko")


class LimitSamplesPerSpeaker(Filter):
    """Keeps so many samples of each speaker, drawn by the seed; all of those whose speaker is not known."""

    looks_at = "count"
    summary = "at most so many samples of each speaker, drawn by the seed"

    def keep(self, samples: pd.DataFrame, value: int, context: FilterContext) -> tuple[np.ndarray, str]:
        """See :class:`Filter`."""
        speaker = pd.factorize(context.speakers)[0]
        unknown = speaker < 0
        if unknown.any():
            _log.warning(
                "%s.limit_samples_per_speaker: the speaker of %d of %d samples is not known; they all stay",
                context.name,
                unknown.sum(),
                len(samples),
            )
        by_lot = np.argsort(_draw.lots(samples, context.seed))
        # each row's place among those of its speaker
        place = np.empty(len(samples), dtype=np.int64)
        place[by_lot] = pd.Series(speaker[by_lot]).groupby(speaker[by_lot]).cumcount()
        return unknown | (place < value), f"not among the {value} drawn of the speaker"

"""Segments of one length, one after the other, whatever is heard in them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nkululeko.core.families import Lengths, Segmenter


class Fixed(Segmenter):
    """Windows of ``max_length`` from the beginning on; a rest shorter than ``min_length`` falls out."""

    summary = "windows of max_length, whatever is heard in them"

    def speech(self, signal: np.ndarray, sampling_rate: int) -> list[tuple[float, float]]:
        """All of it, unless every sample is zero; see :class:`Segmenter`."""
        return [(0.0, len(signal) / sampling_rate)] if np.any(signal) else []

    def segments(
        self, speech: Sequence[tuple[float, float]], signal: np.ndarray, sampling_rate: int, lengths: Lengths
    ) -> list[tuple[float, float]]:
        """See :class:`Segmenter`."""
        found = []
        for start, end in speech:
            starts = start + lengths.longest * np.arange(int(np.ceil((end - start) / lengths.longest - 1e-9)))
            found += [(float(first), float(min(first + lengths.longest, end))) for first in starts]
        return [(start, end) for start, end in found if end - start >= lengths.shortest - 1e-9]

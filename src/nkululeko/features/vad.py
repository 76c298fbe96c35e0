"""Feature set ``vad``: how much of a segment is speech, by a neural voice activity detector."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from nkululeko.audio import vad
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import FeatureSet

#: raise it whenever this code, or that of :mod:`nkululeko.audio.vad`, may give other values
REVISION = 1


class Vad(FeatureSet):
    """Seconds of speech, and their share of the segment: what the filter ``check_vad`` looks at.

    Speech shorter than 0.25 s does not count, pauses shorter than 0.1 s do not interrupt it.

    Example:
        >>> Vad().extract(np.zeros(16000, np.float32), 16000)
        array([0., 0.])
    """

    sampling_rate: ClassVar[int | None] = vad.RATE
    workers: ClassVar[Literal["threads", "processes"]] = "threads"
    summary = "seconds of speech and their share, found by Silero VAD"

    def names(self) -> list[str]:
        """``speech_s`` in s, ``speech_share`` in 0..1."""
        return ["speech_s", "speech_share"]

    def version(self) -> str:
        """Revision of this code, hash of the model, version of onnxruntime."""
        return f"{REVISION};{vad.version()}"

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """Seconds of speech and their share, shape ``(2,)``.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``
            sampling_rate: in Hz

        Raises:
            NkululekoError: onnxruntime is missing, or the segment is empty or holds values that are not numbers
        """
        if len(signal) == 0:
            raise NkululekoError("the segment holds no samples")
        speech = sum(end - start for start, end in vad.speech_segments(signal, sampling_rate))
        return np.array([speech, speech * sampling_rate / len(signal)])

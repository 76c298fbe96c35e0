"""Segments of speech, found by the neural voice activity detector Silero VAD."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nkululeko.audio import vad
from nkululeko.audio.lengths import to_segments
from nkululeko.core.families import Lengths, Segmenter

#: the level is measured over three times so long, in s
_HOP = 0.02
_NONE = np.zeros(1)


class Silero(Segmenter):
    """Pauses separate segments; long speech is split where it is quietest.

    Source: Silero Team (2024), Silero VAD, https://github.com/snakers4/silero-vad.
    """

    summary = "where somebody speaks, found by the network Silero VAD (extra vad)"

    def check_ready(self) -> None:
        """See :class:`Segmenter`."""
        vad.version()

    def speech(self, signal: np.ndarray, sampling_rate: int) -> list[tuple[float, float]]:
        """See :class:`Segmenter`."""
        return vad.speech_segments(signal, sampling_rate)

    def segments(
        self, speech: Sequence[tuple[float, float]], signal: np.ndarray, sampling_rate: int, lengths: Lengths
    ) -> list[tuple[float, float]]:
        """See :class:`Segmenter`."""
        hop = max(1, round(_HOP * sampling_rate))
        frames = signal[: len(signal) // hop * hop].reshape(-1, hop)
        # no array as long as the signal: recordings may last hours
        energy = (
            np.convolve(np.einsum("ij,ij->i", frames, frames), np.ones(3), "same") if len(frames) else _NONE
        )

        def loud(places: np.ndarray) -> np.ndarray:
            """The energy around some places in s."""
            return energy[np.clip((places * sampling_rate / hop).astype(int), 0, len(energy) - 1)]

        return to_segments(speech, len(signal) / sampling_rate, lengths, loud)

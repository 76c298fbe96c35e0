"""Feature set ``quality``: how a segment was recorded, not who speaks or how: level, clipping, noise, silence."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import FeatureSet

#: raise it whenever this code may give other values
REVISION = 1
#: levels in dBFS do not fall below this: digital silence has no logarithm
FLOOR = -120.0
#: seconds
FRAME = 0.025
#: an extreme value counts as near full scale from this amplitude on (-0.9 dBFS)
NEAR_FULL = 0.9
#: half a step of 16 bits: samples that differ by less stand at the same value
SAME = 2.0**-16
#: so many samples in a row at the extreme value are no chance
RUN = 3
#: a frame is silent where it is so many dB below the loudest frames, or below this level in dBFS
BELOW, SILENT = 40.0, -60.0


class Quality(FeatureSet):
    """Seven measures of a recording's quality; they say nothing of the voice, so no model should need them.

    Where a target can be told from them, the categories were recorded differently, and a model may have learned
    the microphone. Levels are relative to full scale (amplitude 1), those of the whole and of frames without the DC
    offset; frames are 25 ms long and follow each other; nothing falls below -120 dBFS.

    - ``peak_dbfs``: 20 log10 of the largest absolute sample
    - ``level_dbfs``: 20 log10 of the root mean square
    - ``clipped_share`` (0..1): samples at the segment's largest or smallest value, where its amplitude is at least
      0.9, in runs of 3 or more
    - ``silence_share`` (0..1): frames that are more than 40 dB below the loudest ones (the 95 % quantile of the
      frames' levels) or below -60 dBFS
    - ``dc_offset`` (-1..1): mean of the samples
    - ``noise_floor_dbfs``: level of the quietest tenth of the frames, 10 log10 of their mean power
    - ``dynamic_range_db``: the 90 % quantile of the frames' levels, less the noise floor

    Example:
        >>> tone = 0.5 * np.sin(2 * np.pi * 200 * np.arange(16000) / 16000)
        >>> values = dict(zip(Quality().names(), Quality().extract(tone, 16000).round(1).tolist()))
        >>> values["peak_dbfs"], values["level_dbfs"], values["clipped_share"]
        (-6.0, -9.0, 0.0)
    """

    workers: ClassVar[Literal["threads", "processes"]] = "threads"
    summary = "how it was recorded: level, clipping, silence, DC offset, noise floor"

    def names(self) -> list[str]:
        """Levels in dB, shares in 0..1."""
        return [
            "peak_dbfs", "level_dbfs", "clipped_share", "silence_share", "dc_offset", "noise_floor_dbfs",
            "dynamic_range_db",
        ]  # fmt: skip

    def version(self) -> str:
        """Revision of this code."""
        return str(REVISION)

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """The seven measures, shape ``(7,)``.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``
            sampling_rate: in Hz

        Raises:
            NkululekoError: the segment is empty or holds values that are not numbers
        """
        samples = np.asarray(signal, dtype=np.float64)
        if len(samples) == 0:
            raise NkululekoError("the segment holds no samples")
        if not np.all(np.isfinite(samples)):
            raise NkululekoError("the segment holds values that are not numbers (NaN or infinite)")
        offset = float(samples.mean())
        powers = frame_powers(samples - offset, sampling_rate)
        frames = decibels(powers)
        silent = (frames < np.quantile(frames, 0.95) - BELOW) | (frames < SILENT)
        quietest = np.sort(powers)[: max(1, len(powers) // 10)]
        floor = float(decibels(float(quietest.mean())))
        return np.array([
            decibels(float(np.abs(samples).max()) ** 2),
            decibels(float(np.mean((samples - offset) ** 2))),
            clipped_share(samples),
            silent.mean(),
            offset,
            floor,
            np.quantile(frames, 0.9) - floor,
        ])  # fmt: skip


def decibels(power: np.ndarray | float) -> np.ndarray:
    """Levels of powers relative to full scale, -120 dBFS at least.

    Example:
        >>> decibels(np.array([1.0, 0.01, 0.0])).tolist()
        [0.0, -20.0, -120.0]
    """
    return 10 * np.log10(np.maximum(power, 10 ** (FLOOR / 10)))


def frame_powers(samples: np.ndarray, sampling_rate: int) -> np.ndarray:
    """Mean power of frames of 25 ms that follow each other, shape ``(frames,)``.

    What is left over at the end does not count, unless it is all there is.
    """
    length = max(1, round(FRAME * sampling_rate))
    count = len(samples) // length
    frames = samples[: count * length].reshape(count, length) if count else samples[np.newaxis]
    return np.mean(frames**2, axis=1)


def clipped_share(samples: np.ndarray) -> float:
    """Share of samples at the largest or smallest value, near full scale, in runs of 3 or more, 0..1.

    Example:
        >>> clipped_share(np.array([0.0, 1.0, 1.0, 1.0, 0.5, -0.7, -0.7, -0.7, 0.0, 1.0]))
        0.3
    """
    clipped = 0
    for side in (samples, -samples):
        top = side.max()
        if top < NEAR_FULL:
            continue
        there = np.concatenate([[False], side >= top - SAME, [False]])
        edges = np.flatnonzero(np.diff(there.astype(np.int8)))
        runs = edges[1::2] - edges[::2]
        clipped += int(runs[runs >= RUN].sum())
    return clipped / len(samples)

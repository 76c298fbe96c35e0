"""Short sound clips for the report page, small enough to be part of it."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from nkululeko.report.worst import Segment

#: seconds; longer segments are cut
LONGEST = 10.0
#: bytes; a clip that is larger as FLAC becomes an MP3 (12 clips then stay below 4 MB in the page)
LARGEST = 200_000
#: Hz, what MP3 knows
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


@dataclass(frozen=True)
class Clip:
    """A sound that a browser can play.

    Args:
        data: content of a sound file
        mime: its type, e.g. ``audio/flac``
        seconds: how long it plays
        cut: whether the segment is longer than the clip
    """

    data: bytes
    mime: str
    seconds: float
    cut: bool = False


def clip(file: str, start: float = 0.0, end: float | None = None) -> Clip | None:
    """The sound of a segment, mono and at most 10 s long; None where the file cannot be read.

    FLAC (all browsers since 2017, lossless, 12 times quicker to make), or MP3 where that is too large.

    Args:
        file: path of an audio file
        start: in seconds
        end: in seconds; None: to the end of the file
    """
    import soundfile

    try:
        with soundfile.SoundFile(file) as sound:
            rate = sound.samplerate
            first = max(0, round(start * rate))
            last = sound.frames if end is None else min(sound.frames, round(end * rate))
            wanted = min(last - first, round(LONGEST * rate))
            if wanted <= 0:
                return None
            sound.seek(first)
            signal = sound.read(wanted, dtype="float32", always_2d=True).mean(axis=1)
        data, mime = _encode(np.clip(np.nan_to_num(signal), -1.0, 1.0), rate)
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        logging.getLogger("nkululeko").info("no clip of %s: %s", file, error)
        return None
    return Clip(data, mime, len(signal) / rate, cut=last - first > wanted)


def clips(segments: Iterable[Segment]) -> dict[Segment, Clip | None]:
    """The clips of many segments, as :func:`nkululeko.report.page.page` takes them."""
    return {segment: clip(*segment) for segment in segments}


def _encode(signal: np.ndarray, rate: int) -> tuple[bytes, str]:
    """The sound as FLAC, or as MP3 where that is too large.

    Args:
        signal: mono, -1..1, shape ``(samples,)``
        rate: in Hz
    """
    import soundfile

    buffer = io.BytesIO()
    soundfile.write(buffer, signal, rate, format="FLAC", subtype="PCM_16")
    if len(buffer.getvalue()) <= LARGEST:
        return buffer.getvalue(), "audio/flac"
    if rate not in MP3_RATES:
        import audresample

        wanted = next((known for known in MP3_RATES if known > rate), MP3_RATES[-1])
        signal = audresample.resample(signal, rate, wanted)[0]
        rate = wanted
    buffer = io.BytesIO()
    soundfile.write(
        buffer,
        signal,
        rate,
        format="MP3",
        subtype="MPEG_LAYER_III",
        compression_level=0.4,
        bitrate_mode="VARIABLE",
    )
    return buffer.getvalue(), "audio/mpeg"

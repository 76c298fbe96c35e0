"""Writing audio: encoded in memory, so that a file is there as a whole or not at all."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.rundir import write_atomically

#: rates in Hz that MP3 knows
MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)
#: how samples are kept, by the names of libsndfile, where nothing is said
_USUAL = {"wav": "PCM_16", "flac": "PCM_16", "mp3": "MPEG_LAYER_III"}


def encoded(signal: np.ndarray, sampling_rate: int, form: str = "wav", subtype: str | None = None) -> bytes:
    """An audio file as bytes.

    Args:
        signal: in -1..1, beyond it is clipped; shape ``(samples,)`` or ``(samples, channels)``
        sampling_rate: in Hz
        form: a format of libsndfile: ``wav``, ``flac``, ``mp3`` ...
        subtype: how samples are kept, e.g. ``PCM_24``; None: 16 bits

    Raises:
        NkululekoError: the format does not know the rate

    Example:
        >>> encoded(np.zeros(8, np.float32), 16000)[:4]
        b'RIFF'
    """
    import soundfile

    check_rate(sampling_rate, form)
    buffer = io.BytesIO()
    kind = subtype or _USUAL.get(form)
    try:
        soundfile.write(buffer, signal, sampling_rate, format=form.upper(), subtype=kind)
    except (soundfile.LibsndfileError, ValueError, TypeError) as problem:
        reason = getattr(problem, "error_string", str(problem))
        raise NkululekoError(f"audio cannot be written as {form}, {sampling_rate} Hz ({reason})") from None
    return buffer.getvalue()


def check_rate(sampling_rate: int, form: str) -> None:
    """Stop at a rate that a format does not know.

    Raises:
        NkululekoError: says which it knows
    """
    if form == "mp3" and sampling_rate not in MP3_RATES:
        raise NkululekoError(
            f"MP3 cannot hold {sampling_rate} Hz",
            todo=f"choose one of {', '.join(map(str, MP3_RATES))}, or wav",
        )


def within_range(signal: np.ndarray) -> np.ndarray:
    """The signal itself, or made softer as far as its largest sample asks for.

    Example:
        >>> within_range(np.array([0.5, -2.0]))
        array([ 0.25, -1.  ])
    """
    peak = float(np.max(np.abs(signal), initial=0.0))
    return signal / peak if peak > 1 else signal


def write_audio(path: Path, content: bytes) -> None:
    """Write an encoded file.

    Raises:
        NkululekoError: it cannot be written, e.g. the disk is full; nothing is left of it then
    """
    try:
        write_atomically(path, content)
    except OSError as problem:
        raise NkululekoError(
            f"cannot be written ({problem.strerror})", str(path),
            "make room, or choose another folder; what is complete stays, the same command goes on",
        ) from None  # fmt: skip

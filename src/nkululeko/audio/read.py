"""Reading a segment of an audio file, as extractors want it: mono, float32, at their rate."""

from __future__ import annotations

import numpy as np

from nkululeko.core.errors import NkululekoError


def read_segment(file: str, start: float = 0.0, end: float | None = None) -> tuple[np.ndarray, int]:
    """A segment of a file, several channels mixed down to their mean.

    Args:
        file: path
        start: in s
        end: in s; None: to the end of the file

    Returns:
        signal, float32, shape ``(samples,)``, and the sampling rate in Hz

    Raises:
        NkululekoError: the file cannot be read, or the segment holds no samples
    """
    import soundfile

    if start < 0:
        raise NkululekoError(f"the segment begins at {start:g} s, before the file", file)
    try:
        with soundfile.SoundFile(file) as audio:
            rate = audio.samplerate
            first = round(start * rate)
            last = audio.frames if end is None else min(round(end * rate), audio.frames)
            if last <= first:
                raise NkululekoError(
                    f"the segment {start:g} s to {end or audio.frames / rate:g} s is empty", file
                )
            if first:
                audio.seek(first)
            signal = audio.read(last - first, dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as problem:
        raise NkululekoError(f"cannot be read ({problem.error_string})", file) from None
    mono = signal[:, 0] if signal.shape[1] == 1 else signal.mean(axis=1)
    return np.ascontiguousarray(mono, dtype=np.float32), rate


def resample(signal: np.ndarray, rate: int, wanted: int | None) -> np.ndarray:
    """The signal at another rate in Hz; as it is where that is None or the same."""
    if wanted is None or wanted == rate:
        return signal
    import audresample

    return np.asarray(audresample.resample(signal, rate, wanted), dtype=np.float32).reshape(-1)

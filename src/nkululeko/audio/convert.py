"""Converting a recording to another rate and to mono, checked by reading it again."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np

from nkululeko.audio.read import read_segment, resample
from nkululeko.audio.write import encoded, within_range
from nkululeko.core.errors import NkululekoError

#: below this a recording counts as silent: half a step of 16 bits
_SILENT = 2.0**-16
#: mono that is so much softer than the channels it was made of, by 60 dB, has lost the voice
_CANCELLED = 1e-3
#: the end of names of files that are being written; a run that was killed leaves one behind
PART = ".nkululeko-part"
#: formats that lose something each time they are written
_LOSSY = {"MP3", "OGG"}


def converted(file: str, rate: int, form: str | None = None) -> bytes:
    """A recording at another rate, mono, as the content of a file.

    Args:
        file: path
        rate: in Hz
        form: its format, e.g. ``wav``; None: that of the file

    Raises:
        NkululekoError: it cannot be read or written, its channels cancel each other, or what came out is not what
            went in
    """
    import soundfile

    signal, before = read_segment(file)
    try:
        with soundfile.SoundFile(file) as audio:
            kind, subtype = audio.format, audio.subtype
            loudest = _peak(audio.read(dtype="float32"))
    except soundfile.LibsndfileError as problem:
        raise NkululekoError(f"cannot be read ({problem.error_string})", file) from None
    if _peak(signal) < _CANCELLED * loudest:
        raise NkululekoError("its channels cancel each other: mono would be silent", file)
    wanted = within_range(resample(signal, before, rate))
    if form is not None and form.upper() != kind:
        kind, subtype = form.upper(), subtype if soundfile.check_format(form.upper(), subtype) else None
    content = encoded(wanted, rate, kind.lower(), subtype)
    check_converted(content, wanted, rate, file, kind in _LOSSY)
    return content


def check_converted(content: bytes, wanted: np.ndarray, rate: int, file: str, lossy: bool = False) -> None:
    """Read a new file again: length, rate, channels, and what is heard must be right.

    Args:
        content: of the file
        wanted: what it should hold, shape ``(samples,)``
        rate: in Hz
        file: the original, for messages
        lossy: the format changes samples a little

    Raises:
        NkululekoError: says what is wrong
    """
    import soundfile

    try:
        signal, found = soundfile.read(io.BytesIO(content), dtype="float32", always_2d=True)
    except soundfile.LibsndfileError as problem:
        raise NkululekoError(f"the new file cannot be read ({problem.error_string})", file) from None
    slack = 0.15 * rate if lossy else 1
    if found != rate or signal.shape[1] != 1 or abs(len(signal) - len(wanted)) > slack:
        raise NkululekoError(
            f"the new file has {len(signal)} samples at {found} Hz, not {len(wanted)} at {rate} Hz", file
        )
    if not np.isfinite(signal).all() or (_peak(signal) < _SILENT and _peak(wanted) > 4 * _SILENT):
        raise NkululekoError("the new file is silent, or holds samples that are no numbers", file)
    length = min(len(signal), len(wanted))
    # 8 bits, and the logarithmic codes of telephony, have steps of a few hundredths
    if not lossy and np.abs(signal[:length, 0] - wanted[:length]).max(initial=0.0) > 0.05:
        raise NkululekoError("the new file does not hold what the old one does", file)


def replace_file(path: Path, content: bytes) -> None:
    """Put new content in the place of a file: written beside it, read again, then renamed; or nothing changes.

    Raises:
        OSError: it cannot be written, e.g. the disk is full; the old file is as it was
    """
    real = path.resolve()  # a link stays one
    handle, temporary = tempfile.mkstemp(dir=real.parent, prefix=f".{real.name}.", suffix=PART)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        if Path(temporary).read_bytes() != content:
            raise OSError(5, "what was written is not what is there")
        shutil.copymode(real, temporary)
        Path(temporary).replace(real)
    except BaseException:
        with contextlib.suppress(OSError):
            Path(temporary).unlink()
        raise


def _peak(signal: np.ndarray) -> float:
    return float(np.max(np.abs(signal), initial=0.0))

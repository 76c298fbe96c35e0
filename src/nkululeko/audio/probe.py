"""What audio files hold: content hash, length, rate, channels; or why they cannot be used."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nkululeko.core import engine
from nkululeko.core.progress import progress
from nkululeko.core.store import FeatureStore

_BLOCK = 2**20
#: a file written this many seconds before it was hashed may change again within one tick of its clock
_SETTLED = 2.0


@dataclass(frozen=True)
class AudioInfo:
    """One audio file.

    Args:
        file: its absolute path
        content: hash of its samples, rate and channels (16 bytes): a copy under another name, or in
            another lossless format, has the same
        frames: samples per channel
        sampling_rate: in Hz
        channels: how many
        error: why it cannot be used; empty if it can
    """

    file: str
    content: bytes = b""
    frames: int = 0
    sampling_rate: int = 0
    channels: int = 0
    error: str = ""

    @property
    def duration(self) -> float:
        """Length in seconds; NaN for a file that cannot be used."""
        return self.frames / self.sampling_rate if self.sampling_rate else float("nan")


def probe(files: Sequence[str], store: FeatureStore, jobs: int = 1) -> dict[str, AudioInfo]:
    """Look at audio files; those that have not changed since the last look are not decoded again.

    Args:
        files: absolute paths
        store: remembers what was found
        jobs: threads
    """
    signatures = {file: signature(file) for file in files}
    present = {file: text for file, text in signatures.items() if text}
    known = store.known_audio(present)
    infos = {file: AudioInfo(file, *known[file]) for file in known}
    infos |= {file: AudioInfo(file, error="does not exist") for file in files if file not in present}
    new = [file for file in files if file not in infos]
    found = []
    try:
        with progress("reading audio", len(new)) as advance:
            for info in engine.unordered(look, new, workers="threads", jobs=jobs if len(new) > 1 else 1):
                infos[info.file] = info
                found.append(info)
                advance()
    finally:
        store.remember_audio(_settled(found, signatures))
    return infos


def look(file: str) -> AudioInfo:
    """Decode a file once, block by block; its samples are hashed as 32-bit floats.

    Never raises: what is wrong with the file stands in ``error``.
    """
    import soundfile

    if Path(file).is_dir():
        return AudioInfo(file, error="is a folder, not an audio file")
    try:
        if Path(file).stat().st_size == 0:
            return AudioInfo(file, error="is an empty file")
    except OSError:  # it was there when the files were listed
        return AudioInfo(file, error="does not exist")
    state = hashlib.blake2b(digest_size=16)
    try:
        with soundfile.SoundFile(file) as audio:
            rate, channels, frames = audio.samplerate, audio.channels, 0
            state.update(f"{rate},{channels};".encode())
            for block in audio.blocks(_BLOCK, dtype="float32", always_2d=True):
                if not np.isfinite(block).all():
                    return AudioInfo(file, error="holds samples that are no numbers (NaN or infinite)")
                state.update(np.ascontiguousarray(block).data)
                frames += len(block)
    except Exception as problem:  # soundfile raises many kinds; one bad file must not end the run
        reason = str(problem).removeprefix(f"Error opening {file!r}: ").strip(". ") or type(problem).__name__
        return AudioInfo(file, error=f"is no readable audio file ({reason})")
    if frames == 0:
        return AudioInfo(file, error="holds no samples (length zero)")
    return AudioInfo(file, state.digest(), frames, rate, channels)


def signature(file: str) -> str:
    """Changes whenever the file is written to or replaced; empty if there is none."""
    try:
        status = Path(file).stat()
    except OSError:
        return ""
    # the change time cannot be set back, as the modification time can (cp -p, touch)
    return f"{status.st_size},{status.st_mtime_ns},{status.st_ctime_ns},{status.st_ino}"


def _settled(infos: Iterable[AudioInfo], signatures: dict[str, str]) -> list[tuple]:
    """The rows to remember: only of files that have not just been written."""
    now = time.time_ns()
    rows = []
    for info in infos:
        _, modified, changed, _ = (int(part) for part in signatures[info.file].split(","))
        if now - max(modified, changed) > _SETTLED * 1e9:
            rows.append(
                (
                    info.file,
                    signatures[info.file],
                    info.content,
                    info.frames,
                    info.sampling_rate,
                    info.channels,
                    info.error,
                )
            )
    return rows

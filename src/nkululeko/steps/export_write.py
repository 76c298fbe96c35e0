"""Files of a new database, one by one: each as a whole or not at all, and what is there is not written again."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path

from nkululeko.core.errors import NkululekoError
from nkululeko.core.progress import progress
from nkululeko.core.rundir import write_atomically
from nkululeko.steps.export_plan import Piece

#: says what an export wrote: it may go on there, and change nothing else
LISTED = ".nkululeko_export.json"
#: the end of names of files that are being written
_PART = ".nkululeko-part"
#: how the samples of a file are read, and written as WAV, without any loss
_EXACT = {
    "PCM_U8": ("int16", "PCM_U8"), "PCM_S8": ("int16", "PCM_U8"), "PCM_16": ("int16", "PCM_16"),
    "PCM_24": ("int32", "PCM_24"), "PCM_32": ("int32", "PCM_32"), "FLOAT": ("float32", "FLOAT"),
    "DOUBLE": ("float64", "DOUBLE"),
}  # fmt: skip
#: those of lossy formats, as they are decoded
_DECODED = ("float32", "FLOAT")
_BLOCK = 2**20
#: the disk is not filled to the last byte
_SPARE = 2**24


def prepare(folder: Path, pieces: Sequence[Piece], table: str) -> None:
    """Make the folder ready: stop where it is not ours, and remove what an earlier export wrote and this one changes.

    Args:
        folder: of the new database
        pieces: what will be written
        table: name of the table beside them

    Raises:
        NkululekoError: originals lie there, or files that no export wrote, or it cannot be written
    """
    for piece in pieces:
        if folder in Path(os.path.normpath(piece.source)).parents:
            raise NkululekoError(
                "the recordings lie in the folder that they would be copied to", str(folder),
                "change EXPORT.target_root or EXPORT.data_name",
            )  # fmt: skip
    wanted = {piece.place: _stamp(piece) for piece in pieces} | {table: "table"}
    before = _listed(folder)
    if before is None and folder.is_dir() and any(folder.iterdir()):
        raise NkululekoError(
            "is there already, and no export wrote it",
            str(folder),
            "choose another EXPORT.data_name or target_root",
        )
    before = before or {}
    for place in wanted:
        if place not in before and (folder / place).exists():
            raise NkululekoError(
                "is there already, and no export wrote it",
                str(folder / place),
                "move it away, or change EXPORT.data_name",
            )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for place, stamp in before.items():
            if wanted.get(place) != stamp:
                _remove(folder, place)
        for path in folder.rglob(f".*{_PART}"):
            path.unlink()
        write_atomically(folder / LISTED, json.dumps(wanted, indent=0).encode())
    except OSError as problem:
        raise _cannot(problem, folder) from None


def write(folder: Path, pieces: Sequence[Piece]) -> int:
    """Write the files that are not there yet; how many these were.

    Raises:
        NkululekoError: the disk is full, or a file cannot be read or written; those before it are complete
    """
    missing = [piece for piece in pieces if not (folder / piece.place).exists()]
    _enough_room(folder, missing)
    with progress("exporting", len(missing)) as advance:
        for piece in missing:
            try:
                _write(folder / piece.place, piece)
            except OSError as problem:
                raise _cannot(problem, folder / piece.place) from None
            advance()
    return len(missing)


def _write(path: Path, piece: Piece) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}{_PART}")
    try:
        if piece.span is None:
            shutil.copyfile(piece.source, part)
        else:
            _cut(piece.source, piece.span, part)
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def _cut(source: str, span: tuple[int, int], path: Path) -> None:
    """A piece of a recording as WAV: the same samples, rate and channels."""
    import soundfile

    try:
        with soundfile.SoundFile(source) as audio:
            kind, subtype = _EXACT.get(audio.subtype, _DECODED)
            audio.seek(span[0])
            with soundfile.SoundFile(
                path, "w", audio.samplerate, audio.channels, subtype=subtype, format="WAV"
            ) as cut:
                left = span[1] - span[0]
                while left:
                    block = audio.read(min(left, _BLOCK), dtype=kind, always_2d=True)
                    if not len(block):
                        raise OSError(errno.EIO, "the recording ends before the segment")
                    cut.write(block)
                    left -= len(block)
    except soundfile.LibsndfileError as problem:
        # libsndfile does not say that the disk is full
        if shutil.disk_usage(path.parent).free < _SPARE:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)) from None
        raise OSError(errno.EIO, problem.error_string) from None


def _enough_room(folder: Path, pieces: Sequence[Piece]) -> None:
    """Stop before anything is written where the disk is too small."""
    needed = sum(_size(piece) for piece in pieces)
    free = shutil.disk_usage(folder).free
    if needed and needed + _SPARE > free:
        raise NkululekoError(
            f"the disk has {free / 1e9:.1f} GB left, and {needed / 1e9:.1f} GB are needed", str(folder),
            "make room, or change EXPORT.target_root",
        )  # fmt: skip


def _size(piece: Piece) -> int:
    if piece.span is None:
        return Path(piece.source).stat().st_size
    import soundfile

    about = soundfile.info(piece.source)
    width = {"int16": 2, "int32": 4, "float32": 4, "float64": 8}[_EXACT.get(about.subtype, _DECODED)[0]]
    return (piece.span[1] - piece.span[0]) * about.channels * width


def _stamp(piece: Piece) -> str:
    """Changes when the original does, or when something else of it is wanted; it does not say where that lies."""
    status = Path(piece.source).stat()
    what = (piece.source, status.st_size, status.st_mtime_ns, piece.span)
    return hashlib.blake2b(repr(what).encode(), digest_size=12).hexdigest()


def _listed(folder: Path) -> dict[str, str] | None:
    """What an earlier export wrote, or began to; None: there was none."""
    try:
        found = json.loads((folder / LISTED).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    if not isinstance(found, Mapping):
        return None
    inside = folder.resolve()
    return {
        str(place): str(stamp)
        for place, stamp in found.items()
        if "\0" not in place and inside in (folder / place).resolve().parents
    }


def _remove(folder: Path, place: str) -> None:
    """Remove a file, and the folders that are empty without it."""
    path = folder / place
    path.unlink(missing_ok=True)
    with contextlib.suppress(OSError):
        for parent in path.parents:
            if parent == folder:
                break
            parent.rmdir()


def _cannot(problem: OSError, path: Path) -> NkululekoError:
    if problem.errno == errno.ENOSPC:
        todo = (
            "make room, and give the same command: it goes on where it stopped; or change EXPORT.target_root"
        )
        return NkululekoError("the disk is full", str(path), todo)
    reason = problem.strerror or str(problem)
    return NkululekoError(f"cannot be written ({reason})", str(path), "change EXPORT.target_root")

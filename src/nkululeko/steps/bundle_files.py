"""The files of a bundle: listed with their checksums, packed into a zip, and checked before any of them is opened.

The manifest shows that a bundle is whole and unchanged. It does not show who made it: it is no signature. So what it
lists is limited to files that hold numbers and text, which no part of this program executes.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Any

from nkululeko.core.errors import NkululekoError

MANIFEST, DESCRIPTION = "manifest.json", "bundle.json"
#: changes when older programs can no longer read a bundle
FORMAT = 1
#: kinds of files that hold numbers or text only
KINDS = (
    ".json",
    ".npz",
    ".skops",
    ".ubj",
    ".txt",
    ".md",
    ".safetensors",
    ".onnx",
    ".yaml",
    ".model",
    ".data",
)
#: a manifest is no larger than this (bytes), and lists no more files
_LARGEST_MANIFEST, _MOST_FILES = 2**21, 5000
#: a zip that claims to hold more than this (bytes) is believed only where it is not much smaller itself
_CHECKED, _RATIO = 2**28, 100
_BLOCK = 2**20
_TODO = "get it again from where it comes from"


@dataclass(frozen=True)
class Entry:
    """What a manifest says of a file.

    Args:
        sha256: checksum of its content, as hexadecimal digits
        size: in bytes
    """

    sha256: str
    size: int


def is_bundle(path: str | Path) -> bool:
    """Whether a path looks like a bundle: a folder with a manifest, or a zip; it may still be a broken one."""
    place = Path(path).expanduser()
    if place.is_dir():
        return (place / MANIFEST).is_file() or (place / DESCRIPTION).is_file()
    return place.suffix.lower() == ".zip" or (place.is_file() and zipfile.is_zipfile(place))


def write_manifest(folder: Path) -> None:
    """List all files of a folder, with sizes and checksums, in ``manifest.json``.

    Raises:
        NkululekoError: there is a kind of file that a bundle must not hold
    """
    files = {}
    for name, path in sorted(_files_of(folder)):
        if path.suffix not in KINDS:
            raise NkululekoError(f"a bundle holds no files of the kind '{path.suffix}'", name)
        with path.open("rb") as file:
            files[name] = {"sha256": _checksum(file), "size": path.stat().st_size}
    text = json.dumps({"format": FORMAT, "files": files}, indent=1)
    (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def check(folder: Path) -> None:
    """Make sure that a folder holds exactly what its manifest lists, unchanged.

    Raises:
        NkululekoError: it is no bundle, is of a newer version, or a file is missing, changed or one too many
    """
    try:
        with (folder / MANIFEST).open("rb") as file:
            listed = read_manifest(file.read(_LARGEST_MANIFEST + 1), str(folder))
    except FileNotFoundError:
        raise not_a_bundle(str(folder)) from None
    there = dict(_files_of(folder))
    del there[MANIFEST]
    _same_names(set(there), set(listed), str(folder))
    for name, entry in listed.items():
        with there[name].open("rb") as file:
            same = there[name].stat().st_size == entry.size and _checksum(file) == entry.sha256
        if not same:
            raise NkululekoError(f"tampered or damaged: {name} differs from the manifest", str(folder), _TODO)


def pack(folder: Path, path: Path) -> None:
    """Write a folder as a zip; the same files always give the same zip."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, source in sorted(_files_of(folder)):
            about = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            about.compress_type, about.external_attr = zipfile.ZIP_DEFLATED, 0o644 << 16
            with source.open("rb") as file, archive.open(about, "w", force_zip64=True) as out:
                shutil.copyfileobj(file, out, _BLOCK)


def unpack(path: Path) -> Path:
    """The files of a zip in a temporary folder, which goes when the program ends; nothing is written elsewhere.

    No more is unpacked than the manifest lists, file by file; :func:`check` goes on from there.

    Raises:
        NkululekoError: it is no bundle, or one that was made to do harm
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive, path)
            if MANIFEST not in members:
                raise not_a_bundle(str(path))
            listed = read_manifest(_part(archive, members[MANIFEST], _LARGEST_MANIFEST), str(path))
            _same_names(set(members) - {MANIFEST}, set(listed), str(path))
            _check_sizes(listed, path)
            folder = Path(tempfile.mkdtemp(prefix="nkululeko-bundle-"))
            atexit.register(shutil.rmtree, folder, ignore_errors=True)
            for name, about in members.items():
                limit = listed[name].size if name in listed else _LARGEST_MANIFEST
                goal = folder.joinpath(*PurePosixPath(name).parts)
                goal.parent.mkdir(parents=True, exist_ok=True)
                with goal.open("wb") as out:
                    for block in _blocks(archive, about, limit):
                        out.write(block)
            return folder
    except (
        zipfile.BadZipFile,
        zlib.error,
        struct.error,
        NotImplementedError,
        RuntimeError,
        EOFError,
    ) as problem:
        raise NkululekoError(f"is no zip that can be read ({problem})", str(path), _TODO) from None
    except ValueError as problem:  # names that the system cannot have, broken deflate streams
        raise NkululekoError(f"is broken ({problem})", str(path), _TODO) from None
    except OSError as problem:
        raise NkululekoError(f"cannot be unpacked ({problem.strerror})", str(path)) from None


def read_manifest(content: bytes, where: str) -> dict[str, Entry]:
    """What a manifest lists, by name.

    Raises:
        NkululekoError: it is none, is of a newer version, or lists what a bundle must not hold
    """
    if len(content) > _LARGEST_MANIFEST:
        raise NkululekoError("its manifest is too large", where, _TODO)
    try:
        found: Any = json.loads(content)
        if int(found["format"]) > FORMAT:
            raise newer(where)
        listed = {str(name): Entry(str(e["sha256"]), int(e["size"])) for name, e in found["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise NkululekoError("its manifest cannot be read", where, _TODO) from None
    if len(listed) > _MOST_FILES:
        raise NkululekoError(f"its manifest lists more than {_MOST_FILES} files", where, _TODO)
    for name, entry in listed.items():
        if not is_safe(name) or name == MANIFEST or entry.size < 0:
            raise NkululekoError("refused: its manifest names a file outside of the bundle", where, _TODO)
        if PurePosixPath(name).suffix not in KINDS:
            what = (
                f"refused: a bundle holds numbers and text, and this one a file {PurePosixPath(name).name!r}"
            )
            raise NkululekoError(what, where, _TODO)
    return listed


def is_safe(name: str) -> bool:
    r"""Whether a name stays inside of its folder on every system.

    Example:
        >>> [is_safe(name) for name in ("models/model.npz", "../a.npz", "/a.npz", "a/../../b.npz", "C:\\a.npz", "")]
        [True, False, False, False, False, False]
    """
    parts = name.split("/")
    return (
        0 < len(name) <= 240
        and name.isprintable()
        and not any(sign in name for sign in '\\:*?"<>|')
        and not any(part in ("", ".", "..") or part.endswith((" ", ".")) for part in parts)
    )


def newer(where: str) -> NkululekoError:
    """The error of a bundle that a newer version made."""
    what = "this bundle was made by a newer version of nkululeko"
    return NkululekoError(what, where, "pip install --upgrade nkululeko")


def not_a_bundle(where: str) -> NkululekoError:
    """The error of a folder or a zip that is none."""
    return NkululekoError(
        f"is no bundle (no {MANIFEST})", where, "make one of a trained experiment: nkululeko export-model RUN OUT"
    )  # fmt: skip


def _files_of(folder: Path) -> Iterator[tuple[str, Path]]:
    """Names and paths of all files below a folder.

    Raises:
        NkululekoError: there is a link, or something else that is neither file nor folder
    """
    for root, folders, files in os.walk(folder):
        for name in [*folders, *files]:
            path = Path(root, name)
            kind = path.lstat().st_mode
            if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                what = f"refused: {path.relative_to(folder).as_posix()} is a link, or no file at all"
                raise NkululekoError(what, str(folder), _TODO)
            if stat.S_ISREG(kind):
                yield path.relative_to(folder).as_posix(), path


def _same_names(there: set[str], listed: set[str], where: str) -> None:
    if missing := sorted(listed - there):
        raise NkululekoError(f"tampered or damaged: {missing[0]} is missing", where, _TODO)
    if more := sorted(there - listed):
        raise NkululekoError(f"tampered: {more[0]!r} is not in its manifest", where, _TODO)


def _members(archive: zipfile.ZipFile, path: Path) -> dict[str, zipfile.ZipInfo]:
    """The files of a zip by their names.

    Raises:
        NkululekoError: a name leads out of the folder or stands twice, or it is a link or encrypted
    """
    found: dict[str, zipfile.ZipInfo] = {}
    for about in archive.infolist():
        if about.is_dir() and is_safe(about.filename.rstrip("/")):
            continue
        kind = about.external_attr >> 16
        if not is_safe(about.filename):
            raise NkululekoError("refused: it names a file outside of the bundle", str(path), _TODO)
        plain = about.compress_type in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) and not about.flag_bits & 1
        if stat.S_IFMT(kind) not in (0, stat.S_IFREG) or not plain:
            what = f"refused: {about.filename} is a link, encrypted, or packed in an unusual way"
            raise NkululekoError(what, str(path), _TODO)
        if about.filename in found:
            raise NkululekoError(f"refused: {about.filename} is in it twice", str(path), _TODO)
        found[about.filename] = about
        if len(found) > _MOST_FILES + 1:
            raise NkululekoError(f"refused: it has more than {_MOST_FILES} files", str(path), _TODO)
    return found


def _check_sizes(listed: Mapping[str, Entry], path: Path) -> None:
    """A small zip must not fill the disk."""
    total, packed = sum(entry.size for entry in listed.values()), path.stat().st_size
    if total > _CHECKED and total > _RATIO * packed:
        what = f"refused: {packed / 1e6:.1f} MB that claim to become {total / 1e6:.0f} MB"
        raise NkululekoError(what, str(path), _TODO)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if total > free:
        what = f"needs {total / 1e6:.0f} MB, and {free / 1e6:.0f} MB are free in {tempfile.gettempdir()}"
        raise NkululekoError(what, str(path), "unpack it yourself, where there is space, and name the folder")


def _part(archive: zipfile.ZipFile, about: zipfile.ZipInfo, limit: int) -> bytes:
    return b"".join(_blocks(archive, about, limit))


def _blocks(archive: zipfile.ZipFile, about: zipfile.ZipInfo, limit: int) -> Iterator[bytes]:
    """The content of a file of a zip, whatever size the zip claims for it.

    Raises:
        NkululekoError: it is larger than the limit, in bytes
    """
    left = limit
    with archive.open(about) as file:
        while block := file.read(_BLOCK):
            left -= len(block)
            if left < 0:
                what = f"tampered: {about.filename} is larger than its manifest says"
                raise NkululekoError(what, str(archive.filename), _TODO)
            yield block


def _checksum(file: IO[bytes]) -> str:
    return hashlib.file_digest(file, "sha256").hexdigest()  # type: ignore[arg-type]

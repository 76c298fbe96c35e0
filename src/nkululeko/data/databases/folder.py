"""A folder of audio files: labels from the names of sub-folders, or from the files' names by a pattern."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Database, Loaded, Request
from nkululeko.core.plugin import Options as BaseOptions
from nkululeko.core.plugin import option

#: what libsndfile opens and people have
ENDINGS = ("wav", "flac", "ogg", "opus", "mp3", "aif", "aiff", "au")
_OTHER_AUDIO = ("m4a", "aac", "wma", "mp4", "webm", "amr", "3gp", "sph")


class FolderOptions(BaseOptions):
    """How labels are read from names."""

    pattern: str | None = option(
        None,
        "what the files' names say, e.g. {speaker}_{emotion}_{n}.wav; not given: the sub-folder is the target",
    )


class Folder(Database):
    """``NAME = path/to/folder`` with ``NAME.type = folder``; audio files are found in all sub-folders."""

    Options = FolderOptions
    summary = "a folder of audio files, labels from the names of sub-folders or files"

    def load(self, request: Request) -> Loaded:
        """See :class:`Database`."""
        import pandas as pd

        from nkululeko.data.tables import clean, to_loaded

        root = Path(request.path).absolute()
        files = audio_files(root)
        if self.options.pattern is not None:
            chosen, rows, notes = self._by_pattern(files, root, request.name)
        else:
            chosen, rows, notes = _by_folder(files, root, request)
        labels = clean(pd.DataFrame(rows, dtype="str"))
        frame = labels.assign(file=[f"{root}/{file}" for file in chosen])
        return to_loaded(frame, request, str(root), [root], notes, ".")

    def _by_pattern(
        self, files: Sequence[str], root: Path, name: str
    ) -> tuple[list[str], dict[str, list[str]], list[str]]:
        """The files that match, the columns that the pattern gives, and notes."""
        from nkululeko.data._pattern import compile_pattern

        pattern = compile_pattern(self.options.pattern, ENDINGS, f"{name}.pattern")
        read = [(file, found) for file in files if (found := pattern.read(file)) is not None]
        if not read:
            raise NkululekoError(
                f"no file matches '{pattern.text}', e.g. '{files[0]}' does not",
                f"{name}.pattern ({root})",
                "write the names as they are, what differs in braces",
            )
        notes = []
        if len(read) < len(files):
            other = next(file for file in files if pattern.read(file) is None)
            notes = [_left_out(root, len(files) - len(read), "do not match the pattern", other)]
        columns = {field: [found[number] for _, found in read] for number, field in enumerate(pattern.fields)}
        return [file for file, _ in read], columns, notes


def _by_folder(
    files: Sequence[str], root: Path, request: Request
) -> tuple[list[str], dict[str, list[str]], list[str]]:
    """Files in sub-folders, the names of these as the target, and notes."""
    inside = [file for file in files if "/" in file]
    if not inside:
        raise NkululekoError(
            f"no sub-folders with audio, whose names could be the {request.target}",
            str(root),
            f"set {request.name}.pattern, e.g. {{speaker}}_{{{request.target}}}_{{n}}.wav for names like '{files[0]}'",
        )
    notes = []
    if len(inside) < len(files):
        other = next(file for file in files if "/" not in file)
        notes = [_left_out(root, len(files) - len(inside), "lie in no sub-folder", other)]
    return inside, {request.target: [file.rsplit("/", 2)[-2] for file in inside]}, notes


def _left_out(root: Path, count: int, why: str, example: str) -> str:
    return f"{root}: {count} audio files {why}, and are left out, e.g. '{example}'"


def audio_files(root: Path) -> list[str]:
    """The audio files below a folder, relative to it, with ``/``, sorted; hidden ones are left out.

    Raises:
        NkululekoError: no such folder, or no audio in it
    """
    if not root.is_dir():
        raise NkululekoError(
            "is no folder" if root.exists() else "no such folder", str(root), "check the path"
        )
    found: list[str] = []
    others: Counter[str] = Counter()
    seen: set[Any] = set()
    for folder, inner, names in os.walk(root, followlinks=True):
        status = Path(folder).stat()
        if (status.st_dev, status.st_ino) in seen:  # a link to a folder above: walking would never end
            inner.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        inner[:] = sorted(name for name in inner if not name.startswith("."))
        relative = Path(folder).relative_to(root).as_posix()
        before = "" if relative == "." else f"{relative}/"
        for name in names:
            ending = name.rpartition(".")[2].lower()
            if ending in ENDINGS and not name.startswith("."):
                found.append(before + name)
            elif ending in _OTHER_AUDIO:
                others[ending] += 1
    if not found:
        expected = ", ".join(ENDINGS[:5])
        if others:
            kinds = ", ".join(f"{count} {ending}" for ending, count in others.items())
            what, todo = (
                f"no audio files that can be read ({kinds} cannot)",
                f"convert them to one of {expected}",
            )
        else:
            what, todo = "no audio files", f"expected {expected}, also in sub-folders"
        raise NkululekoError(what, str(root), todo)
    return sorted(found)

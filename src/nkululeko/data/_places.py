"""Where the audio files of a table are: relative names to absolute paths, for millions of rows at once."""
# paths as text: a pathlib object a row would take minutes for large tables
# ruff: noqa: PTH100, PTH110, PTH111, PTH117, PTH118, PTH208

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

#: up to so many files are looked up one by one; beyond, their folders are listed
_FEW = 2000


@dataclass(frozen=True)
class _Names:
    """Different file names, taken apart.

    Args:
        folders: the different folders, as written
        codes: which of them each name is in, shape ``(names,)``
        names: what is left of each name
    """

    folders: Sequence[str]
    codes: np.ndarray
    names: pd.Index

    def take(self, chosen: np.ndarray) -> _Names:
        """Some of the names, by position."""
        return _Names(self.folders, self.codes[chosen], self.names[chosen])

    def resolved(self, base: Path) -> list[str]:
        """Each folder below the base, absolute, without ``..``, with a separator at its end."""
        full = (
            os.path.abspath(os.path.join(base, os.path.expanduser(folder or "."))) for folder in self.folders
        )
        return [folder if folder.endswith(os.sep) else folder + os.sep for folder in full]

    def below(self, base: Path) -> pd.Index:
        """The absolute path of each name below the base."""
        paths = pd.Index(self.resolved(base), dtype="str").take(self.codes) + self.names
        # 'wav/' and 'wav/..' are folders, not names in one
        odd = np.asarray(self.names.isin(["", ".", ".."]))
        if odd.any():
            paths = pd.Index(np.where(odd, [os.path.abspath(path) for path in paths], paths), dtype="str")
        return paths


def locate(names: pd.Series, bases: Sequence[Path]) -> pd.Index:
    """Absolute paths of files: the first base where one exists, else below the first base.

    Args:
        names: a file name a row, none of them missing
        bases: folders that relative names may start from, in order

    Example:
        >>> locate(pd.Series(["b/../a.wav"], dtype="str"), [Path("/data")]).tolist()
        ['/data/a.wav']
    """
    rows, unique = names.astype("str").factorize()
    return _places(pd.Index(unique), list(dict.fromkeys(bases))).take(rows)


def _places(names: pd.Index, bases: Sequence[Path]) -> pd.Index:
    """The path of each of different names."""
    if names.empty:
        return names
    foreign = np.asarray(names.str.contains("\\", regex=False))
    forward = names.str.replace("\\", "/", regex=False) if foreign.any() else names
    # on Windows both signs part folders; elsewhere a table made there is read so if no file is found as written
    spellings = [forward] if os.sep == "\\" or not foreign.any() else [names, forward]
    apart = [_split(spelling) for spelling in spellings]
    found = apart[0].below(bases[0])
    if len(apart) * len(bases) == 1:
        return found
    absolute = np.array(
        [os.path.isabs(os.path.expanduser(folder)) for folder in apart[0].folders], dtype=bool
    )
    missing = np.flatnonzero(~absolute[apart[0].codes] | (foreign & (len(apart) > 1)))
    chosen = np.asarray(found, dtype=object)
    for spelling in apart:
        for base in bases:
            part = spelling.take(missing)
            there = _exist(part, base)
            chosen[missing[there]] = part.take(there).below(base)
            missing = missing[~there]
    return pd.Index(chosen, dtype="str")


def to_arrow(text: pd.Index) -> Any:
    """Text as one ``pyarrow.LargeStringArray``, not copied where pandas holds it so."""
    import pyarrow as pa

    array = pa.array(text.array, pa.large_string())
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _split(names: pd.Index) -> _Names:
    """Names as folders and what is in them."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # one or two parts a name, all in one array: much faster than regular expressions
    parts = pc.split_pattern(to_arrow(names), "/", max_splits=1, reverse=True)
    ends = parts.offsets.to_numpy()[1:]
    in_folder = np.asarray(pc.list_value_length(parts)) == 2
    first = pc.if_else(pa.array(in_folder), parts.values.take(pa.array(ends - 1 - in_folder)), None)
    encoded = first.dictionary_encode("encode")
    folders = ["" if folder is None else f"{folder}/" for folder in encoded.dictionary.to_pylist()]
    return _Names(
        folders, encoded.indices.to_numpy(), pd.Index(parts.values.take(pa.array(ends - 1)), dtype="str")
    )


def _exist(names: _Names, base: Path) -> np.ndarray:
    """Which of the names exist below the base, shape ``(names,)``.

    Listing the folders is far cheaper than asking for a million files, above all over a network. But only where
    upper and lower case, and two spellings of an umlaut, are different names in a folder.
    """
    if len(names.codes) <= _FEW or sys.platform in ("win32", "darwin"):
        return np.array([os.path.exists(path) for path in names.below(base)], dtype=bool)
    folders = names.resolved(base)
    used = np.unique(names.codes)
    present = [folders[code] + name for code in used for name in _entries(folders[code])]
    if not present:
        return np.zeros(len(names.codes), dtype=bool)
    return np.asarray(names.below(base).isin(pd.Index(present, dtype="str")))


def _entries(folder: str) -> list[str]:
    """What is in a folder; nothing, if it is none or cannot be read."""
    try:
        return os.listdir(folder)
    except OSError:
        return []

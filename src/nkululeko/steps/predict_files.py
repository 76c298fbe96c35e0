"""What is to be predicted: files, folders, lists and tables, gathered into samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Request
from nkululeko.data._table_options import TableOptions, bases
from nkululeko.data.databases.csv import read_table
from nkululeko.data.databases.folder import audio_files
from nkululeko.data.tables import to_loaded


@dataclass(frozen=True)
class Sources:
    """Where speech is.

    Args:
        files: audio files
        folders: folders of audio files; sub-folders are searched too
        lists: text files, an audio file a line
        tables: CSV files with a column ``file``, and perhaps ``start``, ``end``, ``speaker`` ...
        speaker: who speaks wherever no table says it
    """

    files: Sequence[Path] = ()
    folders: Sequence[Path] = ()
    lists: Sequence[Path] = ()
    tables: Sequence[Path] = ()
    speaker: str = ""


def gather(sources: Sources) -> pd.DataFrame:
    """The samples of all sources, in the order files, folders, lists, tables; each segment once.

    Returns:
        on the segmented index, files absolute; ends missing where a whole file is meant; the columns of the tables

    Raises:
        NkululekoError: a folder, list or table cannot be read, or there is nothing in it
    """
    names = [str(path.expanduser().absolute()) for path in sources.files]
    for folder in sources.folders:
        root = folder.expanduser().absolute()
        names += [f"{root}/{name}" for name in audio_files(root)]
    for path in sources.lists:
        names += _listed(path)
    frames = [pd.DataFrame(index=contract.segmented_index(names))] if names else []
    frames += [_table(path) for path in sources.tables]
    if not frames:
        raise NkululekoError(
            "there is nothing to predict", todo="name files: --file, --folder, --list or --csv"
        )
    samples = pd.concat(frames)
    samples = samples[~samples.index.duplicated()]
    if sources.speaker:
        known = samples["speaker"] if "speaker" in samples else pd.Series(None, samples.index, dtype=object)
        samples = samples.assign(speaker=known.astype(object).where(known.notna(), sources.speaker))
    return samples


def _listed(path: Path) -> list[str]:
    """The files that a list names: as seen from the folder of the call, else from that of the list."""
    try:
        lines = path.expanduser().read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        raise NkululekoError(
            "is no text file", str(path), "expected an audio file a line, in UTF-8"
        ) from None
    except OSError as problem:
        raise NkululekoError(f"cannot be read ({problem.strerror})", str(path)) from None
    names = [Path(line.strip()).expanduser() for line in lines if line.strip()]
    if not names:
        raise NkululekoError("the list is empty", str(path), "expected an audio file a line")
    beside = path.expanduser().absolute().parent
    found = [name if name.exists() else beside / name for name in names]
    places = [place if place.exists() else name for place, name in zip(found, names, strict=True)]
    return [str(place.absolute()) for place in places]


def _table(path: Path) -> pd.DataFrame:
    """The samples of a CSV, in its order."""
    path = path.expanduser()
    frame, _, decimal = read_table(path)
    # no column is predicted here: 'file' is one that must be there anyway
    request = Request("the table", str(path), "file")
    return to_loaded(frame, request, str(path), bases(path, TableOptions(), ()), (), decimal).samples

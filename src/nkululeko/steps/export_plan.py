"""What is written where: the files of a new database, and its table."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np
import pandas as pd

from nkululeko.audio.probe import AudioInfo
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError

#: columns of the table that come first, in this order, where they are known
_FIRST = ("speaker", "gender", "age")
#: the table's own; a column of the data that bears such a name would be taken for it
_LAST = ("split", "database")


@dataclass(frozen=True)
class Piece:
    """One file of the new database.

    Args:
        place: below its folder, with ``/``
        source: the original
        span: first frame, and that after the last; None: the whole file, copied as it is
    """

    place: str
    source: str
    span: tuple[int, int] | None = None


@dataclass(frozen=True)
class Plan:
    """The new database.

    Args:
        pieces: its files
        table: a row a sample: ``file``, maybe ``start`` and ``end``, and what is known
    """

    pieces: tuple[Piece, ...]
    table: pd.DataFrame


def plan(
    samples: pd.DataFrame, speakers: pd.Series, audio: Mapping[str, AudioInfo], target: str, root: Path | None,
    cut: bool,
) -> Plan:  # fmt: skip
    """Plan a new database.

    Args:
        samples: on the segmented index, ends known; with ``database`` and ``split``
        speakers: who speaks in each row, so that two databases never share a speaker by chance
        audio: what the files hold
        target: the column that is predicted
        root: below which the originals lie; None: their common folder
        cut: whether each segment becomes a file

    Raises:
        NkululekoError: an original is not below ``root``
    """
    files = [str(file) for file in contract.files_of(samples.index)]
    below = _below(files, root)
    taken: set[str] = set()
    if cut:
        pieces = _cut(samples, audio, below, taken)
        places, spans = [piece.place for piece in pieces], {}
    else:
        named = {file: _free(below[file], taken) for file in files}
        pieces = [Piece(place, file) for file, place in named.items()]
        places = [named[str(file)] for file in samples.index.get_level_values("file")]
        spans = _spans(samples, audio)
    table = pd.DataFrame({"file": places, **spans})
    rows = _known(samples, speakers, target)
    return Plan(tuple(pieces), pd.concat([table, rows.reset_index(drop=True)], axis=1))


def _below(files: Sequence[str], root: Path | None) -> dict[str, PurePosixPath]:
    """Where each original lies below the root; names are compared as they are written, then with links followed."""
    plain = {file: os.path.normpath(file) for file in files}
    if root is None:
        folders = {str(Path(path).parent) for path in plain.values()}
        try:
            common = os.path.commonpath(folders)
        except ValueError:  # on several drives
            raise NkululekoError(
                "the recordings lie on different drives", "[EXPORT]", "set orig_root"
            ) from None
        return {file: _relative(path, common) for file, path in plain.items()}
    whole = os.path.normpath(root)
    found = {}
    for file, path in plain.items():
        if _is_below(path, whole):
            found[file] = _relative(path, whole)
        elif _is_below(os.path.realpath(path), os.path.realpath(whole)):
            found[file] = _relative(os.path.realpath(path), os.path.realpath(whole))
        else:
            raise NkululekoError(
                f"does not lie below orig_root ({whole})", file,
                "set orig_root to a folder above all recordings, or leave it out: then it is their common folder",
            )  # fmt: skip
    return found


def _is_below(path: str, folder: str) -> bool:
    return Path(folder) in Path(path).parents


def _relative(path: str, folder: str) -> PurePosixPath:
    return PurePosixPath(Path(os.path.relpath(path, folder)).as_posix())


def _free(wanted: PurePosixPath, taken: set[str]) -> str:
    """The name, or one with a number where another file has it; some file systems do not tell A from a."""
    found, number = wanted, 1
    while str(found).casefold() in taken:
        number += 1
        found = wanted.with_name(f"{wanted.stem}_{number}{wanted.suffix}")
    taken.add(str(found).casefold())
    return str(found)


def _cut(
    samples: pd.DataFrame, audio: Mapping[str, AudioInfo], below: Mapping[str, PurePosixPath], taken: set[str]
) -> list[Piece]:  # fmt: skip
    """A file for each sample; one that is a whole file keeps its name, and is copied as it is."""
    pieces = []
    spans = zip(contract.seconds(samples.index, "start"), contract.seconds(samples.index, "end"), strict=True)
    for file, (start, end) in zip(samples.index.get_level_values("file"), spans, strict=True):
        info, place = audio[str(file)], below[str(file)]
        # the same frames as features are extracted from
        first, last = round(start * info.sampling_rate), min(round(end * info.sampling_rate), info.frames)
        if (first, last) == (0, info.frames):
            pieces.append(Piece(_free(place, taken), str(file)))
            continue
        name = f"{place.stem}_{round(1000 * start):06d}_{round(1000 * end):06d}.wav"
        pieces.append(Piece(_free(place.with_name(name), taken), str(file), (first, last)))
    return pieces


def _spans(samples: pd.DataFrame, audio: Mapping[str, AudioInfo]) -> dict[str, np.ndarray]:
    """Start and end of each sample; none where all are whole files."""
    index = samples.index
    assert isinstance(index, pd.MultiIndex)
    lengths = contract.by_file(index, {file: info.duration for file, info in audio.items()}, np.nan)
    starts, ends = contract.seconds(index, "start"), contract.seconds(index, "end")
    if ((starts == 0) & (np.abs(ends - lengths) < 1e-8)).all():
        return {}
    return {side: np.asarray(index.get_level_values(side)) for side in ("start", "end")}


def _known(samples: pd.DataFrame, speakers: pd.Series, target: str) -> pd.DataFrame:
    """What is known of the samples, the best known first; columns without any value are left out."""
    if "speaker" in samples and _ambiguous(samples):
        names = speakers.astype("str").str.replace("/", "_", n=1, regex=False)
        samples = samples.assign(speaker=names.where(samples["speaker"].notna()))
    taken = [name for name in samples if name in ("file", "start", "end")]
    names = [str(name) for name in samples.drop(columns=taken)]
    first = [name for name in (*_FIRST, target) if name in names]
    last = [name for name in _LAST if name in names and name not in first]
    ordered = [*dict.fromkeys(first), *(name for name in names if name not in (*first, *last)), *last]
    kept = samples[[name for name in ordered if samples[name].notna().any()]]
    times = [name for name in kept if pd.api.types.is_timedelta64_dtype(kept[name].dtype)]
    return kept.assign(**{str(name): kept[name].dt.total_seconds() for name in times})  # numbers stay numbers


def _ambiguous(samples: pd.DataFrame) -> bool:
    """Whether two databases have a speaker of one name: in one table they would be one person."""
    pairs = samples[["database", "speaker"]].dropna().drop_duplicates()
    return bool(pairs["speaker"].duplicated().any())

"""The data contract: samples are rows on audformat's segmented index (file, start, end).

``file`` is an absolute path; ``start`` and ``end`` are timedeltas, ``end`` missing (NaT) until the
length of the file is known. Features and labels meet by this index only, and it is checked each time.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nkululeko.core.errors import NkululekoError

LEVELS = ["file", "start", "end"]
SPLITS = ("train", "dev", "test")


def segmented_index(
    files: Iterable[str], starts: Iterable | None = None, ends: Iterable | None = None
) -> pd.MultiIndex:
    """A segmented index; without ``starts`` a segment begins at 0, without ``ends`` it lasts to the end.

    Example:
        >>> segmented_index(["a.wav"]).names
        FrozenList(['file', 'start', 'end'])
    """
    file = files.astype("str") if isinstance(files, pd.Index) else pd.Index(list(files), dtype="str")
    start = pd.to_timedelta(
        pd.Index(starts if starts is not None else np.zeros(len(file), "timedelta64[ns]"))
    )
    start = start.fillna(pd.Timedelta(0)).as_unit("ns")
    missing = np.full(len(file), np.timedelta64("NaT", "ns"), "timedelta64[ns]")
    end = pd.to_timedelta(pd.Index(ends if ends is not None else missing)).as_unit("ns")
    return pd.MultiIndex.from_arrays([file, start, end], names=LEVELS)


def check(samples: pd.DataFrame) -> pd.DataFrame:
    """The samples themselves, if they keep the contract; a programming error otherwise."""
    if list(samples.index.names) != LEVELS:
        raise ValueError(f"samples need the index {LEVELS}, not {list(samples.index.names)}")
    return samples


def files_of(index: pd.Index) -> pd.Index:
    """The different files of an index, in order of their first row."""
    return index.get_level_values("file").unique()


def seconds(index: pd.Index, level: str) -> np.ndarray:
    """``start`` or ``end`` in seconds, shape ``(samples,)``; NaN where missing."""
    return index.get_level_values(level).total_seconds().to_numpy()


def by_file(index: pd.MultiIndex, values: Mapping[str, Any], default: Any) -> np.ndarray:
    """What is known of the file of each row, shape ``(samples,)``; each file is looked up once.

    Example:
        >>> by_file(segmented_index(["a.wav", "b.wav", "a.wav"]), {"a.wav": 1.5}, np.nan)
        array([1.5, nan, 1.5])
    """
    level = index.names.index("file")
    known = [values.get(file, default) for file in index.levels[level]]
    return np.array(known)[index.codes[level]] if known else np.array([])


def align(features: pd.DataFrame, index: pd.Index) -> pd.DataFrame:
    """The features of the given samples, in their order.

    Raises:
        NkululekoError: a sample has no features, or features stand twice
    """
    if not features.index.is_unique:
        raise NkululekoError("features hold the same segment twice", todo="remove the duplicate rows")
    if features.index.equals(index):
        return features
    positions = features.index.get_indexer(index)
    if (positions < 0).any():
        missing = index[positions < 0]
        raise NkululekoError(f"{len(missing)} samples have no features", where=str(missing[0][0]))
    return features.iloc[positions].set_axis(index, axis=0)


def speaker_keys(samples: pd.DataFrame, shared: bool = False) -> pd.Series:
    """Who speaks: ``database/speaker``, so that two databases never share a speaker by chance.

    Samples whose speaker is unknown have a missing key.
    """
    if "speaker" not in samples:
        return pd.Series(pd.NA, index=samples.index, dtype="str")
    speaker = samples["speaker"].astype("str")
    return speaker if shared else samples["database"].astype("str") + "/" + speaker


def fingerprint(samples: pd.DataFrame, columns: Iterable[str]) -> str:
    """A short hash of the data that does not depend on the order of rows, nor on the folder of the files."""
    kept = samples[[column for column in columns if column in samples]]
    rows = np.sort(pd.util.hash_pandas_object(kept, index=False).to_numpy())
    return hashlib.blake2b(rows.tobytes(), digest_size=8).hexdigest()


def to_csv_text(samples: pd.DataFrame) -> str:
    """The samples as CSV, as audformat writes them (``0 days 00:00:01.500000``)."""
    return samples.reset_index().to_csv(index=False, lineterminator="\n")


def from_csv(path: Path) -> pd.DataFrame:
    """Samples that :func:`to_csv_text` wrote.

    Raises:
        NkululekoError: the file is no such table
    """
    try:
        frame = pd.read_csv(path, dtype={"file": "str", "speaker": "str", "database": "str"})
        index = segmented_index(frame["file"], pd.to_timedelta(frame["start"]), pd.to_timedelta(frame["end"]))
    except (OSError, ValueError, KeyError) as problem:
        raise NkululekoError(f"is no table of samples ({problem})", str(path)) from None
    return frame.drop(columns=LEVELS).set_axis(index, axis=0)


def whole_files(index: pd.MultiIndex) -> np.ndarray:
    """Which rows stand for a whole file: they start at 0 and have no end, shape ``(samples,)``."""
    starts, ends = index.get_level_values("start"), index.get_level_values("end")
    return np.asarray((starts == pd.Timedelta(0)) & ends.isna())


def resolve_ends(index: pd.MultiIndex, durations: Mapping[str, float]) -> pd.MultiIndex:
    """The index with every missing end replaced by the length of the file, later ends cut to it.

    Args:
        index: segments
        durations: path to length in s; files that it lacks keep their ends
    """
    lengths = pd.to_timedelta(by_file(index, durations, np.nan), unit="s").as_unit("ns")
    ends = index.get_level_values("end")
    beyond = np.asarray(ends.isna() | (ends > lengths)) & ~np.asarray(lengths.isna())
    return segmented_index(
        index.get_level_values("file"), index.get_level_values("start"), ends.where(~beyond, lengths)
    )

"""Samples as whole numbers: what is counted over a million rows is counted on these, never row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

import numpy as np
import pandas as pd

from nkululeko.core import samples as contract


class Recording(Protocol):
    """What is known of an audio file."""

    @property
    def content(self) -> bytes:
        """Hash of what is heard; empty where it cannot be read."""

    @property
    def sampling_rate(self) -> int:
        """In Hz; 0 where it cannot be read."""

    @property
    def channels(self) -> int:
        """How many."""


@dataclass(frozen=True)
class Coded:
    """Samples by number; a part is one split of one database.

    Args:
        parts: database and split of each part, in the order of the databases, then train, dev, test
        part: the part of each sample, shape ``(samples,)``
        files: names of files, shape ``(files,)``
        content: hash of what each file holds, empty where it is not known, shape ``(files,)``
        rate: their sampling rate in Hz, 0 where it is not known, shape ``(files,)``
        channels: how many they have, shape ``(files,)``
        file: the file of each sample, shape ``(samples,)``
        speakers: keys of speakers, sorted
        speaker: the speaker of each sample, -1 where unknown, shape ``(samples,)``
        seconds: length of each sample in s, shape ``(samples,)``
    """

    parts: list[tuple[str, str]]
    part: np.ndarray
    files: np.ndarray
    content: np.ndarray
    rate: np.ndarray
    channels: np.ndarray
    file: np.ndarray
    speakers: np.ndarray
    speaker: np.ndarray
    seconds: np.ndarray

    def names(self) -> np.ndarray:
        """The parts as text, e.g. ``emodb train``, shape ``(parts,)``."""
        return np.array([" ".join(part) for part in self.parts], dtype=object)

    def columns(self) -> dict[str, list[str]]:
        """The parts as the columns ``database`` and ``split`` of a table."""
        return {
            "database": [database for database, _ in self.parts],
            "split": [split for _, split in self.parts],
        }


def coded(
    samples: pd.DataFrame, speakers: pd.Series, databases: Iterable[str], audio: Mapping[str, Recording]
) -> Coded:
    """Samples by number.

    Args:
        samples: on the segmented index with known ends; columns ``database``, ``split``
        speakers: key of who speaks, a row a sample, missing where unknown
        databases: their order
        audio: path to what the file holds
    """
    owner, owners = codes(samples["database"])
    split, splits = codes(samples["split"])
    ranks = {name: rank for rank, name in enumerate(dict.fromkeys([*databases, *owners]))}
    places = {name: place for place, name in enumerate(dict.fromkeys([*contract.SPLITS, *splits]))}
    rank = np.array([ranks[name] for name in owners], dtype=np.int64)[owner]
    place = np.array([places[name] for name in splits], dtype=np.int64)[split]
    found, part = ranked(rank * len(places) + place)
    known, order = list(ranks), list(places)
    speaker, keys = codes(speakers)
    assert isinstance(samples.index, pd.MultiIndex)
    starts, ends = (contract.seconds(samples.index, level) for level in ("start", "end"))
    used, file = ranked(np.asarray(samples.index.codes[0], dtype=np.int64))
    files = samples.index.levels[0].to_numpy(dtype=object)[used]
    infos = [audio.get(name) for name in files]
    return Coded(
        parts=[(known[number // len(order)], order[number % len(order)]) for number in found],
        part=part,
        files=files,
        content=np.array([info.content if info else b"" for info in infos], dtype=object),
        rate=np.array([info.sampling_rate if info else 0 for info in infos], dtype=np.int64),
        channels=np.array([info.channels if info else 0 for info in infos], dtype=np.int64),
        file=file,
        speakers=keys,
        speaker=speaker,
        seconds=ends - starts,
    )


def codes(values: pd.Series) -> tuple[np.ndarray, np.ndarray]:
    """Each value by its number, and the different values as sorted text (numbers: six digits); -1 where missing.

    Example:
        >>> numbers, names = codes(pd.Series(["b", None, "a", "b"]))
        >>> numbers.tolist(), names.tolist()
        ([1, -1, 0, 1], ['a', 'b'])
    """
    numbers, different = pd.factorize(values)
    texts = [f"{value:.6g}" if isinstance(value, float) else str(value) for value in different.astype(object)]
    names = np.array(texts, dtype=object)
    sorted_names, places = np.unique(names, return_inverse=True)
    places = np.append(places, -1)  # the last one is what -1 leads to
    return places[numbers], sorted_names


def counts(groups: np.ndarray, values: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """How often each value stands in each group, values below 0 left out, shape ``(groups, values)``.

    Example:
        >>> counts(np.array([0, 0, 1, 1]), np.array([1, 1, 0, -1]), (2, 2)).tolist()
        [[0, 2], [1, 0]]
    """
    known = values >= 0
    pairs = groups[known] * shape[1] + values[known]
    return np.bincount(pairs, minlength=shape[0] * shape[1]).reshape(shape)


def pairs(groups: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different pairs of group and value, sorted by group, values below 0 left out.

    Example:
        >>> [part.tolist() for part in pairs(np.array([1, 0, 1, 1]), np.array([5, 5, 5, -1]))]
        [[0, 1], [5, 5]]
    """
    known = values >= 0
    if not known.any():
        return np.empty(0, np.int64), np.empty(0, np.int64)
    width = int(values.max()) + 1
    different = unique(groups[known] * width + values[known])
    return different // width, different % width


def unique(numbers: np.ndarray) -> np.ndarray:
    """The different numbers, none below 0, sorted; where their range is small, quicker than by sorting.

    Example:
        >>> unique(np.array([3, 1, 3])).tolist()
        [1, 3]
    """
    size = int(numbers.max(initial=-1)) + 1
    if size > 16 * len(numbers) + 1000:
        ordered = np.sort(numbers)
        return ordered[np.append(True, ordered[1:] != ordered[:-1])]
    seen = np.zeros(size, dtype=bool)
    seen[numbers] = True
    return np.flatnonzero(seen)


def ranked(numbers: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The different numbers, sorted, and the place of each number among them.

    Example:
        >>> [part.tolist() for part in ranked(np.array([7, 3, 7]))]
        [[3, 7], [1, 0, 1]]
    """
    found = unique(numbers)
    return found, np.searchsorted(found, numbers)


def different(groups: np.ndarray, values: np.ndarray, size: int) -> np.ndarray:
    """How many different values each of ``size`` groups has, values below 0 left out, shape ``(size,)``."""
    return np.bincount(pairs(groups, values)[0], minlength=size)


def joined(groups: np.ndarray, texts: np.ndarray, size: int, between: str = ", ") -> list[str]:
    """The texts of each of ``size`` groups in one line each; ``groups`` ascend.

    Example:
        >>> joined(np.array([0, 0, 2]), np.array(["a", "b", "c"], dtype=object), 3)
        ['a, b', '', 'c']
    """
    borders = np.searchsorted(groups, np.arange(size + 1)).tolist()
    words = texts.tolist()
    return [between.join(words[first:last]) for first, last in pairwise(borders)]

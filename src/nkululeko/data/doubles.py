"""Speakers, and recordings, that stand in more than one part of the data."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nkululeko.data.coded import Coded, codes, joined, pairs

SPEAKER_COLUMNS = ["speaker", "parts", "samples", "between"]
COPY_COLUMNS = ["files", "count", "parts", "labels", "across"]


def shared_speakers(rows: Coded, samples: pd.DataFrame) -> pd.DataFrame:
    """Speakers in more than one split, and equal names of different speakers in several databases.

    Args:
        rows: the samples by number
        samples: the same; their column ``speaker`` has the names

    Returns:
        columns ``speaker`` (key, or name), ``parts``, ``samples``, ``between`` (``splits`` or ``databases``)
    """
    split = np.array([part[1] for part in rows.parts], dtype=object)
    tables = [_in_several(rows, rows.speaker, rows.speakers, split, "splits")]
    if "speaker" in samples and len({database for database, _ in rows.parts}) > 1:
        number, names = codes(samples["speaker"])
        # who shares a key in several databases is one person, and no coincidence
        name_of_key, _ = pairs(number[number >= 0], rows.speaker[number >= 0])
        several = np.bincount(name_of_key, minlength=len(names)) > 1
        database = np.array([part[0] for part in rows.parts], dtype=object)
        number = np.where((number >= 0) & np.append(several, False)[number], number, -1)
        tables.append(_in_several(rows, number, names, database, "databases"))
    return pd.concat(tables, ignore_index=True)


def _in_several(
    rows: Coded, number: np.ndarray, names: np.ndarray, kind: np.ndarray, between: str
) -> pd.DataFrame:
    """Those whose parts are of more than one kind.

    Args:
        rows: the samples by number
        number: of each sample's speaker, -1: of none, shape ``(samples,)``
        names: of the speakers
        kind: of each part: its split, or its database
        between: for the column of that name
    """
    speaker, part = pairs(number[number >= 0], rows.part[number >= 0])
    _, kinds = np.unique(kind, return_inverse=True)
    of_kind, _ = pairs(speaker, kinds[part])
    several = np.flatnonzero(np.bincount(of_kind, minlength=len(names)) > 1)
    kept = np.isin(speaker, several)
    places = np.searchsorted(several, speaker[kept])
    samples = np.bincount(number[number >= 0], minlength=len(names))
    columns = {
        "speaker": names[several],
        "parts": joined(places, rows.names()[part[kept]], len(several)),
        "samples": samples[several],
        "between": [between] * len(several),
    }
    return pd.DataFrame(columns, columns=SPEAKER_COLUMNS)


def copies(rows: Coded, target: pd.Series) -> pd.DataFrame:
    """Different files with the same audio, those first that stand in several splits or have several labels.

    Args:
        rows: the samples by number
        target: their label or number

    Returns:
        columns ``files``, ``count``, ``parts``, ``labels`` (the different ones), ``across`` (``splits``,
        ``databases``, ``both`` or nothing)
    """
    number, different = pd.factorize(rows.content)
    again = (np.bincount(number, minlength=len(different)) > 1) & (different != b"")
    if not again.any():
        return pd.DataFrame({name: [] for name in COPY_COLUMNS})
    size = int(again.sum())
    group = np.full(len(different), -1)
    group[again] = np.arange(size)
    group_of_row = group[number][rows.file]

    file = np.flatnonzero(again[number])
    file = file[np.argsort(group[number][file], kind="stable")]
    file_group = group[number][file]
    mine = group_of_row >= 0
    part_group, part = pairs(group_of_row[mine], rows.part[mine])
    label, labels = codes(target[mine])
    label_group, label = pairs(group_of_row[mine], label)
    table = pd.DataFrame(
        {
            "files": joined(file_group, rows.files[file], size, "; "),
            "count": np.bincount(file_group, minlength=size),
            "parts": joined(part_group, rows.names()[part], size),
            "labels": joined(label_group, labels[label], size),
            "across": _across(rows, part_group, part, size),
        }
    )
    several_labels = np.bincount(label_group, minlength=size) > 1
    serious = 2 * table["across"].isin(["splits", "both"]).to_numpy() + several_labels
    order = table.assign(serious=-serious).sort_values(["serious", "files"]).index
    return table.loc[order].reset_index(drop=True)


def _across(rows: Coded, group: np.ndarray, part: np.ndarray, size: int) -> np.ndarray:
    """Whether the parts of each group are of several splits, of several databases, or both."""
    several = []
    for place in (1, 0):
        _, kind = np.unique(np.array([each[place] for each in rows.parts], dtype=object), return_inverse=True)
        several.append(np.bincount(pairs(group, kind[part])[0], minlength=size) > 1)
    splits, databases = several
    return np.select([splits & databases, splits, databases], ["both", "splits", "databases"], "")

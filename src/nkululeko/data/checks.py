"""What would make a result untrue: speakers, or the same audio, on both sides of a split."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd

from nkululeko.core import samples as contract


def _listed(names: list[str], most: int = 8) -> str:
    shown = ", ".join(names[:most])
    return shown if len(names) <= most else f"{shown} and {len(names) - most} more"


def speaker_overlap(samples: pd.DataFrame, speakers: pd.Series) -> list[str]:
    """Warnings that name the speakers found in the test set and in what the model learns from."""
    split = samples["split"].to_numpy()
    keys = speakers.to_numpy()
    test = set(pd.unique(keys[split == "test"]))
    warnings = []
    for part in ("train", "dev"):
        both = sorted(str(k) for k in set(pd.unique(keys[split == part])) & test if not pd.isna(k))
        if both:
            warnings.append(
                f"{len(both)} speakers are in {part} and in test ({_listed(both)}): the score tells nothing about"
                " voices that the model has not heard"
            )
    return warnings


def audio_overlap(samples: pd.DataFrame, content: Mapping[str, bytes]) -> list[str]:
    """Warnings that name test samples whose audio, by content, the model also learns from."""
    files = samples.index.get_level_values("file")
    numbers = {key: number for number, key in enumerate(dict.fromkeys(content.values()))}
    known = {file: numbers[key] if key else -1 for file, key in content.items()}
    rows = pd.DataFrame(
        {
            "content": contract.by_file(samples.index, known, -1),
            "start": contract.seconds(samples.index, "start"),
            "end": np.nan_to_num(contract.seconds(samples.index, "end"), nan=np.inf),
            "file": files,
            "split": samples["split"].to_numpy(),
        }
    )
    rows = rows[rows["content"] >= 0]
    test = rows[rows["split"] == "test"]
    warnings = []
    for part in ("train", "dev"):
        other = rows[rows["split"] == part]
        hit = test[overlapping(test, other)]
        if len(hit):
            first = hit.iloc[0]
            there = other[(other["content"] == first["content"]) & (other["start"] < first["end"])]
            where = there.loc[there["end"] > first["start"], "file"].iloc[0]
            same = "" if first["file"] == where else f" is the same recording as {where}"
            warnings.append(
                f"{len(hit)} test samples are also in {part}, by their audio: e.g. {first['file']}{same}"
            )
    return warnings


def overlapping(test: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
    """Which rows of ``test`` share some audio with any row of ``other``, shape ``(len(test),)``.

    Segments overlap if more of the others have begun before their end than are over at their start; comparing
    each with each would take too much memory for one long recording with many segments.
    """
    hit = np.zeros(len(test), dtype=bool)
    shared = set(test["content"]) & set(other["content"])
    if not shared:
        return hit
    others = dict(list(other[other["content"].isin(shared)].groupby("content")))
    for content, rows in test.assign(row=np.arange(len(test)))[
        test["content"].isin(shared).to_numpy()
    ].groupby("content"):
        begun = np.searchsorted(np.sort(others[content]["start"]), rows["end"], "left")
        over = np.searchsorted(np.sort(others[content]["end"]), rows["start"], "right")
        hit[rows["row"]] = begun > over
    return hit


def in_several_databases(
    samples: pd.DataFrame, content: Mapping[str, bytes], target: str
) -> tuple[list[str], list[str]]:
    """Notes and warnings about recordings that stand in more than one database, by their audio.

    Args:
        samples: with columns ``database`` and the target
        content: path to the hash of what is heard
        target: where it differs, a warning names the recordings

    Returns:
        notes, warnings
    """
    names = list(samples["database"].unique())
    if len(names) < 2:
        return [], []
    numbers = {key: number for number, key in enumerate(dict.fromkeys(content.values()))}
    known = {file: numbers[key] if key else -1 for file, key in content.items()}
    rows = pd.DataFrame(
        {
            "content": contract.by_file(samples.index, known, -1),
            "start": samples.index.get_level_values("start"),
            "end": samples.index.get_level_values("end"),
            "file": samples.index.get_level_values("file"),
            "database": samples["database"].to_numpy(),
            "target": samples[target].astype("str").to_numpy(),
        }
    )
    rows = rows[rows["content"] >= 0]
    groups = rows.groupby(["content", "start", "end"], sort=False, dropna=False)
    several = rows[(groups["database"].transform("nunique") > 1).to_numpy()]
    if several.empty:
        return [], []
    groups = several.groupby(["content", "start", "end"], sort=False, dropna=False)
    labels = groups.agg(
        file=("file", "first"), databases=("database", lambda found: " and ".join(dict.fromkeys(found))),
        labels=("target", lambda found: " / ".join(dict.fromkeys(found))), kinds=("target", "nunique"),
    )  # fmt: skip
    where = _listed(sorted(labels["databases"].unique()))
    notes = [
        f"{len(labels)} recordings stand in more than one database ({where}): they count more than others"
    ]
    different = labels[labels["kinds"] > 1]
    if different.empty:
        return notes, []
    shown = _listed([f"{Path(row.file).name}: {row.labels}" for row in different.itertuples()])
    return notes, [f"{len(different)} recordings stand in {where} with different labels ({shown})"]


def class_overlap(samples: pd.DataFrame, target: str, labels: list[str]) -> list[str]:
    """Warnings about classes that stand in test but not in train, or the other way round."""
    counts = pd.crosstab(samples[target], samples["split"]).reindex(
        index=labels, columns=list(contract.SPLITS), fill_value=0
    )
    warnings = []
    for label, row in counts.iterrows():
        if row["test"] and not row["train"]:
            warnings.append(
                f"class '{label}' is in test ({row['test']} samples) but not in train: it cannot be found"
            )
        elif row["train"] and not row["test"]:
            warnings.append(f"class '{label}' is in train but not in test: the score says nothing about it")
    return warnings

"""What would make a result untrue: speakers, or the same audio, on both sides of a split."""

from __future__ import annotations

from collections.abc import Mapping

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
    rows = pd.DataFrame(
        {
            "content": [content.get(file, b"") for file in files],
            "start": contract.seconds(samples.index, "start"),
            "end": np.nan_to_num(contract.seconds(samples.index, "end"), nan=np.inf),
            "file": files,
            "split": samples["split"].to_numpy(),
        }
    )
    rows = rows[rows["content"] != b""]
    test = rows[rows["split"] == "test"]
    warnings = []
    for part in ("train", "dev"):
        other = rows[rows["split"] == part]
        hit = test[_overlapping(test, other)]
        if len(hit):
            first = hit.iloc[0]
            there = other[(other["content"] == first["content"]) & (other["start"] < first["end"])]
            where = there.loc[there["end"] > first["start"], "file"].iloc[0]
            same = "" if first["file"] == where else f" is the same recording as {where}"
            warnings.append(
                f"{len(hit)} test samples are also in {part}, by their audio: e.g. {first['file']}{same}"
            )
    return warnings


def _overlapping(test: pd.DataFrame, other: pd.DataFrame) -> np.ndarray:
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

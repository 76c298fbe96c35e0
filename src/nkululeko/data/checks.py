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
        shared = set(test["content"]) & set(other["content"])
        if not shared:
            continue
        pairs = test[test["content"].isin(shared)].merge(other[other["content"].isin(shared)], on="content")
        pairs = pairs[(pairs["start_x"] < pairs["end_y"]) & (pairs["start_y"] < pairs["end_x"])]
        if len(pairs):
            count = pairs[["file_x", "start_x"]].drop_duplicates().shape[0]
            first = pairs.iloc[0]
            same = (
                "" if first["file_x"] == first["file_y"] else f" is the same recording as {first['file_y']}"
            )
            warnings.append(
                f"{count} test samples are also in {part}, by their audio: e.g. {first['file_x']}{same}"
            )
    return warnings


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

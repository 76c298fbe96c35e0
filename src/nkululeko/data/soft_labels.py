"""Databases whose labels a model has predicted: never trained on where their audio is tested on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nkululeko.core import samples as contract
from nkululeko.data.checks import overlapping


def true_column(target: str) -> str:
    """Where the labels stand that people gave, beside predicted ones.

    Example:
        >>> true_column("emotion")
        'emotion_true'
    """
    return f"{target}_true"


def is_soft(samples: pd.DataFrame, target: str) -> np.ndarray:
    """True for samples of databases that hold predicted labels, shape ``(samples,)``: they have ``TARGET_true``."""
    column = true_column(target)
    if column not in samples:
        return np.zeros(len(samples), dtype=bool)
    owners = samples["database"]
    return owners.isin(owners[samples[column].notna()].unique()).to_numpy()


def leaks(
    samples: pd.DataFrame, content: Mapping[str, bytes], target: str, crossed: bool = False
) -> tuple[list[str], list[str]]:
    """Samples with predicted labels that would be learned from, and whose audio, by content, is tested on.

    Args:
        samples: with ``database`` and ``split``
        content: path to the hash of what is heard
        target: the predicted column
        crossed: every sample is tested once

    Returns:
        the databases, and the files; empty where all is well
    """
    soft = is_soft(samples, target)
    if not soft.any():
        return [], []
    numbers = {key: number for number, key in enumerate(dict.fromkeys(content.values()))}
    known = {file: numbers[key] if key else -1 for file, key in content.items()}
    rows = pd.DataFrame(
        {
            "content": contract.by_file(samples.index, known, -1),
            "start": contract.seconds(samples.index, "start"),
            "end": np.nan_to_num(contract.seconds(samples.index, "end"), nan=np.inf),
            "file": samples.index.get_level_values("file"),
            "database": samples["database"].to_numpy(),
        }
    )
    heard = (rows["content"] >= 0).to_numpy()
    tested = (samples["split"] == "test").to_numpy()
    learning = soft & heard & (np.ones(len(rows), dtype=bool) if crossed else ~tested)
    testing = heard & (~soft if crossed else tested)
    hit = rows[learning][overlapping(rows[learning], rows[testing])]
    return sorted(hit["database"].unique()), list(dict.fromkeys(hit["file"]))

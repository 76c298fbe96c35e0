"""Choosing speakers, or samples, for a set."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import numpy as np
import pandas as pd

from nkululeko.core.errors import NkululekoError
from nkululeko.data.targets import as_labels

_log = logging.getLogger("nkululeko")


def speakers_of(samples: pd.DataFrame, name: str, strategy: str) -> pd.Series:
    """The speaker of each row as text; an error where the data know none, a warning where some are unknown."""
    if "speaker" not in samples or samples["speaker"].isna().all():
        raise NkululekoError(
            f"{strategy} needs to know the speakers, and database '{name}' has no column 'speaker'",
            f"{name}.split_strategy",
            f"name the column by {name}.colnames, or use {name}.split_strategy = random",
        )
    speakers = as_labels(samples["speaker"])
    unknown = int(speakers.isna().sum())
    if unknown:
        _log.warning(
            "%s: %d samples without a speaker are used neither for training nor for test", name, unknown
        )
    return speakers


def share(total: int, percent: float, most: int) -> int:
    """So many of ``total`` are ``percent``, rounded: at least one, at most ``most``.

    Example:
        >>> share(10, 20, most=9), share(10, 1, most=9), share(10, 99, most=9)
        (2, 1, 9)
    """
    return min(max(1, round(total * percent / 100)), most)


def draw(items: Sequence[str], count: int, seed: int | Sequence[int]) -> list[str]:
    """So many of the items; the same for the same seed, whatever their order."""
    ordered = sorted(items)
    chosen = np.random.default_rng(seed).permutation(len(ordered))[:count]
    return sorted(ordered[i] for i in chosen)


def in_order(index: pd.Index) -> np.ndarray:
    """The positions of the rows sorted by file, start, end: what is drawn from them is the same for any order."""
    return pd.Series(np.arange(len(index)), index=index).sort_index(kind="stable").to_numpy()

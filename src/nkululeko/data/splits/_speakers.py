"""Choosing speakers for a test set."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from nkululeko.core.errors import NkululekoError

_log = logging.getLogger("nkululeko")


def speakers_of(samples: pd.DataFrame, name: str, strategy: str) -> pd.Series:
    """The speaker of each row; an error where the data know none, a warning where some are unknown."""
    if "speaker" not in samples or samples["speaker"].isna().all():
        raise NkululekoError(
            f"{strategy} needs to know the speakers, and database '{name}' has no column 'speaker'",
            f"{name}.split_strategy",
            f"name the column by {name}.colnames, or use {name}.split_strategy = random",
        )
    speakers = samples["speaker"].astype("str")
    unknown = int(speakers.isna().sum())
    if unknown:
        _log.warning(
            "%s: %d samples without a speaker are used neither for training nor for test", name, unknown
        )
    return speakers


def draw(items: list[str], percent: float, seed: int) -> list[str]:
    """A share of the items, at least one and not all; the same for the same seed whatever their order."""
    ordered = sorted(items)
    count = min(max(1, round(len(ordered) * percent / 100)), len(ordered) - 1)
    chosen = np.random.default_rng(seed).permutation(len(ordered))[:count]
    return sorted(ordered[i] for i in chosen)

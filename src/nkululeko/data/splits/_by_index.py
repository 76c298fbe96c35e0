"""Splits that name the rows of each part."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd


def by_index(samples: pd.DataFrame, parts: Mapping[str, pd.MultiIndex]) -> pd.Series:
    """``train``, ``dev``, ``test`` by membership.

    A row named by two parts belongs to the later of train, dev, test: never to train what is tested.
    """
    split = pd.Series(pd.NA, index=samples.index, dtype="str")
    for name in ("train", "dev", "test"):
        if name in parts:
            split[samples.index.isin(parts[name])] = name
    return split

"""Splits that name the rows of each part."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from nkululeko.core import samples as contract


def by_index(samples: pd.DataFrame, parts: Mapping[str, pd.MultiIndex]) -> pd.Series:
    """``train``, ``dev``, ``test`` by membership; a part that names a whole file names all its segments.

    A row named by two parts belongs to the later of train, dev, test: never to train what is tested.

    Args:
        samples: on the segmented index
        parts: ``train``, ``dev``, ``test`` to their rows; whole files start at 0 and have no end (NaT)
    """
    split = pd.Series(pd.NA, index=samples.index, dtype="str")
    for name in ("train", "dev", "test"):
        if name in parts:
            whole = contract.whole_files(parts[name])
            files = parts[name].get_level_values("file")[whole]
            named = samples.index.isin(parts[name]) | samples.index.get_level_values("file").isin(files)
            split[named] = name
    return split

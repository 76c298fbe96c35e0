"""Random split over samples: the same speakers may stand on both sides."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Split, SplitContext


class Random(Split):
    """``test_size`` percent of the samples, drawn by the seed, are the test set."""

    summary = "test_size percent of the samples, whoever speaks"

    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """See :class:`Split`."""
        count = len(loaded.samples)
        if count < 2:
            raise NkululekoError(f"database '{context.name}' has {count} samples, too few to split")
        size = min(max(1, round(count * context.test_size / 100)), count - 1)
        chosen = np.random.default_rng(context.seed).permutation(count)[:size]
        split = np.full(count, "train", dtype=object)
        split[chosen] = "test"
        return pd.Series(split, index=loaded.samples.index, dtype="str")

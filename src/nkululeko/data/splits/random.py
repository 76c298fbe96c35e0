"""Random split over samples: the same speakers may stand on both sides."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Split, SplitContext
from nkululeko.data.splits._dev import dev_of_samples
from nkululeko.data.splits._speakers import in_order, share


class Random(Split):
    """``test_size`` percent of the samples, drawn by the seed, are the test set."""

    summary = "test_size percent of the samples, whoever speaks"

    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """See :class:`Split`."""
        count = len(loaded.samples)
        if count < 2:
            raise NkululekoError(f"database '{context.name}' has {count} samples, too few to split")
        size = share(count, context.test_size, count - 1)
        chosen = np.random.default_rng(context.seed).permutation(count)[:size]
        split = np.full(count, "train", dtype=object)
        split[in_order(loaded.samples.index)[chosen]] = "test"
        # dev is drawn as test is: by samples, though the speakers may be known
        return dev_of_samples(pd.Series(split, index=loaded.samples.index, dtype="str"), context)

"""The whole database belongs to the train set."""

from __future__ import annotations

import pandas as pd

from nkululeko.core.families import Loaded, Split, SplitContext


class Train(Split):
    """All samples are train."""

    summary = "the whole database is train"

    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """See :class:`Split`."""
        return pd.Series("train", index=loaded.samples.index, dtype="str")

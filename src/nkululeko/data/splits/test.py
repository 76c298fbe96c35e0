"""The whole database belongs to the test set."""

from __future__ import annotations

import pandas as pd

from nkululeko.core.families import Loaded, Split, SplitContext


class Test(Split):
    """All samples are test."""

    summary = "the whole database is test"

    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """See :class:`Split`."""
        return pd.Series("test", index=loaded.samples.index, dtype="str")

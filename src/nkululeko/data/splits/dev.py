"""The whole database belongs to the dev set."""

from __future__ import annotations

import pandas as pd

from nkululeko.core.families import Loaded, Split, SplitContext


class Dev(Split):
    """All samples are dev."""

    summary = "the whole database is dev"

    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """See :class:`Split`."""
        return pd.Series("dev", index=loaded.samples.index, dtype="str")

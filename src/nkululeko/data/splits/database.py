"""The split that the data bring themselves."""

from __future__ import annotations

import pandas as pd

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Split, SplitContext
from nkululeko.data.splits._by_index import by_index


class DatabaseSplit(Split):
    """Tables that audformat marks as train, dev or test; or a column ``split`` with these values."""

    summary = "as the data say: audformat's splits, or a column 'split' (train, dev, test)"

    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """See :class:`Split`."""
        parts = {name: index for name, index in loaded.splits.items() if len(index)}
        if not parts:
            raise NkululekoError(
                f"database '{context.name}' brings no split of its own",
                f"{context.name}.split_strategy",
                "use speaker_split, or a column 'split' with train, dev, test",
            )
        return by_index(loaded.samples, parts)

"""The samples on their way from the databases to the splits: whatever falls out is counted and named."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from nkululeko.core.errors import NkululekoError
from nkululeko.data.dropped import Dropped


class Chain:
    """Samples, and what became of the others.

    Args:
        samples: on the segmented index, with a column ``database``
        loaded: how many rows each database had
        dropped: what fell out so far

    Example:
        >>> from nkululeko.core.samples import segmented_index
        >>> frame = pd.DataFrame({"database": ["db", "db"]}, index=segmented_index(["a.wav", "b.wav"]))
        >>> chain = Chain(frame, {"db": 2})
        >>> chain.leave_out(np.array([True, False]), "audio", "does not exist")
        >>> len(chain.samples), chain.dropped[0].reason
        (1, 'does not exist')
    """

    def __init__(
        self, samples: pd.DataFrame, loaded: dict[str, int], dropped: Sequence[Dropped] = ()
    ) -> None:
        self.samples, self.loaded = samples, loaded
        self.dropped: list[Dropped] = list(dropped)

    @classmethod
    def joined(cls, chains: Sequence[Chain]) -> Chain:
        """The databases below each other."""
        samples = [chain.samples for chain in chains]
        return cls(
            pd.concat(samples) if len(samples) > 1 else samples[0],
            {name: count for chain in chains for name, count in chain.loaded.items()},
            [drop for chain in chains for drop in chain.dropped],
        )

    def leave_out(self, gone: np.ndarray, step: str, reason: str) -> None:
        """Take rows out.

        Args:
            gone: True for those that fall out, shape ``(samples,)``
            step: what is being done, e.g. ``"mapping"``
            reason: why they fall out

        Raises:
            NkululekoError: a database has no rows left; says which step took the last
        """
        if not gone.any():
            return
        owners = self.samples["database"].to_numpy()[gone]
        rows = self.samples.index[gone]
        dropped = [Dropped(name, step, reason, rows[owners == name]) for name in dict.fromkeys(owners)]
        self.accept(self.samples[~gone], dropped)

    def accept(self, samples: pd.DataFrame, dropped: Sequence[Dropped]) -> None:
        """Go on with these samples, which lack those that were dropped."""
        self.samples = samples
        self.dropped += dropped
        left = set(samples["database"].unique())
        for drop in dropped:
            if drop.database not in left:
                self._is_empty(drop)

    def _is_empty(self, last: Dropped) -> None:
        earlier = [
            f"{len(drop.rows)} by {drop.step} ({drop.reason})"
            for drop in self.dropped
            if drop.database == last.database and drop is not last
        ]
        loaded = self.loaded[last.database]
        before = f"; before that, of {loaded}: " + "; ".join(earlier) if earlier else ""
        raise NkululekoError(
            f"database '{last.database}' has no samples left: the last {len(last.rows)} fell out by {last.step}"
            f" ({last.reason}){before}",
            "DATA",
            "loosen that rule, or take the database out of the experiment",
        )

"""Rows that fell out on the way, counted and named."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd


@dataclass(frozen=True)
class Dropped:
    """Samples of one database that cannot be used, or are not wanted.

    Args:
        database: whose
        step: where they fell out, e.g. ``"mapping"``
        reason: why
        rows: which
    """

    database: str
    step: str
    reason: str
    rows: pd.Index

    @property
    def stage(self) -> str:
        """Database and step, as messages name them."""
        return f"{self.database}, {self.step}"

    def examples(self, most: int = 5) -> list[str]:
        """The first files."""
        return [str(file) for file in self.rows.get_level_values("file")[:most]]

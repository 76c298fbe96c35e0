"""Options that list values: of speakers, of a column."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd
from pydantic import ValidationInfo

from nkululeko.core.errors import did_you_mean


def once(values: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
    """A validator of lists of which each value may stand in one only; blanks around values do not count.

    Raises:
        ValueError: a value stands in a list that was checked before, too
    """
    values = tuple(value.strip() for value in values)
    for other, taken in info.data.items():
        both = [value for value in values if isinstance(taken, tuple) and value in taken]
        if both:
            raise ValueError(f"'{both[0]}' stands in {other} too; expected each value in one list only")
    return values


def some(values: Sequence[str], most: int = 20) -> str:
    """Values for a message: all of them, or the first and how many there are.

    Example:
        >>> some(["a", "b", "c"], most=2)
        'a, b ... (3)'
    """
    shown = ", ".join(values[:most])
    return shown if len(values) <= most else f"{shown} ... ({len(values)})"


def nearest(value: str, known: Sequence[str]) -> str:
    """The nearest known value as a hint; empty where none is near."""
    hint = did_you_mean(value, known)
    return hint if hint.startswith("did you mean") else ""


def by_value(column: pd.Series, parts: dict[str, tuple[str, ...]]) -> pd.Series:
    """``train``, ``dev``, ``test`` by the value of each row; other values, and none, are missing."""
    return column.map({value: part for part, values in parts.items() for value in values}).astype("str")

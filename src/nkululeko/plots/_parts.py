"""Samples by category: what the pictures of numbers are made of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nkululeko.plots import _numbers, _page, _style
from nkululeko.plots._letters import shown

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.exploration import Variable

#: more categories than this are drawn as one, should they come
MOST = 24


@dataclass(frozen=True)
class Part:
    """The numbers of one category.

    Args:
        label: as it is written
        values: finite numbers, shape ``(n,)``
        colour: of the category
    """

    label: str
    values: np.ndarray
    colour: str

    @property
    def counted(self) -> str:
        """The label with the number of values."""
        return f"{self.label} ({len(self.values):,})"


def categories(column: pd.Series, known: Sequence[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """Category of each row as text, and the categories that occur, in their order.

    Args:
        column: without missing values
        known: the order; what is not among them follows by name, and beyond :data:`MOST` becomes ``other``
    """
    values = column.astype(str).to_numpy(dtype=object)
    found, counts = np.unique(values.astype(str), return_counts=True)
    occurring = set(found.tolist())
    levels = [str(name) for name in known if str(name) in occurring]
    levels += sorted(occurring - set(levels))
    if len(levels) > MOST:
        often = found[np.argsort(-counts, kind="stable")][: MOST - 1].tolist()
        levels = [name for name in levels if name in set(often) - {_page.REST}] + [_page.REST]
        values = np.where(np.isin(values.astype(str), levels), values, _page.REST)
    return values, tuple(levels)


def tints(variable: Variable | None, levels: Sequence[str]) -> dict[str, str]:
    """The colour of each level: by its place in the variable, so that it is the same in all pictures."""
    order = list(variable.levels) if variable is not None else []
    order += [name for name in levels if name not in order]
    return _page.colours(order)


def parts(values: np.ndarray, names: np.ndarray, levels: Sequence[str], tint: dict[str, str]) -> list[Part]:
    """The numbers of each category; the not finite ones are left out.

    Args:
        values: shape ``(n,)``
        names: category of each, shape ``(n,)``
        levels: in the order of the parts
        tint: colour of each level
    """
    return [
        Part(shown(name, 22), _numbers.finite(values[names == name]), tint.get(name, _style.MAIN))
        for name in levels
    ]


def by_median(found: Sequence[Part]) -> list[Part]:
    """The parts, highest median first."""
    middles = [float(np.median(part.values)) if len(part.values) else -np.inf for part in found]
    return [found[place] for place in np.argsort([-m for m in middles], kind="stable")]


def aligned(variable: Variable, index: pd.Index) -> pd.Series:
    """A variable's values in the order of another index; missing where it has no such row."""
    values = variable.values
    if values.index.equals(index):
        return values
    return values[~values.index.duplicated()].reindex(index)

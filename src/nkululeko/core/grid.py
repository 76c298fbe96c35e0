"""Databases against each other: a figure for each that is learned from and each that is tested on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class Cell:
    """One pair of databases.

    Args:
        row: what was learned from
        column: the database that was tested
        value: the figure; NaN: the cell is empty
        low: lower end of its interval
        high: upper end of its interval
        samples: how many were tested
        reason: why the cell is empty
        notes: what the user should know of it
        warnings: what the user must know of it
        folder: of its run; None: it has none
    """

    row: str
    column: str
    value: float = float("nan")
    low: float = float("nan")
    high: float = float("nan")
    samples: int = 0
    reason: str = ""
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    folder: Path | None = None

    @property
    def is_empty(self) -> bool:
        """Whether it has no figure."""
        return bool(np.isnan(self.value))


@dataclass(frozen=True)
class Grid:
    """All pairs.

    Args:
        title: of the comparison
        measure: its label, e.g. ``"UAR"``
        rows: what was learned from, in order
        columns: the databases that were tested, in order
        cells: one for each row and column, row by row
        higher_is_better: of the measure
        added: rows that are no databases: they count in no mean of a column
        notes: what the user should know
        warnings: what the user must know

    Example:
        >>> cells = [Cell("a", "a", 0.8), Cell("a", "b", 0.4), Cell("b", "a", reason="no labels"), Cell("b", "b", 0.6)]
        >>> grid = Grid("two", "UAR", ["a", "b"], ["a", "b"], cells)
        >>> grid.row_means().round(2).tolist(), grid.column_means().round(2).tolist()
        ([0.6, 0.6], [0.8, 0.5])
    """

    title: str
    measure: str
    rows: Sequence[str]
    columns: Sequence[str]
    cells: Sequence[Cell]
    higher_is_better: bool = True
    added: Sequence[str] = ()
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()

    def cell(self, row: str, column: str) -> Cell:
        """The cell of a row and a column."""
        return next(cell for cell in self.cells if (cell.row, cell.column) == (row, column))

    def values(self, name: str = "value") -> np.ndarray:
        """The figures, or ``low``, ``high``; shape ``(rows, columns)``, NaN where a cell is empty."""
        return np.array(
            [[getattr(self.cell(row, column), name) for column in self.columns] for row in self.rows]
        )

    def row_means(self) -> np.ndarray:
        """The mean over each row's cells that are not empty; NaN where all are, shape ``(rows,)``."""
        return np.array([_mean(line) for line in self.values()])

    def column_means(self) -> np.ndarray:
        """The mean over each column's cells that are not empty, added rows left out, shape ``(columns,)``."""
        counted = [row not in self.added for row in self.rows]
        return np.array([_mean(line) for line in self.values()[counted].T])

    def mean(self) -> float:
        """The mean over all cells that are not empty, added rows left out."""
        counted = [row not in self.added for row in self.rows]
        return _mean(self.values()[counted].ravel())


def _mean(figures: np.ndarray) -> float:
    """The mean of those that are there; an empty cell is no 0."""
    known = figures[~np.isnan(figures)]
    return float(known.mean()) if len(known) else float("nan")

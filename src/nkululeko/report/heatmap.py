"""Databases against each other on one page, as CSV, as JSON, and in the terminal."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nkululeko.core.grid import Cell, Grid
from nkululeko.report.leaderboard import address as link_to
from nkululeko.report.page import Picture, address, render
from nkululeko.report.text import clean, interval, missing, number

if TYPE_CHECKING:
    from rich.console import Group

#: what stands in an empty cell
EMPTY = "empty"
#: with more columns, intervals would be broken over lines of the terminal
_WIDE = 3


@dataclass(frozen=True)
class _Shown:
    """A cell as the page shows it: figure, interval, link to its report."""

    figure: str
    reach: str
    link: str
    is_own: bool


def heatmap_csv(grid: Grid) -> str:
    """One row a cell, nothing rounded; an empty cell has no figure, but its reason.

    Example:
        >>> print(heatmap_csv(Grid("one", "UAR", ["a"], ["a"], [Cell("a", "a", 0.5, 0.4, 0.6, 20)])), end="")
        train,test,measure,value,low,high,samples,reason
        a,a,UAR,0.5,0.4,0.6,20,
    """
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["train", "test", "measure", "value", "low", "high", "samples", "reason"])
    for cell in grid.cells:
        figures = ["" if missing(figure) else figure for figure in (cell.value, cell.low, cell.high)]
        writer.writerow(
            [cell.row, cell.column, grid.measure, *figures, cell.samples or "", clean(cell.reason)]
        )
    return buffer.getvalue()


def heatmap_json(grid: Grid, folder: Path | None = None) -> str:
    """Everything that is known of the cells; what is not known is null.

    Args:
        grid: the figures
        folder: where the file will lie; folders of runs are given relative to it
    """
    record = {
        "title": grid.title,
        "measure": grid.measure,
        "higher_is_better": grid.higher_is_better,
        "rows": list(grid.rows),
        "columns": list(grid.columns),
        "cells": [_record(cell, folder) for cell in grid.cells],
        "row_means": dict(zip(grid.rows, map(_plain, grid.row_means()), strict=True)),
        "column_means": dict(zip(grid.columns, map(_plain, grid.column_means()), strict=True)),
        "mean": _plain(grid.mean()),
        "notes": list(grid.notes),
        "warnings": list(grid.warnings),
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def _record(cell: Cell, folder: Path | None) -> dict[str, Any]:
    place = cell.folder
    if place is not None and folder is not None and folder in place.parents:
        place = place.relative_to(folder)
    return {
        "train": cell.row,
        "test": cell.column,
        "value": _plain(cell.value),
        "low": _plain(cell.low),
        "high": _plain(cell.high),
        "samples": cell.samples,
        "reason": cell.reason,
        "notes": list(cell.notes),
        "warnings": list(cell.warnings),
        "folder": None if place is None else place.as_posix(),
    }


def _plain(figure: Any) -> float | None:
    return None if missing(figure) else float(figure)


def heatmap_page(grid: Grid, picture: bytes, here: Path | None = None) -> str:
    """The figures as one HTML page, which needs no network and no script.

    Args:
        grid: the figures
        picture: ``heatmap.png``
        here: the page's folder, to which the links to the cells' reports are relative

    Returns:
        the page; can be written as UTF-8 whatever the names hold
    """
    rows = [
        (clean(row), [_shown(grid.cell(row, column), here) for column in grid.columns], number(mean))
        for row, mean in zip(grid.rows, grid.row_means(), strict=True)
    ]
    return render(
        "multidb.html",
        title=clean(grid.title),
        author="",
        label=clean(grid.measure),
        columns=[clean(name) for name in grid.columns],
        rows=rows,
        means=[number(mean) for mean in grid.column_means()],
        mean=number(grid.mean()),
        picture=Picture("heatmap", address(picture, "image/png"), "The figures as a heat map."),
        empty=[(_pair(cell), clean(cell.reason)) for cell in grid.cells if cell.is_empty],
        said=[(_pair(cell), [clean(note) for note in cell.notes]) for cell in grid.cells if cell.notes],
        notes=grid.notes,
        warnings=grid.warnings,
    )


def _pair(cell: Cell) -> str:
    return f"{clean(cell.row)} → {clean(cell.column)}"


def _shown(cell: Cell, here: Path | None) -> _Shown:
    if cell.is_empty:
        return _Shown(EMPTY, "", "", False)
    reach = "" if missing(cell.low) else interval(cell.low, cell.high)
    return _Shown(number(cell.value), reach, link_to(cell.folder, here), cell.row == cell.column)


def heatmap_summary(grid: Grid, page: Path | None = None) -> Group:
    """The figures as a table for the terminal, empty cells with their reasons, warnings, path of the page.

    Names are shown as they are: they can neither style the text nor steer the terminal.

    Returns:
        what a console of rich prints; ``print(..., soft_wrap=True)`` keeps a long path in one piece
    """
    from rich.console import Group
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column(Text("learned from"), overflow="fold")
    for name in (*grid.columns, "mean"):
        table.add_column(Text(clean(name)), justify="right")
    for row, mean in zip(grid.rows, grid.row_means(), strict=True):
        cells = [_text(grid.cell(row, column), len(grid.columns) <= _WIDE) for column in grid.columns]
        table.add_row(Text(clean(row)), *cells, Text(number(mean), style="dim"))
    table.add_row(
        Text("mean", style="dim"),
        *(Text(number(figure), style="dim") for figure in (*grid.column_means(), grid.mean())),
    )
    lines: list[Any] = [
        Text(f"{clean(grid.title)}: {clean(grid.measure)}, columns are tested", style="bold"),
        table,
    ]
    lines += [
        Text(f"empty: {_pair(cell)}: {clean(cell.reason)}", style="yellow")
        for cell in grid.cells
        if cell.is_empty
    ]
    lines += [
        Text(f"note: {_pair(cell)}: {clean(note)}", style="dim") for cell in grid.cells for note in cell.notes
    ]
    lines += [Text(f"warning: {clean(line)}", style="yellow") for line in grid.warnings]
    if page is not None:
        link = f" link {page.as_uri()}" if page.is_absolute() else ""
        lines.append(Text("page: ").append(clean(page), style=f"cyan{link}"))
    return Group(*lines)


def _text(cell: Cell, with_interval: bool) -> Any:
    """A cell in the terminal; a database's own split is bold."""
    from rich.text import Text

    if cell.is_empty:
        return Text(EMPTY, style="yellow")
    reach = "" if missing(cell.low) or not with_interval else f" {interval(cell.low, cell.high)}"
    return Text(number(cell.value), style="bold" if cell.row == cell.column else "").append(
        reach, style="dim"
    )

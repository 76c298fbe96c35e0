"""Databases against each other: page, tables, terminal and picture."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from nkululeko.core.grid import Cell, Grid
from nkululeko.plots import draw_grid
from nkululeko.report.heatmap import heatmap_csv, heatmap_json, heatmap_page, heatmap_summary

NASTY = "<b>$x$[red]"


def grid(columns=("a", NASTY), **changes) -> Grid:
    rows = (*columns, "all others")
    cells = [Cell(row, column, 0.5, 0.4, 0.6, 20, folder=Path("/r") / f"{y}_{x}")
             for y, row in enumerate(rows) for x, column in enumerate(columns)]  # fmt: skip
    cells[1] = Cell("a", columns[1], reason="no <i>label</i> in common")
    values = {"title": "t", "measure": "UAR", "added": ("all others",), "warnings": (NASTY,), **changes}
    return Grid(rows=rows, columns=columns, cells=cells, **values)


def test_empty_cells_say_why_and_are_no_figures():
    table = list(csv.DictReader(io.StringIO(heatmap_csv(grid()))))
    assert (table[1]["value"], table[1]["reason"]) == ("", "no <i>label</i> in common")
    record = json.loads(heatmap_json(grid(), Path("/r")))
    assert (record["cells"][1]["value"], record["cells"][0]["folder"]) == (None, "0_0")
    assert record["column_means"] == {"a": 0.5, NASTY: 0.5}


def test_page_escapes_and_links():
    page = heatmap_page(grid(), b"png", Path("/r"))
    assert "<b>" not in page and "&lt;b&gt;" in page and "no &lt;i&gt;label" in page
    assert 'href="0_0/report.html"' in page and "http" not in page.replace("http-equiv", "")


def test_terminal_shows_names_as_they_are():
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(heatmap_summary(grid(), Path("/r/multidb.html")), soft_wrap=True)
    shown = console.export_text()
    assert "[red]" in shown and "empty: a → " in shown and ".500 [.400, .600]" in shown
    console.print(heatmap_summary(grid(columns=tuple("abcd"))))
    assert "[.400" not in console.export_text()  # no room for intervals


@pytest.mark.parametrize("better", [True, False])
def test_picture(better):
    images = draw_grid(grid(higher_is_better=better))
    assert images["heatmap.png"].startswith(b"\x89PNG") and b"<svg" in images["heatmap.svg"][:800]
    assert images == draw_grid(grid(higher_is_better=better))

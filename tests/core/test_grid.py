"""Means of a square of figures: empty cells count in none."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from nkululeko.core.grid import Cell, Grid

figures = st.one_of(st.just(float("nan")), st.floats(-10, 10))


@given(st.lists(st.lists(figures, min_size=3, max_size=3), min_size=3, max_size=3))
def test_means_leave_out_what_is_empty(table):
    names = ["a", "b", "c"]
    rows = ["a", "b", "others"]
    cells = [Cell(row, column, table[y][x]) for y, row in enumerate(rows) for x, column in enumerate(names)]
    grid = Grid("any", "UAR", rows, names, cells, added=("others",))
    values = np.array(table)

    def mean(line):
        known = [figure for figure in line if figure == figure]
        return sum(known) / len(known) if known else float("nan")

    np.testing.assert_allclose(grid.row_means(), [mean(line) for line in table], atol=1e-12)
    np.testing.assert_allclose(grid.column_means(), [mean(line) for line in values[:2].T], atol=1e-12)
    np.testing.assert_allclose(grid.mean(), mean(values[:2].ravel()), atol=1e-12)
    assert [cell.is_empty for cell in cells] == np.isnan(values).ravel().tolist()

"""Databases against each other as a picture: a cell a pair, with its interval; means beside and below."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.plots import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nkululeko.core.grid import Grid

#: more characters of a name are not shown
_NAME = 20
#: what an empty cell looks like: hatched, so that nobody takes it for a low figure
_HATCH = "////"
#: where the means stand, in cells beyond the last one's neighbour
_APART = -0.02


def heatmap(grid: Grid, options: Any) -> Figure:
    """Rows are learned from, columns are tested; the means stand apart, and an empty cell is hatched.

    Args:
        grid: the figures
        options: of the plot
    """
    from matplotlib.colors import LinearSegmentedColormap

    values = grid.values()
    rows, columns = values.shape
    figure = _style.new_figure(max(5.6, 1.25 * (columns + 1) + 3.6), max(4.4, 0.86 * (rows + 1) + 2.3))
    axes = figure.subplots()
    low, high = limits(values)
    shades = LinearSegmentedColormap.from_list("shades", _style.SHADES)
    if not grid.higher_is_better:
        shades = shades.reversed()
    image = axes.pcolormesh(
        np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5, np.ma.masked_invalid(values), cmap=shades,
        vmin=low, vmax=high, edgecolors="white", linewidth=1.5,
    )  # fmt: skip
    _cells(axes, grid, (low, high))
    _means(axes, grid)
    _labels(axes, grid)
    axes.set_xlim(-0.5, columns + 0.5)
    axes.set_ylim(rows + 0.4, -0.5)
    bar = figure.colorbar(image, ax=axes, use_gridspec=False, shrink=0.8, pad=0.02)
    bar.ax.tick_params(labelsize=_style.TICK_SIZE, labelcolor=_style.INK, length=0)
    better = "" if grid.higher_is_better else ", lower is better"
    bar.set_label(f"{_style.plain(grid.measure)}{better}", fontsize=_style.LABEL_SIZE, color=_style.INK)
    bar.outline.set_visible(False)
    heading = f"{_style.plain(grid.title, 40)}: {_style.plain(grid.measure)}"
    _style.title(axes, options, heading, "with its 95 % interval; outlined: a database's own split")
    return _style.finish(figure)


def limits(values: np.ndarray) -> tuple[float, float]:
    """The ends of the scale of colours: 0 and 1 where all figures lie between them, else their own ends.

    Example:
        >>> limits(np.array([[0.4, np.nan]])), limits(np.array([[3.0, 5.0]])), limits(np.array([[np.nan]]))
        ((0.0, 1.0), (3.0, 5.0), (0.0, 1.0))
    """
    known = values[np.isfinite(values)]
    if not len(known) or (known.min() >= 0 and known.max() <= 1):
        return 0.0, 1.0
    if known.min() >= -1 and known.max() <= 1:  # correlations
        return min(0.0, float(known.min())), 1.0
    return float(known.min()), max(float(known.max()), float(known.min()) + 1e-9)


def _cells(axes: Axes, grid: Grid, ends: tuple[float, float]) -> None:
    """The figure of each cell with its interval; what is empty says so."""
    from matplotlib.patches import Rectangle

    low, high = ends
    for y, row in enumerate(grid.rows):
        for x, column in enumerate(grid.columns):
            cell = grid.cell(row, column)
            if cell.is_empty:
                axes.add_patch(
                    Rectangle(
                        (x - 0.47, y - 0.46),
                        0.94,
                        0.92,
                        facecolor="#F6F6F6",
                        edgecolor=_style.GRID,
                        hatch=_HATCH,
                        linewidth=0,
                    )
                )
                plate = {"boxstyle": "round,pad=0.25", "facecolor": "white", "edgecolor": "none"}
                axes.text(x, y, "empty", ha="center", va="center", fontsize=9, color=_style.SOFT, bbox=plate)
                continue
            depth = (cell.value - low) / (high - low)
            if not grid.higher_is_better:
                depth = 1 - depth
            colour = "white" if depth > 0.6 else _style.INK
            has_interval = not np.isnan(cell.low)
            axes.text(
                x, y - (0.13 if has_interval else 0), _style.number(cell.value), ha="center", va="center",
                fontsize=13, fontweight="bold", color=colour,
            )  # fmt: skip
            if has_interval:
                reach = f"[{_style.number(cell.low)}, {_style.number(cell.high)}]"
                axes.text(x, y + 0.2, reach, ha="center", va="center", fontsize=8.5, color=colour)
            if row == column:
                axes.add_patch(
                    Rectangle(
                        (x - 0.46, y - 0.45), 0.92, 0.9, fill=False, edgecolor=_style.ACCENT, linewidth=1.6
                    )
                )


def _means(axes: Axes, grid: Grid) -> None:
    """The means of rows and columns, apart from the cells."""
    rows, columns = len(grid.rows), len(grid.columns)
    style: Any = {"ha": "center", "va": "center", "fontsize": 11, "color": _style.INK}
    for y, value in enumerate(grid.row_means()):
        axes.text(columns + _APART, y, _style.number(value), **style)
    for x, value in enumerate(grid.column_means()):
        axes.text(x, rows + _APART, _style.number(value), **style)
    axes.text(columns + _APART, rows + _APART, _style.number(grid.mean()), fontweight="bold", **style)


def _labels(axes: Axes, grid: Grid) -> None:
    """Names of the databases, and of the means."""
    rows, columns = len(grid.rows), len(grid.columns)
    names = [_style.plain(name, _NAME) for name in grid.columns]
    angle = _style.turn(names, 13)
    axes.set_yticks(
        [*range(rows), rows + _APART], [*(_style.plain(name, _NAME) for name in grid.rows), "mean"],
        fontsize=_style.TICK_SIZE, color=_style.INK,
    )  # fmt: skip
    axes.set_xticks(
        [*range(columns), columns + _APART], [*names, "mean"], fontsize=_style.TICK_SIZE, color=_style.INK,
        rotation=angle, ha="right" if angle else "center", rotation_mode="anchor",
    )  # fmt: skip
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel("tested on", fontsize=_style.LABEL_SIZE, color=_style.INK)
    axes.set_ylabel("learned from", fontsize=_style.LABEL_SIZE, color=_style.INK)

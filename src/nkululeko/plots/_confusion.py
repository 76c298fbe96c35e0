"""How a confusion matrix is drawn, whatever it counts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.plots import _style

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def matrix(confusion: pd.DataFrame, options: Any, heading: str, line: str, unit: str = "samples") -> Figure:
    """One row a true class, one column a predicted one.

    Args:
        confusion: counts, rows = truth, columns = prediction
        options: of the plot
        heading: the title
        line: below it
        unit: what is counted
    """
    from matplotlib.colors import LinearSegmentedColormap

    counts = confusion.to_numpy(dtype=float)
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    classes = len(counts)
    side = min(4.6, 2.6 + 0.3 * classes) if classes <= 8 else min(9.0, 0.34 * classes + 1.9)
    figure = _style.new_figure(side + 1.9, side + 1.1)
    axes = figure.subplots()
    shades = LinearSegmentedColormap.from_list("shades", _style.SHADES)
    # cells as areas, not as an image: sharp and small in vector files
    edges = np.arange(classes + 1) - 0.5
    image = axes.pcolormesh(
        np.arange(counts.shape[1] + 1) - 0.5,
        edges,
        share,
        cmap=shades,
        vmin=0,
        vmax=1,
        edgecolors=_style.GRID,
        linewidth=0.6,
    )
    axes.set_aspect("equal")
    axes.invert_yaxis()
    _cells(figure, axes, counts, share)
    _labels(
        axes, [str(name) for name in confusion.index], [str(name) for name in confusion.columns], total, unit
    )
    bar = figure.colorbar(image, ax=axes, use_gridspec=False, shrink=0.8, pad=0.02, ticks=[0, 0.5, 1])
    bar.ax.set_yticklabels(["0 %", "50 %", "100 %"], fontsize=_style.TICK_SIZE, color=_style.INK)
    bar.set_label("share of the true class", fontsize=_style.LABEL_SIZE, color=_style.INK)
    bar.outline.set_visible(False)
    _style.title(axes, options, heading, line)
    return _style.finish(figure)


def _cells(figure: Figure, axes: Axes, counts: np.ndarray, share: np.ndarray) -> None:
    """Counts, and percentages where there is room for them; empty cells stay quiet."""
    from matplotlib.text import Text

    classes = len(counts)
    size = {2: 13, 3: 12, 4: 11, 5: 10.5}.get(classes, 9.5 if classes <= 10 else 8)
    for row in range(classes):
        for column in range(counts.shape[1]):
            count, part = counts[row, column], share[row, column]
            if not count and classes > 10:
                continue
            text = f"{count:.0f}"
            if count and classes <= 8:
                text += f"\n{100 * part:.0f} %"
            colour = "white" if part > 0.6 else (_style.INK if count else "#AAAAAA")
            # an artist of the figure: hundreds of cells in the axes would be clipped and measured one by one
            figure.add_artist(
                Text(
                    column,
                    row,
                    text,
                    transform=axes.transData,
                    horizontalalignment="center",
                    verticalalignment="center",
                    fontsize=size,
                    color=colour,
                )
            )


def _labels(axes: Axes, truth: list[str], prediction: list[str], total: np.ndarray, unit: str) -> None:
    """Names of the classes, with how many there are of the true ones."""
    rows = [
        f"{_style.plain(name, 22)} ({count:.0f})" for name, count in zip(truth, total.ravel(), strict=True)
    ]
    columns = [_style.plain(name, 22) for name in prediction]
    angle = _style.turn(columns, 44 // max(len(columns), 1))
    axes.set_yticks(range(len(rows)), rows, fontsize=_style.TICK_SIZE, color=_style.INK)
    axes.set_xticks(
        range(len(columns)),
        columns,
        fontsize=_style.TICK_SIZE,
        color=_style.INK,
        rotation=angle,
        ha="right" if angle else "center",
        rotation_mode="anchor",
    )
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.set_xlabel("prediction", fontsize=_style.LABEL_SIZE, color=_style.INK)
    axes.set_ylabel(f"truth ({unit})", fontsize=_style.LABEL_SIZE, color=_style.INK)

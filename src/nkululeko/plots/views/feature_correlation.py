"""Which features say the same: their rank correlations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.families import View
from nkululeko.plots import _page, _stacks, _style
from nkululeko.plots._letters import shown
from nkululeko.plots._page import Words
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nkululeko.core.exploration import Exploration

#: up to so many features their correlations are written into the cells
WRITTEN = 16
#: blue, white, vermilion: told apart by all readers, and pale in the middle
DIVERGING = ("#00487A", "#5C9FCB", "#FFFFFF", "#E58F57", "#A13F00")


class FeatureCorrelation(View):
    """A cell for each two features: Spearman's correlation; alike features stand beside each other."""

    Options = PlotOptions
    summary = "correlations of the best features"

    def draw(self, exploration: Exploration) -> Iterator[tuple[str, Figure]]:
        """``feature_correlation``, if there are two features."""
        ranking = exploration.ranking
        if ranking is not None and len(ranking.correlation) > 1:
            yield "feature_correlation", _picture(ranking.correlation, self.options)


def _picture(correlation: pd.DataFrame, options: Any) -> Figure:
    from matplotlib.colors import LinearSegmentedColormap

    values = correlation.to_numpy(dtype=float)
    count = len(values)
    cell = 0.46 if count <= WRITTEN else max(0.13, 8.0 / count)
    figure = _style.new_figure(4.6 + cell * count, 2.2 + cell * count)
    axes = figure.subplots()
    shades = LinearSegmentedColormap.from_list("diverging", DIVERGING, bad="#DDDDDD")
    edges = np.arange(count + 1) - 0.5
    mesh = axes.pcolormesh(
        edges, edges, np.ma.masked_invalid(values), cmap=shades, vmin=-1, vmax=1,
        edgecolors="white", linewidth=0.6 if count <= 40 else 0.2,
    )  # fmt: skip
    axes.set_aspect("equal")
    axes.invert_yaxis()
    if count <= WRITTEN:
        _cells(axes, values)
    names = [shown(name, 34) for name in correlation.index]
    size = 8.5 if count <= 20 else 7.5 if count <= 45 else 5.5
    _stacks.labels(axes, names, names, size)
    axes.set_xticks(range(count), names, rotation=45 if count <= 40 else 90, ha="right", rotation_mode="anchor",
        va="top" if count <= 40 else "center_baseline", fontsize=size)  # fmt: skip
    bar = _page.colour_bar(
        figure, axes, mesh, "Spearman's correlation", shrink=0.8, ticks=[-1, -0.5, 0, 0.5, 1]
    )
    bar.ax.set_yticklabels(["-1", "-.5", "0", ".5", "1"])
    words = Words(
        "Which features say the same",
        [
            f"{count} features; dark: they rise together (vermilion), or one falls as the other one rises (blue)"
        ],
    )
    return _page.finish(figure, options, words)


def _cells(axes: Axes, values: np.ndarray) -> None:
    """The correlations in their cells, without a leading zero."""
    for row in range(len(values)):
        for column in range(len(values)):
            value = values[row, column]
            if row == column:
                continue
            text = "n/a" if value != value else f"{value:.2f}".replace("0.", ".")
            tone = "white" if abs(value) > 0.6 else _style.INK
            axes.text(column, row, text, ha="center", va="center_baseline", fontsize=7.5, color=tone)

"""Two categories against each other: stacked bars, or a map of counts where both have many."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.plots import _page, _style
from nkululeko.plots._letters import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: so many colours of a stack can be told apart
STACK = 7


def bars(
    axes: Axes, counts: np.ndarray, rows: Sequence[str], tones: Sequence[str], *, shares: bool, inches: float
) -> list[Any]:
    """A stacked bar a row, the first on top; numbers where they fit into their piece.

    Args:
        axes: to be drawn on
        counts: shape ``(rows, pieces)``
        rows: names of the rows
        tones: colour of each piece
        shares: all bars have the same length, numbers are percentages
        inches: width of the panel, about

    Returns:
        the bars of each piece, for a legend
    """
    total = counts.sum(axis=1, keepdims=True)
    lengths = (
        np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
        if shares
        else counts.astype(float)
    )
    longest = float(lengths.sum(axis=1).max(initial=0)) or 1.0
    size = 8.5 if len(rows) <= 12 else 7
    left = np.zeros(len(rows))
    drawn = []
    for piece, tone in enumerate(tones):
        length = lengths[:, piece]
        drawn.append(
            axes.barh(range(len(rows)), length, 0.78, left, color=tone, edgecolor="white", linewidth=0.6)
        )
        ink = _ink(tone)
        for row in range(len(rows)):
            text = f"{100 * length[row]:.0f}" if shares else f"{counts[row, piece]:.0f}"
            room = inches * length[row] / (1.04 * longest)
            if counts[row, piece] and room > (0.6 * len(text) * size + 3) / 72:
                axes.text(
                    left[row] + length[row] / 2, row, text, ha="center", va="center_baseline", fontsize=size,
                    color=ink, clip_on=True,
                )  # fmt: skip
        left = left + length
    axes.set_yticks(range(len(rows)), [shown(name, 22) for name in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.set_xlim(0, 1.0 if shares else 1.04 * longest)
    if not shares:
        axes.locator_params(axis="x", integer=True, min_n_ticks=1)
    return drawn


def _ink(tone: str) -> str:
    """White on dark pieces, dark on light ones."""
    red, green, blue = (int(tone[i : i + 2], 16) for i in (1, 3, 5))
    return "white" if 0.2126 * red + 0.7152 * green + 0.0722 * blue < 140 else _style.INK


def percent(axes: Axes) -> None:
    """An axis of shares."""
    axes.set_xticks([0, 0.25, 0.5, 0.75, 1], ["0 %", "", "50 %", "", "100 %"])


def legend(axes: Axes, drawn: Sequence[Any], names: Sequence[str], counts: np.ndarray, title: str) -> None:
    """What the pieces are, and how many there are of each."""
    labels = [f"{shown(n, 22)} ({int(c):,})" for n, c in zip(names, counts.sum(axis=0), strict=True)]
    _page.legend(axes, drawn, labels, title, handlelength=1.0, handleheight=1.0)


def table(
    figure: Figure, axes: Axes, counts: np.ndarray, rows: Sequence[str], columns: Sequence[str]
) -> None:
    """Counts as shaded cells, with the numbers; the shade is the share of the row.

    Args:
        figure: of the axes
        axes: to be drawn on
        counts: shape ``(rows, columns)``
        rows: their names
        columns: their names
    """
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.text import Text

    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros(counts.shape), where=total > 0)
    shades = LinearSegmentedColormap.from_list("shades", _style.SHADES)
    highest = max(float(share.max(initial=0)), 0.01)
    mesh = axes.pcolormesh(
        np.arange(len(columns) + 1) - 0.5, np.arange(len(rows) + 1) - 0.5, share, cmap=shades, vmin=0,
        vmax=highest, edgecolors=_style.GRID, linewidth=0.5,
    )  # fmt: skip
    axes.invert_yaxis()
    size = 8 if len(columns) <= 14 else 6.5
    for row, column in zip(*np.nonzero(counts), strict=True):
        tone = "white" if share[row, column] > 0.6 * highest else _style.INK
        # an artist of the figure: hundreds of cells in the axes would be clipped and measured one by one
        figure.add_artist(
            Text(
                column, row, f"{counts[row, column]:.0f}", transform=axes.transData, ha="center",
                va="center_baseline", fontsize=size, color=tone,
            )
        )  # fmt: skip
    labels(axes, [f"{shown(n, 22)} ({int(c):,})" for n, c in zip(rows, total.ravel(), strict=True)], columns)
    bar = _page.colour_bar(figure, axes, mesh, "share of the row", shrink=0.8)
    bar.ax.yaxis.set_major_formatter(lambda value, _: f"{100 * value:.3g} %")


def labels(axes: Axes, rows: Sequence[str], columns: Sequence[str], size: float = _style.TICK_SIZE) -> None:
    """Names of rows and columns of a table; long ones below it are turned."""
    names = [shown(name, 22) for name in columns]
    angle = _style.turn(names, 60 // max(len(names), 1))
    if angle and len(names) > 10:
        angle = 90
    axes.set_yticks(range(len(rows)), rows, fontsize=size, color=_style.INK)
    axes.set_xticks(
        range(len(names)), names, fontsize=size, color=_style.INK, rotation=angle,
        ha="right" if angle else "center", va="center_baseline" if angle == 90 else "top", rotation_mode="anchor",
    )  # fmt: skip
    axes.tick_params(length=0)
    for spine in axes.spines.values():
        spine.set_visible(False)

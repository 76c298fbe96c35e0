"""Several small panels of the same scale."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nkululeko.plots import _style

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: more panels than this nobody compares
MOST = 12


def columns(count: int) -> int:
    """How many panels stand side by side.

    Example:
        >>> columns(2), columns(4), columns(5), columns(7)
        (2, 2, 3, 4)
    """
    return {4: 2, 5: 3, 6: 3, 9: 3}.get(count, min(count, 4))


def grid(
    count: int, width: float, height: float, *, more: float = 0.6, beside: int = 0, shared: bool = True
) -> tuple[Figure, list[Axes]]:
    """A figure with panels, row by row.

    Args:
        count: of panels
        width: of a panel, in inches
        height: likewise
        more: width beside the panels, for labels and legend
        beside: how many stand side by side; 0: see :func:`columns`
        shared: the same x axis for all
    """
    across = beside or columns(count)
    down = -(-count // across)
    figure = _style.new_figure(max(6.0, across * width + more), down * (height + 0.34) + 0.5)
    cells = figure.subplots(down, across, sharex=shared, sharey=True, squeeze=False).ravel()
    for place, axes in enumerate(cells):
        if place >= count:
            axes.remove()
        elif place + across >= count:  # nothing below it
            axes.tick_params(axis="x", labelbottom=True)
    return figure, list(cells[:count])


def label(panels: Sequence[Axes], x_label: str, y_label: str, beside: int = 0) -> None:
    """Name the axes of the outer panels only."""
    across = beside or columns(len(panels))
    last = (len(panels) - 1) // across
    for place, axes in enumerate(panels):
        if place // across == last:
            axes.set_xlabel(x_label, fontsize=_style.TICK_SIZE, color=_style.INK)
        if place % across == 0:
            axes.set_ylabel(y_label, fontsize=_style.TICK_SIZE, color=_style.INK)


def most_frequent(values: np.ndarray, levels: Sequence[str]) -> tuple[list[str], list[str]]:
    """The levels that get a panel, in their order; and a note where some do not."""
    if len(levels) <= MOST:
        return list(levels), []
    counts = np.array([np.count_nonzero(values == level) for level in levels])
    kept = set(np.argsort(-counts, kind="stable")[:MOST].tolist())
    chosen = [level for place, level in enumerate(levels) if place in kept]
    return chosen, [f"Only the {MOST} most frequent of {len(levels)} categories are shown."]

"""Numbers of several categories as histograms or density curves: laid over each other, or a row each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.plots import _numbers, _page, _style
from nkululeko.plots._page import pale
from nkululeko.plots._parts import Part

if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: a second cue for lines that cross
LINES = ("-", "--", "-.", ":")
#: so many histograms or curves are laid over each other; beyond, each has a row of its own
OVER = {"hist": 3, "kde": 4}
#: height of the highest curve, in rows
HIGH = 0.88

Curve = tuple[np.ndarray, np.ndarray]


def curve(values: np.ndarray, dist_type: str, borders: np.ndarray) -> Curve | None:
    """The outline of a distribution: places and heights; None where a density is not defined."""
    if dist_type == "kde":
        return None if _numbers.constant(values) else _numbers.density(values)
    counts, _ = np.histogram(values, borders)
    heights = counts / max(1, len(values))
    return np.repeat(borders, 2), np.concatenate([[0.0], np.repeat(heights, 2), [0.0]])


def over(axes: Axes, found: Sequence[Part], dist_type: str, fill: bool, x_label: str) -> None:
    """A few outlines in one panel, with a legend; a small triangle below marks each median.

    Args:
        axes: to be drawn on
        found: the categories
        dist_type: ``hist`` or ``kde``
        fill: the areas too, the highest curve at the back
        x_label: what the numbers are
    """
    borders = _numbers.edges(np.concatenate([part.values for part in found] or [np.empty(0)]))
    drawn = [(place, part, curve(part.values, dist_type, borders)) for place, part in enumerate(found)]
    heights = [float(outline[1].max()) if outline else 0.0 for _, _, outline in drawn]
    handles: list[Any] = []
    for rank, place in enumerate(np.argsort([-height for height in heights], kind="stable")):
        _, part, outline = drawn[int(place)]
        if outline and fill:
            axes.fill_between(*outline, color=pale(part.colour), linewidth=0, zorder=1 + 0.01 * rank)
    for place, part, outline in drawn:
        style = LINES[place % len(LINES)]
        x, y = outline or ([], [])
        handles += axes.plot(
            x, y, color=part.colour, linewidth=1.9, linestyle=style, zorder=2, solid_joinstyle="miter"
        )
        if outline is None and len(part.values):  # all values are the same: no curve, but a place
            axes.axvline(part.values[0], color=part.colour, linewidth=1.9, linestyle=style)
    axes.set_ylim(0, 1.06 * max(heights, default=0) or 1.0)
    _medians(axes, found)
    _style.frame(axes, x_label, "density" if dist_type == "kde" else "share of the category")
    if dist_type == "hist":
        axes.yaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")
    else:
        axes.set_yticks([])
    _page.legend(axes, handles, [part.counted for part in found])


def _medians(axes: Axes, found: Sequence[Part]) -> None:
    """Small triangles on the axis."""
    for part in found:
        if len(part.values):
            axes.plot(
                [float(np.median(part.values))], [0], marker="^", markersize=8, color=part.colour, clip_on=False,
                markeredgecolor="white", markeredgewidth=0.7, zorder=5, linestyle="none",
            )  # fmt: skip


def ridges(axes: Axes, found: Sequence[Part], dist_type: str, fill: bool, x_label: str) -> None:
    """A row each, on the same scale; all values together stand in grey behind them.

    Args:
        axes: to be drawn on
        found: the categories, the first on top
        dist_type: ``hist`` or ``kde``
        fill: the areas too
        x_label: what the numbers are
    """
    everything = np.concatenate([part.values for part in found] or [np.empty(0)])
    borders = _numbers.edges(everything)
    behind = curve(everything, dist_type, borders)
    outlines = [curve(part.values, dist_type, borders) if len(part.values) else None for part in found]
    highest = max([float(o[1].max()) for o in [*outlines, behind] if o is not None], default=0) or 1.0
    for row, (part, outline) in enumerate(zip(found, outlines, strict=True)):
        if behind is not None:
            top = row + 0.5 - HIGH * behind[1] / highest
            axes.fill_between(behind[0], row + 0.5, top, color=_page.BACK, linewidth=0, zorder=1)
        axes.axhline(row + 0.5, color=_style.GRID, linewidth=0.8, zorder=1)
        if outline is not None:
            top = row + 0.5 - HIGH * outline[1] / highest
            if fill:
                axes.fill_between(
                    outline[0], row + 0.5, top, color=pale(part.colour, 0.4), linewidth=0, zorder=2
                )
            axes.plot(outline[0], top, color=part.colour, linewidth=1.5, zorder=3, solid_joinstyle="miter")
        elif len(part.values):
            axes.vlines(part.values[0], row + 0.5 - HIGH, row + 0.5, colors=part.colour, linewidth=1.5)
        if len(part.values):
            middle = float(np.median(part.values))
            axes.vlines(middle, row + 0.36, row + 0.5, colors=_style.INK, linewidth=1.6, zorder=4)
    _style.frame(axes, x_label, grid="x")
    axes.set_yticks(np.arange(len(found)) + 0.2, [part.counted for part in found])
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.set_ylim(len(found) - 0.48, -0.5)

"""Numbers of several categories, a row each: violins, boxes, bars of means, swarms, strips."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from nkululeko.plots import _numbers, _style
from nkululeko.plots._page import pale
from nkululeko.plots._parts import Part

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Kind = Literal["violin", "box", "bar", "swarm", "strip"]
#: so many dots of a row are drawn at most, of a box's far values fewer
DOTS, FAR = 400, 120
#: fewer values than this have no shape: they are drawn as dots
SHAPE = 5
#: half the height of a violin or box, as a share of the row
HALF = 0.4
#: dots of a swarm stand beside each other in so many columns along the axis
COLUMNS = 90


def rows(axes: Axes, found: Sequence[Part], kind: Kind, *, dots: bool = False, small: bool = False) -> None:
    """Draw the parts, the first on top, with their names at the left.

    Args:
        axes: to be drawn on
        found: what
        kind: how
        dots: all values as dots too, where they are few
        small: one of many panels: thinner lines
    """
    middles = np.arange(len(found), dtype=float)
    draw = {"violin": _violins, "box": _boxes, "bar": _bars, "swarm": _swarms, "strip": _strips}[kind]
    draw(axes, found, middles, 0.8 if small else 1.2)
    if dots:
        _jittered(axes, found, middles, 20)
    names = [part.label if small else part.counted for part in found]
    axes.set_yticks(middles, names)
    axes.set_ylim(len(found) - 0.5, -0.5)
    _room(axes, np.concatenate([part.values for part in found] or [np.empty(0)]), kind)


def _room(axes: Axes, values: np.ndarray, kind: Kind) -> None:
    """The axis holds all values, bars begin at zero."""
    if not len(values) or kind == "bar":
        axes.margins(x=0.04)
        return
    low, high = float(values.min()), float(values.max())
    edge = 0.04 * (high - low) if not _numbers.constant(values) else max(0.5, 0.05 * abs(low))
    axes.set_xlim(low - edge, high + edge)


def _median(axes: Axes, found: Sequence[Part], middles: np.ndarray, half: float, wide: float) -> None:
    """A short line across each row."""
    kept = [
        (float(np.median(part.values)), m) for part, m in zip(found, middles, strict=True) if len(part.values)
    ]
    if kept:
        x, y = (np.array(column) for column in zip(*kept, strict=True))
        axes.vlines(x, y - half, y + half, colors=_style.INK, linewidth=wide, zorder=4, capstyle="butt")


def _violins(axes: Axes, found: Sequence[Part], middles: np.ndarray, wide: float) -> None:
    """A violin shows how dense the values lie; within it the middle half (bar) and the median (white dot)."""
    few = []
    for part, middle in zip(found, middles, strict=True):
        if len(part.values) < SHAPE or _numbers.constant(part.values):
            few.append((part, middle))
            continue
        places, curve = _numbers.density(part.values, beyond=0)
        half = HALF * curve / curve.max()
        axes.fill_between(
            places, middle - half, middle + half, facecolor=pale(part.colour, 0.4), edgecolor=part.colour,
            linewidth=0.8 * wide,
        )  # fmt: skip
        low, median, high = np.quantile(part.values, [0.25, 0.5, 0.75])
        axes.plot(
            [low, high], [middle, middle], color=_style.INK, linewidth=2.6 * wide, solid_capstyle="butt"
        )
        axes.plot([median], [middle], "o", color="white", markersize=2.6 * wide, markeredgewidth=0)
    if few:
        _dots_only(axes, few)


def _dots_only(axes: Axes, few: Sequence[tuple[Part, float]]) -> None:
    """Too few values for a shape, or all the same: a dot each place."""
    for part, middle in few:
        places = np.unique(part.values)
        axes.scatter(
            places,
            np.full(len(places), middle),
            s=26,
            c=part.colour,
            edgecolors="white",
            linewidths=0.5,
            zorder=3,
        )


def _boxes(axes: Axes, found: Sequence[Part], middles: np.ndarray, wide: float) -> None:
    """Tukey's boxes: the middle half, the median, whiskers to the last value within 1.5 boxes, dots beyond."""
    kept = [(part, middle) for part, middle in zip(found, middles, strict=True) if len(part.values)]
    if not kept:
        return
    y = np.array([middle for _, middle in kept])
    tone = [part.colour for part, _ in kept]
    quartiles = np.array([np.quantile(part.values, [0.25, 0.75]) for part, _ in kept])
    reach = 1.5 * (quartiles[:, 1] - quartiles[:, 0])
    ends = []
    for (part, middle), (low, high), far in zip(kept, quartiles, reach, strict=True):
        inside = part.values[(part.values >= low - far) & (part.values <= high + far)]
        ends.append((inside.min(), inside.max()))
        beyond = part.values[(part.values < low - far) | (part.values > high + far)]
        beyond = beyond[_numbers.some(len(beyond), FAR)]
        if len(beyond):
            axes.scatter(
                beyond, np.full(len(beyond), middle), s=5 * wide, c=pale(part.colour, 0.75), linewidths=0
            )
    outer = np.array(ends)
    for inner, end in ((quartiles[:, 0], outer[:, 0]), (quartiles[:, 1], outer[:, 1])):
        axes.hlines(y, inner, end, colors=tone, linewidth=wide)
        axes.vlines(end, y - HALF / 2, y + HALF / 2, colors=tone, linewidth=wide)
    axes.barh(
        y, quartiles[:, 1] - quartiles[:, 0], 2 * 0.8 * HALF, quartiles[:, 0],
        color=[pale(name, 0.4) for name in tone], edgecolor=tone, linewidth=wide,
    )  # fmt: skip
    _median(axes, found, middles, 0.8 * HALF, 1.7 * wide)


def _bars(axes: Axes, found: Sequence[Part], middles: np.ndarray, wide: float) -> None:
    """The mean of each part, with its 95 % interval."""
    kept = [(part, middle) for part, middle in zip(found, middles, strict=True) if len(part.values)]
    if not kept:
        return
    y = np.array([middle for _, middle in kept])
    means, half = np.array([_numbers.mean_interval(part.values) for part, _ in kept]).T
    axes.barh(y, means, 1.7 * HALF, color=[part.colour for part, _ in kept])
    known = np.isfinite(half)
    axes.hlines(
        y[known], (means - half)[known], (means + half)[known], colors=_style.INK, linewidth=1.3 * wide
    )
    for end in (means - half, means + half):
        axes.vlines(end[known], y[known] - 0.13, y[known] + 0.13, colors=_style.INK, linewidth=1.3 * wide)
    axes.axvline(0, color=_style.SOFT, linewidth=0.8)


def _dot_size(found: Sequence[Part]) -> float:
    most = max((len(part.values) for part in found), default=0)
    return 13 if most <= 60 else 8 if most <= 150 else 5


def _swarms(axes: Axes, found: Sequence[Part], middles: np.ndarray, wide: float) -> None:
    """Each value a dot; those of about the same value stand above each other: wide where there are many."""
    everything = np.concatenate([part.values for part in found] or [np.empty(0)])
    if not len(everything):
        return
    span = float(np.ptp(everything)) or 1.0
    size = _dot_size(found)
    deepest = 1
    drawn = []
    for part in found:
        values = np.sort(part.values[_numbers.some(len(part.values), DOTS)])
        column = np.floor((values - everything.min()) / span * COLUMNS).astype(int)
        # by chance within a column: rising values would draw slanted stripes
        order = np.lexsort((np.random.default_rng(0).random(len(values)), column))
        values, column = values[order], column[order]
        place = np.arange(len(values)) - np.searchsorted(column, column)
        deepest = max(deepest, int(place.max(initial=0)) + 1)
        drawn.append((values, place, np.bincount(column, minlength=1)[column] if len(values) else place))
    step = min(0.11, 2 * HALF / deepest)
    for part, middle, (values, place, many) in zip(found, middles, drawn, strict=True):
        if len(values):
            _cloud(
                axes, values, middle + (place - (many - 1) / 2) * step, part.colour, size * wide, len(values)
            )
    _median(axes, found, middles, HALF, 1.8 * wide)


def _strips(axes: Axes, found: Sequence[Part], middles: np.ndarray, wide: float) -> None:
    """Each value a dot, shaken up and down at random."""
    _jittered(axes, found, middles, _dot_size(found) * wide)
    _median(axes, found, middles, HALF, 1.8 * wide)


def _jittered(axes: Axes, found: Sequence[Part], middles: np.ndarray, size: float) -> None:
    for part, middle in zip(found, middles, strict=True):
        values = part.values[_numbers.some(len(part.values), DOTS)]
        if len(values):
            shake = np.random.default_rng(len(values)).uniform(-0.7 * HALF, 0.7 * HALF, len(values))
            _cloud(axes, values, middle + shake, part.colour, size, len(values))


def _cloud(axes: Axes, x: np.ndarray, y: np.ndarray, tone: str, size: float, count: int) -> None:
    axes.scatter(
        x, y, s=size, c=tone, edgecolors="white", linewidths=0.4 if count <= 60 else 0.15, zorder=3,
        rasterized=count > 150,
    )  # fmt: skip

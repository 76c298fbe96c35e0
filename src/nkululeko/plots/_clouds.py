"""Two numbers against each other: points, the line through them, and its band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.plots import _numbers, _page, _style
from nkululeko.plots._page import pale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: from so many points on, the picture shows how many lie in a cell
DENSE = 8000
#: the same in a small panel
CROWD = 1500
#: so many points are drawn where each has a colour of its own
POINTS = 10_000


@dataclass(frozen=True)
class Cloud:
    """Points of one category.

    Args:
        label: as it is written
        x: finite, shape ``(n,)``
        y: likewise
        colour: of the category
        marker: of the category
    """

    label: str
    x: np.ndarray
    y: np.ndarray
    colour: str = _style.MAIN
    marker: str = "o"


def line(axes: Axes, cloud: Cloud, tone: str, filled: bool = True) -> None:
    """The line of least squares above the points, its 95 % band below them, its borders above."""
    found = _numbers.line(cloud.x, cloud.y)
    if found is None:
        return
    low, high = found.y - found.half, found.y + found.half
    if filled:
        # part of the same embedded picture as many points: in EPS that picture covers what is below it
        many = len(cloud.x) > 800
        shade = pale(tone, 0.22)
        axes.fill_between(found.x, low, high, color=shade, linewidth=0, zorder=0.6, rasterized=many)
    visible = float(np.median(found.half)) > 0.008 * float(np.ptp(cloud.y))
    for border in (low, high) if visible else ():
        axes.plot(found.x, border, color=tone, linewidth=0.7, linestyle=(0, (4, 2)), zorder=3.5)
    axes.plot(found.x, found.y, color=tone, linewidth=1.9, zorder=4)


def single(figure: Figure, axes: Axes, cloud: Cloud) -> None:
    """All points of one kind; very many become a map of how many lie where."""
    if len(cloud.x) > DENSE and _spread(cloud):
        bar = _page.colour_bar(figure, axes, _cells(axes, cloud, _style.SHADES[1:], 48), "samples in a cell")
        bar.minorticks_off()
        bar.ax.yaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
    else:
        _style.scatter(axes, cloud.x, cloud.y, count=len(cloud.x))
    line(axes, cloud, _style.ACCENT)


def _spread(cloud: Cloud) -> bool:
    """Whether the points do not all lie on one line along an axis."""
    return not (_numbers.constant(cloud.x) or _numbers.constant(cloud.y))


def _cells(axes: Axes, cloud: Cloud, tones: Sequence[str], across: int) -> Any:
    """How many points lie in each of many small cells, in tones from pale to dark."""
    from matplotlib.colors import LinearSegmentedColormap

    shades = LinearSegmentedColormap.from_list("shades", tones)
    return axes.hexbin(
        cloud.x, cloud.y, gridsize=across, cmap=shades, bins="log", mincnt=1, linewidths=0, rasterized=True
    )


def together(axes: Axes, clouds: Sequence[Cloud], title: str) -> None:
    """A few categories in one panel, a line each."""
    total = sum(len(cloud.x) for cloud in clouds)
    handles = []
    for cloud in clouds:
        _style.scatter(axes, cloud.x, cloud.y, count=total, colour=cloud.colour, marker=cloud.marker)
        handles.append(axes.collections[-1])
    for cloud in clouds:
        line(axes, cloud, cloud.colour, filled=len(clouds) == 1)
    _page.legend(axes, handles, [f"{cloud.label} ({len(cloud.x):,})" for cloud in clouds], title)


def apart(panels: Sequence[Axes], clouds: Sequence[Cloud]) -> None:
    """A panel each, with all other points in grey behind."""
    total = sum(len(cloud.x) for cloud in clouds)
    x, y = (np.concatenate([getattr(cloud, axis) for cloud in clouds]) for axis in "xy")
    drawn = _numbers.some(len(x), 4000)
    for axes, cloud in zip(panels, clouds, strict=True):
        axes.scatter(
            x[drawn], y[drawn], s=5, c=_page.BACK, linewidths=0, rasterized=len(drawn) > 200, zorder=0.5
        )
        if len(cloud.x) > CROWD and _spread(cloud):
            _cells(axes, cloud, (pale(cloud.colour, 0.3), cloud.colour), 30)
        else:
            axes.scatter(
                cloud.x, cloud.y, s=14 if total <= 800 else 7, c=cloud.colour, edgecolors="white", zorder=2,
                linewidths=0.3 if total <= 800 else 0, alpha=None if total <= 800 else 0.6, rasterized=total > 800,
            )  # fmt: skip
        line(axes, cloud, _style.INK, filled=False)
        _page.panel_title(axes, f"{cloud.label} ({len(cloud.x):,})")


def scaled(figure: Figure, axes: Axes, cloud: Cloud, scale: np.ndarray, label: str) -> None:
    """Points whose colour is a third number; at most :data:`POINTS` of them."""
    drawn = _numbers.some(len(cloud.x), POINTS)
    many = len(drawn) > 800
    dots = axes.scatter(
        cloud.x[drawn], cloud.y[drawn], c=scale[drawn], cmap="cividis", s=14 if many else 32, rasterized=many,
        linewidths=0 if many else 0.4, edgecolors="white",
    )  # fmt: skip
    _page.colour_bar(figure, axes, dots, label)
    line(axes, cloud, _style.ACCENT, filled=False)


def room(axes: Any, x: np.ndarray, y: np.ndarray) -> None:
    """Axes that hold all points, also where all are the same."""
    for values, set_limits in ((x, axes.set_xlim), (y, axes.set_ylim)):
        if len(values):
            low, high = float(values.min()), float(values.max())
            edge = max(0.5, 0.05 * abs(low)) if _numbers.constant(values) else 0.05 * (high - low)
            set_limits(low - edge, high + edge)

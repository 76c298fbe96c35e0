"""A decision tree as boxes, from left to right."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.plots import _style
from nkululeko.plots._letters import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from nkululeko.core.exploration import Node

#: divisions that are drawn one after the other
DEEP = 3
#: inches: a box, the way from column to column, from row to row
WIDE, HIGH, ACROSS, DOWN = 2.45, 0.62, 3.0, 0.86
#: inches from the edge of a box to what is in it
INSIDE = 0.08


@dataclass(frozen=True)
class Placed:
    """A node with its place.

    Args:
        node: what
        column: how deep it lies
        row: how far down; halves lie between
        children: those that are drawn
        cut: it is divided further, but not here
    """

    node: Node
    column: int
    row: float
    children: tuple[Placed, ...]
    cut: bool


def place(node: Node, deep: int = DEEP) -> tuple[Placed, int]:
    """Places of the nodes, and how many rows they take: leaves below each other, the others amid theirs."""

    def at(node: Node, column: int, row: int) -> tuple[Placed, int]:
        kids = [child for child in (node.left, node.right) if child is not None]
        if not kids or not node.feature or column == deep:
            return Placed(node, column, float(row), (), bool(kids) and bool(node.feature)), row + 1
        placed = []
        for child in kids:
            done, row = at(child, column + 1, row)
            placed.append(done)
        return Placed(
            node, column, sum(child.row for child in placed) / len(placed), tuple(placed), False
        ), row

    return at(node, 0, 0)


def nodes(placed: Placed) -> list[Placed]:
    """A node and all below it."""
    return [placed, *(other for child in placed.children for other in nodes(child))]


def boxes(axes: Axes, root: Placed, classes: Sequence[str], tint: dict[str, str]) -> None:
    """Draw all nodes; one unit of the axes is one inch.

    Args:
        axes: to be drawn on
        root: the placed tree
        classes: that have a colour of their own in the bars; the others are grey
        tint: colour of each
    """
    everything = nodes(root)
    means = np.array([placed.node.value for placed in everything], dtype=float)
    known = means[np.isfinite(means)]
    ends = (float(known.min()), float(known.max())) if len(known) else (0.0, 1.0)
    for placed in everything:
        for child, word in zip(placed.children, ("yes", "no"), strict=False):
            _link(axes, placed, child, word)
        _box(axes, placed, bool(placed.children))
        if placed.node.counts:
            _shares(axes, placed, classes, tint)
        else:
            _mean(axes, placed, ends)


def corner(placed: Placed) -> tuple[float, float]:
    """Left upper corner of a box."""
    return placed.column * ACROSS, placed.row * DOWN


def _link(axes: Axes, parent: Placed, child: Placed, word: str) -> None:
    left, top = corner(parent)
    x, y = corner(child)
    start, end = (left + WIDE, top + HIGH / 2), (x, y + HIGH / 2)
    bend = (start[0] + end[0]) / 2
    axes.plot(
        [start[0], bend, bend, end[0]], [start[1], start[1], end[1], end[1]], color=_style.SOFT, linewidth=1
    )
    axes.text(
        bend + 0.04,
        end[1] - 0.04,
        word,
        fontsize=8,
        color=_style.SOFT,
        style="italic",
        va="bottom",
        ha="left",
    )


def _box(axes: Axes, placed: Placed, divided: bool) -> None:
    from matplotlib.patches import FancyBboxPatch

    left, top = corner(placed)
    axes.add_patch(
        FancyBboxPatch(
            (left, top), WIDE, HIGH, boxstyle="round,pad=0,rounding_size=0.06", facecolor="white",
            edgecolor=_style.INK if divided else _style.GRID, linewidth=1.0 if divided else 1.2, zorder=2,
        )
    )  # fmt: skip
    node = placed.node
    count = f"{node.samples:,} sample{'' if node.samples == 1 else 's'}"
    style: dict[str, Any] = {"va": "top", "zorder": 3}
    first = shown(node.feature, 29) if divided else _answer(node)
    axes.text(left + INSIDE, top + 0.07, first, fontsize=8, fontweight="bold", color=_style.INK, **style)
    if divided:
        rule = f"≤ {rounded(node.threshold)}"
        axes.text(left + INSIDE, top + 0.23, rule, fontsize=8, fontweight="bold", color=_style.INK, **style)
        right = left + WIDE - INSIDE
        mean = "" if node.counts else f"mean {rounded(node.value)}, "
        axes.text(right, top + 0.235, f"{mean}{count}", fontsize=7.5, color=_style.SOFT, ha="right", **style)
    else:
        count += ", divided further" if placed.cut else ""
        axes.text(left + INSIDE, top + 0.235, count, fontsize=7.5, color=_style.SOFT, **style)


def _answer(node: Node) -> str:
    """What a leaf says."""
    if not node.counts:
        return f"mean {rounded(node.value)}"
    name, count = max(node.counts.items(), key=lambda item: item[1])
    return f"{shown(name, 24)} {100 * count / max(1, sum(node.counts.values())):.0f} %"


def rounded(value: float) -> str:
    """A number with three or more digits.

    Example:
        >>> rounded(31.234), rounded(0.012345), rounded(12345.6), rounded(float("nan"))
        ('31.2', '.0123', '12346', 'n/a')
    """
    if value != value:
        return "n/a"
    if abs(value) >= 100:
        return f"{value:.0f}"
    text = f"{value:.3g}"
    return text.replace("0.", ".", 1) if text.startswith(("0.", "-0.")) else text


def _bar(placed: Placed) -> tuple[float, float, float, float]:
    """Left, top, width and height of the bar in a box."""
    left, top = corner(placed)
    return left + INSIDE, top + HIGH - 0.2, WIDE - 2 * INSIDE, 0.12


def _shares(axes: Axes, placed: Placed, classes: Sequence[str], tint: dict[str, str]) -> None:
    """How large a part each class has."""
    from matplotlib.patches import Rectangle

    left, top, width, height = _bar(placed)
    counts = placed.node.counts
    total = max(1, sum(counts.values()))
    rest = total - sum(counts.get(name, 0) for name in classes)
    for count, tone in [*((counts.get(name, 0), tint[name]) for name in classes), (rest, "#B8B8B8")]:
        if count > 0:
            part = width * count / total
            axes.add_patch(Rectangle((left, top), part, height, color=tone, linewidth=0, zorder=3))
            left += part


def _mean(axes: Axes, placed: Placed, ends: tuple[float, float]) -> None:
    """Where the mean lies between the lowest and the highest one."""
    from matplotlib.patches import Rectangle

    left, top, width, height = _bar(placed)
    axes.add_patch(Rectangle((left, top), width, height, color=_style.SHADES[1], linewidth=0, zorder=3))
    value = placed.node.value
    if value == value:
        part = (value - ends[0]) / (ends[1] - ends[0]) if ends[1] > ends[0] else 1.0
        axes.add_patch(Rectangle((left, top), width * part, height, color=_style.MAIN, linewidth=0, zorder=3))

"""How all plots look: colours that colour-blind readers tell apart, plain labels, no global state."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

from nkululeko.core.plugin import Options, option

if TYPE_CHECKING:
    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nkululeko.core.result import Result, Score

#: Okabe & Ito (2008), "Color universal design"; without yellow, which is too pale on white
PALETTE = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#222222")
#: a second cue beside the colour; seven colours by seven markers tell 49 classes apart
MARKERS = ("o", "^", "s", "D", "v", "P", "X")
INK, SOFT, GRID = "#222222", "#666666", "#DDDDDD"
MAIN, ACCENT = PALETTE[0], PALETTE[1]
TITLE_SIZE, LABEL_SIZE, TICK_SIZE = 12, 10.5, 9.5
DPI = 130
#: where titles begin, as a share of the figure's width
LEFT = 0.012
#: white to dark blue in one hue: the order survives colour blindness and a grey printer
SHADES = ("#FFFFFF", "#C6DDF0", "#7FB2DA", "#2F7FBC", "#004C80")


class PlotOptions(Options):
    """The options that every plot has."""

    titles: bool = option(True, "write titles above the plots")


def new_figure(width: float, height: float) -> Figure:
    """An empty figure with a canvas of its own, made without pyplot.

    Args:
        width: in inches
        height: in inches
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def finish(figure: Figure) -> Figure:
    """Lay the figure out so that nothing overlaps or is cut off; the last step of every plot.

    Done once here, because a layout engine within the figure costs one more drawing at each saving.
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    fixed = any(axes.get_aspect() != "auto" for axes in figure.axes)
    ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.05, compress=fixed).execute(figure)
    for axes in figure.axes:
        place = axes.get_position()
        axes.title.set_x((LEFT - place.x0) / place.width)
    return figure


def plain(text: object, width: int = 28) -> str:
    r"""A label as the drawing library may take it: one line, no formulas, not longer than ``width``.

    A label may hold anything: dollar signs would start a formula, and odd characters spoil the line.

    Example:
        >>> plain("a$b")
        'a\\$b'
        >>> plain("a very long name of a class", 12)
        'a very…class'
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in str(text)).split())
    if len(line) > width:
        head = (width - 1) // 2 + (width - 1) % 2
        line = line[:head] + "…" + line[len(line) - (width - 1 - head) :]
    return line.replace("$", r"\$")


def number(value: float) -> str:
    """Three decimals (fewer from 10 on), as the report writes them: no leading zero.

    Example:
        >>> number(0.5), number(-0.25), number(1234.5), number(float("nan"))
        ('.500', '-.250', '1234.5', 'n/a')
    """
    if value != value:
        return "n/a"
    digits = f"{abs(value):.{3 if abs(value) < 10 else 2 if abs(value) < 100 else 1}f}"
    return ("-" if value < 0 and digits.strip("0.") else "") + digits.removeprefix("0" if value else "")


def score_text(score: Score) -> str:
    """A score with its interval, e.g. ``UAR .634 [.551, .712]``."""
    text = f"{plain(score.label)} {number(score.value)}"
    if score.low != score.low or score.high != score.high:
        return text
    return f"{text} [{number(score.low)}, {number(score.high)}]"


def title(axes: Axes, options: Any, *lines: str, width: int = 64) -> None:
    """Write the title, unless titles are turned off: first line bold, the others below it."""
    if not options.titles:
        return
    head, rest = lines[0], [part for line in lines[1:] for part in textwrap.wrap(line, width)]
    axes.set_title("\n".join(rest), fontsize=LABEL_SIZE, color=INK, x=0, ha="left", pad=8)
    figure = axes.get_figure()
    if figure is not None:
        figure.suptitle(head, fontsize=TITLE_SIZE, fontweight="bold", color=INK, x=LEFT, ha="left")


def frame(
    axes: Axes, x_label: str = "", y_label: str = "", grid: Literal["x", "y", "both", ""] = "both"
) -> None:
    """Light grid, no box, labelled axes; ``grid``: ``x``, ``y``, ``both`` or empty."""
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(SOFT)
    axes.tick_params(labelsize=TICK_SIZE, labelcolor=INK, color=SOFT)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(True, axis=grid, color=GRID, linewidth=0.8)
    axes.set_xlabel(x_label, fontsize=LABEL_SIZE, color=INK)
    axes.set_ylabel(y_label, fontsize=LABEL_SIZE, color=INK)


def turn(labels: Sequence[str], room: int) -> float:
    """The angle for labels below an axis: upright reading only where they have room (in characters).

    Example:
        >>> turn(["a", "b"], 8), turn(["surprise", "happiness"], 6)
        (0.0, 45.0)
    """
    return 0.0 if max(map(len, labels), default=0) <= room else 45.0


def scatter(
    axes: Axes, x: np.ndarray, y: np.ndarray, *, count: int, colour: str = MAIN, marker: str = "o"
) -> None:
    """A cloud of points: clear dots where there are few, see-through ones where they overlap.

    ``count`` is the number of points in the whole plot. Many points become one embedded picture, so
    that vector files stay small; only there are they see-through, which EPS cannot express otherwise.
    """
    many = count > 800
    axes.scatter(
        x,
        y,
        s=16 if many else 34,
        c=colour,
        marker=marker,
        alpha=0.55 if many else None,
        edgecolors="none" if many else "white",
        linewidths=0 if many else 0.5,
        rasterized=many,
    )


def headline(result: Result) -> str:
    """The result's headline score with its interval."""
    return score_text(result.headline)

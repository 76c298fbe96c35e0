"""The sheet that the pictures of an exploration stand on: words above and below, panels between."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nkululeko.plots import _letters, _style
from nkululeko.plots._letters import shown

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

#: letters of the title, of the lines below it, and of the notes, in points
SIZES = {"head": _style.TITLE_SIZE, "line": 9.0, "note": 8.0}
#: from one line of text to the next, as a multiple of its size
LEADING = 1.4
#: inches around the words
EDGE = 0.09
#: what is not of interest now, and areas behind what is
QUIET, BACK = "#B8B8B8", "#E9E9E9"
#: the category that collects the rare ones has this name, if it is the last one
REST = "other"


@dataclass(frozen=True)
class Words:
    """What is written around a picture.

    Args:
        head: the title
        lines: below it, e.g. the statistics
        notes: below the picture, in small; all three as they are, not made ready for plots
    """

    head: str
    lines: Sequence[str] = ()
    notes: Sequence[str] = ()


def finish(figure: Figure, options: Any, words: Words) -> Figure:
    """Write the words and lay the panels out between them; the last step of every picture.

    The figure grows by the room that the words need, so the panels keep their size. Without titles there are no
    words at all: the picture is then meant for a text that has its own.

    Args:
        figure: with its panels; its size is that of the panels
        options: with ``titles``
        words: what to write
    """
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    above = below = 0.0
    if options.titles:
        width, height = figure.get_size_inches()
        notes = [*words.notes]
        upper = _wrapped(figure, [words.head], "head") + _wrapped(figure, words.lines, "line")
        if any(_letters.lacks(text) for text in _texts(figure) + [text for text, _ in upper]):
            notes.append(_letters.NOTE)
        lower = _wrapped(figure, notes, "note")
        above, below = _tall(upper), _tall(lower)
        figure.set_size_inches(width, height + above + below)
        _write(figure, upper, height + above + below - EDGE)
        _write(figure, lower, below - EDGE)
    _letters.choose_fonts(figure)
    total = figure.get_size_inches()[1]
    fixed = any(axes.get_aspect() != "auto" for axes in figure.axes)
    room = (0, below / total, 1, 1 - (above + below) / total)
    engine = ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.06, rect=room, compress=fixed)
    engine.execute(figure)
    if any(axes.name == "3d" for axes in figure.axes):  # its labels move as it shrinks
        engine.execute(figure)
    return figure


def _texts(figure: Figure) -> list[str]:
    from matplotlib.text import Text

    return [text.get_text() for text in figure.findobj(Text)]


def _wrapped(figure: Figure, lines: Sequence[str], kind: str) -> list[tuple[str, str]]:
    """Lines that are no wider than the figure, with their kind."""
    from matplotlib.text import Text

    room = figure.get_size_inches()[0] * (1 - 2 * _style.LEFT)
    weight = "bold" if kind == "head" else "normal"
    found: list[tuple[str, str]] = []
    for line in lines:
        letters = int(room * 72 / (0.5 * SIZES[kind]))
        while True:
            parts = [shown(part, 400) for part in textwrap.wrap(str(line), letters)]
            widest = max(parts, key=len, default="")
            text = Text(0, 0, widest, fontsize=SIZES[kind], fontweight=weight, figure=figure)
            if letters < 12 or text.get_window_extent().width / figure.dpi <= room:
                break
            letters = int(0.93 * letters)
        found += [(part, kind) for part in parts]
    return found


def _tall(lines: Sequence[tuple[str, str]]) -> float:
    """Height of lines in inches."""
    return sum(LEADING * SIZES[kind] / 72 for _, kind in lines) + (2 * EDGE if lines else 0)


def _write(figure: Figure, lines: Sequence[tuple[str, str]], top: float) -> None:
    """Lines from the left upper corner on; ``top`` in inches from the lower edge."""
    total = figure.get_size_inches()[1]
    for text, kind in lines:
        figure.text(
            _style.LEFT,
            top / total,
            text,
            fontsize=SIZES[kind],
            fontweight="bold" if kind == "head" else "normal",
            color=_style.SOFT if kind == "note" else _style.INK,
            ha="left",
            va="top",
        )
        top -= LEADING * SIZES[kind] / 72


def blank(options: Any, words: Words, why: str) -> Figure:
    """A picture that says why there is nothing to be seen."""
    figure = _style.new_figure(5.6, 2.4)
    axes = figure.subplots()
    bare(axes)
    axes.text(
        0.5, 0.5, shown(why, 200), transform=axes.transAxes, ha="center", va="center", wrap=True,
        fontsize=_style.LABEL_SIZE, color=_style.SOFT, style="italic",
    )  # fmt: skip
    return finish(figure, options, words)


def bare(axes: Axes) -> None:
    """No axis, no numbers."""
    axes.set_xticks([])
    axes.set_yticks([])
    for spine in axes.spines.values():
        spine.set_visible(False)


def panel_title(axes: Axes, text: str, colour: str = _style.INK, size: float = _style.TICK_SIZE) -> None:
    """A name above one of several panels."""
    axes.set_title(text, loc="left", fontsize=size, fontweight="bold", color=colour, pad=4)


def legend(
    axes: Axes,
    handles: Sequence[Any],
    labels: Sequence[str],
    title: str = "",
    place: float = 1.01,
    **more: Any,
) -> None:
    """What the colours mean, to the right of the panel; in two columns where there are many."""
    found = axes.legend(
        list(handles),
        list(labels),
        title=title or None,
        loc="upper left",
        bbox_to_anchor=(place, 1.01),
        fontsize=9,
        title_fontsize=9,
        frameon=False,
        labelcolor=_style.INK,
        borderaxespad=0,
        handletextpad=0.5,
        alignment="left",
        **more,
    )
    found.get_title().set_color(_style.INK)
    for handle in found.legend_handles:
        if handle is not None:
            handle.set_alpha(1)


def colour_bar(figure: Figure, axes: Any, mappable: Any, label: str, **more: Any) -> Any:
    """The scale of colours to the right of a panel."""
    bar = figure.colorbar(mappable, ax=axes, use_gridspec=False, **{"pad": 0.02, **more})
    bar.set_label(label, fontsize=_style.LABEL_SIZE, color=_style.INK)
    bar.ax.tick_params(labelsize=_style.TICK_SIZE)
    bar.outline.set_visible(False)
    return bar


def colour(position: int, name: str = "", last: bool = False) -> str:
    """The colour of a category; that of the rare ones is pale."""
    return QUIET if last and name == REST else _style.PALETTE[position % len(_style.PALETTE)]


def colours(levels: Sequence[str]) -> dict[str, str]:
    """The colour of each category, the same in all pictures."""
    return {name: colour(i, name, i == len(levels) - 1) for i, name in enumerate(levels)}


def marker(position: int) -> str:
    """A second cue beside the colour; see ``_style.MARKERS``."""
    return _style.MARKERS[(position + position // len(_style.PALETTE)) % len(_style.MARKERS)]


def pale(tone: str, share: float = 0.3) -> str:
    """A colour thinned with white: areas that need no transparency, which EPS lacks.

    Example:
        >>> pale("#0072B2", 0.5)
        '#80b8d8'
    """
    parts = [int(tone[i : i + 2], 16) for i in (1, 3, 5)]
    return "#" + "".join(f"{round(255 - share * (255 - part)):02x}" for part in parts)


def p_text(p: float) -> str:
    """A p-value in words.

    Example:
        >>> p_text(0.0312), p_text(0.00001), p_text(float("nan"))
        ('p = .031', 'p < .001', 'p = n/a')
    """
    return "p < .001" if p < 0.001 else f"p = {_style.number(p)}"


def stars(p: float) -> str:
    """The usual marks of significance.

    Example:
        >>> stars(0.0001), stars(0.004), stars(0.03), stars(0.2), stars(float("nan"))
        ('***', '**', '*', '', '')
    """
    return "***" if p < 0.001 else "**" if p < 0.01 else "*" if p < 0.05 else ""


def count_text(count: int, noun: str = "sample") -> str:
    """A number of things.

    Example:
        >>> count_text(1), count_text(1200, "speaker")
        ('1 sample', '1,200 speakers')
    """
    return f"{count:,} {noun}{'' if count == 1 else 's'}"

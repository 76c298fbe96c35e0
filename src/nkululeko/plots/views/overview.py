"""The target at a glance: how many samples of what, and where they come from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.families import View
from nkululeko.plots import _numbers, _page, _parts, _stacks, _style
from nkululeko.plots._letters import short, shown
from nkululeko.plots._page import Words
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from nkululeko.core.exploration import Exploration

#: in the order of the bars; as in the plot of a result's data
SPLITS = {"train": _style.MAIN, "dev": _style.PALETTE[5], "test": _style.ACCENT}


class Overview(View):
    """Bars or a histogram of the target, divided by split, or by database where there are several."""

    Options = PlotOptions
    summary = "distribution of the target by split or database"

    def draw(self, exploration: Exploration) -> Iterator[tuple[str, Figure]]:
        """``overview``."""
        yield "overview", _picture(exploration, self.options)


def _picture(exploration: Exploration, options: Any) -> Figure:
    target = exploration.target
    name = shown(target.name)
    values = _parts.aligned(target, exploration.samples.index)
    known = values.notna().to_numpy(copy=True)
    if not target.is_category:
        known &= _numbers.usable(values.to_numpy(dtype=float, na_value=np.nan))
    words = Words(
        f"Distribution of {short(target.name)}",
        [_holds(exploration, known)],
        [target.note] if target.note else [],
    )
    if not known.any():
        return _page.blank(options, words, f"no sample has a value of {target.name}")
    column, pieces, names, tones = _pieces(exploration.samples[known])
    if target.is_category:
        labels, levels = _parts.categories(values[known], target.levels)
        figure = _style.new_figure(6.4, 0.7 + max(0.8, (0.3 if len(levels) <= 12 else 0.24) * len(levels)))
        axes = figure.subplots()
        counts = np.array(
            [[np.count_nonzero((labels == la) & (names == p)) for p in pieces] for la in levels]
        )
        drawn = _stacks.bars(axes, counts, levels, tones, shares=False, inches=3.6)
        _style.frame(axes, "samples", grid="x")
        axes.tick_params(axis="y", length=0, labelsize=_style.TICK_SIZE if len(levels) <= 12 else 8)
    else:
        figure = _style.new_figure(6.4, 2.9)
        axes = figure.subplots()
        numbers = values[known].to_numpy(dtype=float)
        drawn, counts = _histogram(axes, numbers, names, pieces, tones)
        _style.frame(axes, name, "samples", grid="y")
        axes.locator_params(axis="y", integer=True, min_n_ticks=1)
    if len(pieces) > 1:
        _stacks.legend(axes, drawn, pieces, counts, column)
    return _page.finish(figure, options, words)


def _histogram(
    axes: Any, numbers: np.ndarray, names: np.ndarray, pieces: list[str], tones: list[str]
) -> tuple[list[Any], np.ndarray]:
    """Bars of counts, the pieces upon each other."""
    borders = _numbers.edges(numbers)
    counts = np.array([np.histogram(numbers[names == piece], borders)[0] for piece in pieces])
    below = np.zeros(len(borders) - 1)
    drawn = []
    for row, tone in zip(counts, tones, strict=True):
        drawn.append(
            axes.bar(
                borders[:-1],
                row,
                np.diff(borders),
                below,
                align="edge",
                color=tone,
                edgecolor="white",
                linewidth=0.5,
            )
        )
        below = below + row
    return drawn, counts.T


def _holds(exploration: Exploration, known: np.ndarray) -> str:
    """How many samples and speakers there are."""
    text = _page.count_text(len(known))
    if exploration.speakers is not None:
        text += f" of {_page.count_text(exploration.speakers, 'speaker')}"
    missing = int(np.count_nonzero(~known))
    if missing:
        text += f"; {missing:,} without a value"
    return text if exploration.selection == "all" else f"{text}; split: {exploration.selection}"


def _pieces(samples: pd.DataFrame) -> tuple[str, list[str], np.ndarray, list[str]]:
    """What divides the bars: its name, its values, the value of each sample, and a colour each."""
    for column in ("split", "database"):
        if column not in samples:
            continue
        names = samples[column].astype(str).to_numpy(dtype=object)
        found = sorted(set(names))
        if 1 < len(found) <= _stacks.STACK:
            if column == "split":
                found = [name for name in SPLITS if name in found] + [n for n in found if n not in SPLITS]
                free = iter(_style.PALETTE[2:])
                return column, found, names, [SPLITS.get(name) or next(free) for name in found]
            return column, found, names, [_page.colour(place) for place in range(len(found))]
    return "", ["samples"], np.full(len(samples), "samples", dtype=object), [_style.MAIN]

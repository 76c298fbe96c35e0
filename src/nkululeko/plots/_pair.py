"""The picture of two variables side by side, perhaps by a third: what it is, their kinds decide."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.plots import _clouds, _curves, _numbers, _page, _panels, _parts, _rows, _stacks, _style
from nkululeko.plots._letters import short, shown
from nkululeko.plots._page import Words

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nkululeko.core.exploration import Association, Unit, Variable

#: up to so many values, in all or for each category, they are shown as dots
DOTS = 60
DOTS_EACH = 20
#: beyond so many categories, distributions become boxes or violins
CURVES = 8
#: up to so many categories share one cloud
SHARED = 3
#: what the numbers of speakers are
MEANS = "Each value is the mean of a speaker's recordings."
#: what a count of speakers is
ONCE_EACH = "A speaker counts once in each combination of which there is a recording."


@dataclass(frozen=True)
class Column:
    """One of the variables, without missing values.

    Args:
        name: as it is written
        values: text or floats, shape ``(rows,)``
        levels: the categories that occur, in order; empty for numbers
        tint: colour of each category
    """

    name: str
    values: np.ndarray
    levels: tuple[str, ...]
    tint: dict[str, str]

    def parts(self, names: Column, rows: np.ndarray | None = None) -> list[_parts.Part]:
        """These numbers by the categories of another column, in some of the rows."""
        taken = slice(None) if rows is None else rows
        return _parts.parts(self.values[taken], names.values[taken], names.levels, names.tint)


#: a figure, and what the reader should know of it
Drawn = tuple["Figure", list[str]]


def picture(association: Association, unit: Unit, options: Any) -> Figure:
    """The picture of an association.

    Args:
        association: what
        unit: with a row a sample, or a speaker
        options: ``titles``, ``dist_type``, ``fill_areas``
    """
    frame = association.samples if unit == "samples" else association.speakers
    assert frame is not None
    variables = {"x": association.x, "y": association.y}
    if association.group is not None and "group" in frame:
        variables["group"] = association.group
    words = Words(heading(variables), evidence_lines(association, unit), notes(association))
    columns, weights = _columns(frame, variables)
    if not len(columns[0].values):
        both = f"{association.x.name} and {association.y.name}"
        return _page.blank(options, words, f"no {unit[:-1]} has a value of {both}")
    categories = [column for column in columns if column.levels]
    numbers = [column for column in columns if not column.levels]
    if not numbers:
        figure, more = _counts(columns, weights, unit)
    elif len(numbers) == 1:
        figure, more = _distributions(numbers[0], categories, options)
    else:
        figure, more = _scatter(numbers, categories, unit)
    if unit == "speakers" and numbers:
        more = [MEANS, *more]
    return _page.finish(figure, options, Words(words.head, words.lines, [*words.notes, *more]))


def heading(variables: dict[str, Variable]) -> str:
    """``emotion and gender``, or ``age and gender by emotion``."""
    head = f"{short(variables['y'].name, 44)} and {short(variables['x'].name, 44)}"
    return f"{head} by {short(variables['group'].name)}" if "group" in variables else head


def evidence_lines(association: Association, unit: Unit) -> list[str]:
    """The statistics: those over speakers in both pictures, those over samples in theirs only."""
    units: tuple[Unit, ...] = ("samples", "speakers") if unit == "samples" else ("speakers",)
    found = [test for each in units for test in association.tests if test.unit == each and not test.within]
    if unit == "speakers":
        return [test.line for test in found]
    return [test.line if test.line.startswith("no test") else f"{test.unit}: {test.line}" for test in found]


def notes(association: Association) -> list[str]:
    """What the reader should know, each once."""
    variables = [association.x, association.y, association.group]
    said = [f"{v.name}: {v.note}" for v in variables if v is not None and v.note]
    return list(dict.fromkeys([*association.notes, *said]))


def _columns(frame: pd.DataFrame, variables: dict[str, Variable]) -> tuple[list[Column], np.ndarray]:
    """The rows that have all values, as arrays; and how much each row counts."""
    import pandas as pd

    known = np.ones(len(frame), dtype=bool)
    for column, variable in variables.items():
        if variable.is_category:
            known &= frame[column].notna().to_numpy()
        else:
            numbers = pd.to_numeric(frame[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)
            known &= _numbers.usable(numbers)
    kept = frame[known]
    found = []
    for column, variable in variables.items():
        name = shown(variable.name, 44)
        if variable.is_category:
            values, levels = _parts.categories(kept[column], variable.levels)
            found.append(Column(name, values, levels, _parts.tints(variable, levels)))
        else:
            found.append(Column(name, kept[column].to_numpy(dtype=float), (), {}))
    weights = kept["count"].to_numpy(dtype=int) if "count" in kept else np.ones(len(kept), dtype=int)
    return found, weights


def _table(rows: Column, pieces: Column, weights: np.ndarray) -> np.ndarray:
    """How many there are of each pair of categories, shape ``(rows, pieces)``."""
    found = np.zeros((len(rows.levels), len(pieces.levels)), dtype=int)
    for i, name in enumerate(rows.levels):
        here = rows.values == name
        names, counts = pieces.values[here], weights[here]
        found[i] = [counts[names == piece].sum() for piece in pieces.levels]
    return found


def _counts(columns: Sequence[Column], weights: np.ndarray, unit: Unit) -> Drawn:
    """Categories only: the one with fewer levels gives the pieces of the bars, the other one the bars."""
    x, y = columns[:2]
    rows, pieces = (y, x) if len(x.levels) < len(y.levels) else (x, y)
    said = [ONCE_EACH] if unit == "speakers" else []
    if len(columns) > 2 and len(pieces.levels) <= _stacks.STACK:
        figure, note = _counts_by(rows, pieces, columns[2], weights)
        return figure, [*note, *said]
    counts = _table(rows, pieces, weights)
    pitch = 0.36 if len(rows.levels) <= 12 else 0.25
    if len(pieces.levels) > _stacks.STACK:
        figure = _style.new_figure(3.4 + 0.4 * len(pieces.levels), 1.6 + 0.3 * len(rows.levels))
        axes = figure.subplots()
        names = [shown(name, 22) for name in pieces.levels]
        _stacks.table(figure, axes, counts, rows.levels, names)
        axes.set_xlabel(pieces.name, fontsize=_style.LABEL_SIZE, color=_style.INK)
        axes.set_ylabel(f"{rows.name} ({unit})", fontsize=_style.LABEL_SIZE, color=_style.INK)
        return figure, said
    figure = _style.new_figure(9.4, 0.75 + max(1.2, pitch * len(rows.levels)))
    left, right = figure.subplots(1, 2, sharey=True)
    tones = [pieces.tint[name] for name in pieces.levels]
    drawn = _stacks.bars(left, counts, rows.levels, tones, shares=False, inches=3.0)
    _stacks.bars(right, counts, rows.levels, tones, shares=True, inches=3.0)
    _style.frame(left, unit, rows.name, grid="x")
    _style.frame(right, f"share of the {unit}, in %", grid="")
    _stacks.percent(right)
    for axes in (left, right):
        axes.tick_params(axis="y", length=0, labelsize=_style.TICK_SIZE if len(rows.levels) <= 12 else 8)
    right.tick_params(axis="y", labelleft=False)
    _stacks.legend(right, drawn, pieces.levels, counts, pieces.name)
    return figure, said


def _counts_by(rows: Column, pieces: Column, group: Column, weights: np.ndarray) -> Drawn:
    """Stacked bars, a panel for each level of a third category."""
    levels, note = _panels.most_frequent(group.values, group.levels)
    pitch = 0.3 if len(rows.levels) <= 12 else 0.22
    figure, panels = _panels.grid(len(levels), 2.4, max(1.0, pitch * len(rows.levels)), more=2.6)
    tones = [pieces.tint[name] for name in pieces.levels]
    drawn: list[Any] = []
    for axes, level in zip(panels, levels, strict=True):
        counts = _table(rows, pieces, weights * (group.values == level))
        drawn = _stacks.bars(axes, counts, rows.levels, tones, shares=True, inches=1.7)
        _style.frame(axes, grid="")
        _stacks.percent(axes)
        axes.set_xlim(0, 1.22)
        axes.tick_params(axis="y", length=0, labelsize=8.5)
        axes.tick_params(axis="x", labelsize=8.5)
        for row, total in enumerate(counts.sum(axis=1)):
            axes.text(1.02, row, f"{total:,}", va="center_baseline", fontsize=8, color=_style.SOFT)
        _page.panel_title(axes, f"{shown(level)} ({int(counts.sum()):,})")
    _panels.label(panels, "share", rows.name)
    corner = panels[min(len(panels), _panels.columns(len(panels))) - 1]
    _stacks.legend(corner, drawn, pieces.levels, _table(rows, pieces, weights), pieces.name)
    return figure, [*note, "In the bars: per cent; beside them: how many there are."]


def _distributions(number: Column, categories: Sequence[Column], options: Any) -> Drawn:
    """A number by one or two categories."""
    if len(categories) > 1:
        return _distributions_by(number, categories[0], categories[1], options)
    category = categories[0]
    found = number.parts(category)
    kde = options.dist_type == "kde"
    few = len(number.values) <= max(DOTS, DOTS_EACH * len(found))
    if few or len(found) > CURVES:
        figure = _style.new_figure(7.6, 0.8 + max(1.2, (0.38 if len(found) <= 12 else 0.29) * len(found)))
        axes = figure.subplots()
        ordered = found if few and len(found) <= CURVES else _parts.by_median(found)
        _rows.rows(axes, ordered, "violin" if kde and not few else "box", dots=few)
        _style.frame(axes, number.name, grid="x")
        axes.tick_params(axis="y", length=0, labelsize=9)
        _named(figure, axes, category.name)
        return figure, [ROWS[few, kde]]
    if len(found) <= _curves.OVER[options.dist_type]:
        figure = _style.new_figure(8.0, 3.6)
        _curves.over(figure.subplots(), found, options.dist_type, options.fill_areas, number.name)
        return figure, ["Triangles: medians."]
    figure = _style.new_figure(7.6, 0.8 + 0.56 * len(found))
    axes = figure.subplots()
    _curves.ridges(axes, found, options.dist_type, options.fill_areas, number.name)
    _named(figure, axes, category.name)
    return figure, ["Black ticks: medians. Grey: all together, on the same scale."]


#: how to read the rows: few values, density wanted
ROWS = {
    (True, True): "Boxes: the middle half of the values, with the median.",
    (True, False): "Boxes: the middle half of the values, with the median.",
    (
        False,
        True,
    ): "Violins: how dense the values lie; bars: the middle half; white dots: medians. Highest first.",
    (False, False): "Boxes: the middle half of the values, with the median. Highest median first.",
}


def _named(figure: Figure, axes: Axes, name: str) -> None:
    """A name beside rows, no longer than they are high."""
    room = (figure.get_size_inches()[1] - 0.6) * 72 / (0.6 * _style.LABEL_SIZE)
    axes.set_ylabel(name if len(name) <= room else "", fontsize=_style.LABEL_SIZE, color=_style.INK)


def _distributions_by(number: Column, rows: Column, group: Column, options: Any) -> Drawn:
    """Boxes of a number, a panel for each level of the second category."""
    levels, note = _panels.most_frequent(group.values, group.levels)
    figure, panels = _panels.grid(
        len(levels), 2.5, max(0.9, 0.26 * len(rows.levels)), more=0.5 + 0.08 * max(map(len, rows.levels))
    )
    for axes, level in zip(panels, levels, strict=True):
        taken = group.values == level
        kind: _rows.Kind = "violin" if options.dist_type == "kde" else "box"
        _rows.rows(axes, number.parts(rows, taken), kind, small=True)
        _style.frame(axes, grid="x")
        axes.tick_params(axis="y", length=0, labelsize=8.5)
        axes.tick_params(axis="x", labelsize=8.5)
        _page.panel_title(axes, f"{shown(level)} ({np.count_nonzero(taken):,})")
    _clouds.room(panels[0], number.values, np.empty(0))
    _panels.label(panels, number.name, rows.name)
    return figure, note


def _scatter(numbers: Sequence[Column], categories: Sequence[Column], unit: Unit) -> Drawn:
    """Two numbers, perhaps by a category or coloured by a third number."""
    x, y = numbers[:2]
    note = ["Line: least squares, with the 95 % band of the mean."]
    if unit == "samples":
        note = [f"{note[0][:-1]}, as if samples were independent."]
    many = len(x.values) > _clouds.DENSE
    if categories and (len(categories[0].levels) > SHARED or (many and len(categories[0].levels) > 1)):
        figure, more = _scatter_apart(x, y, categories[0])
        return figure, [*note, *more]
    figure = _style.new_figure(7.0 if len(numbers) == 2 and not categories and not many else 8.0, 4.6)
    axes = figure.subplots()
    _style.frame(axes, x.name, y.name)
    everything = _clouds.Cloud("", x.values, y.values)
    if categories:
        _clouds.together(axes, _by_level(x, y, categories[0], categories[0].levels), categories[0].name)
    elif len(numbers) > 2:
        _clouds.scaled(figure, axes, everything, numbers[2].values, numbers[2].name)
        if len(x.values) > _clouds.POINTS:
            note.append(f"{_clouds.POINTS:,} of {len(x.values):,} {unit} are drawn, chosen by chance.")
    else:
        _clouds.single(figure, axes, everything)
    _clouds.room(axes, x.values, y.values)
    return figure, note


def _by_level(x: Column, y: Column, group: Column, levels: Sequence[str]) -> list[_clouds.Cloud]:
    clouds = []
    for place, level in enumerate(levels):
        taken = group.values == level
        clouds.append(
            _clouds.Cloud(
                shown(level, 22), x.values[taken], y.values[taken], group.tint[level], _page.marker(place)
            )
        )
    return clouds


def _scatter_apart(x: Column, y: Column, group: Column) -> Drawn:
    levels, note = _panels.most_frequent(group.values, group.levels)
    figure, panels = _panels.grid(len(levels), 2.3, 1.8)
    _clouds.apart(panels, _by_level(x, y, group, levels))
    for axes in panels:
        _style.frame(axes)
        axes.tick_params(labelsize=8.5)
    _clouds.room(panels[0], x.values, y.values)
    _panels.label(panels, x.name, y.name)
    return figure, [*note, "Grey: all together."]

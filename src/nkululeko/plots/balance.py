"""Balance of the splits: how near each one comes to the distributions of the whole database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.families import Plot
from nkululeko.plots import _style
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nkululeko.core.result import Result
    from nkululeko.core.sheet import Sheet

#: a colour and a marker for each split; the colours are those of the plot ``value_counts``
COLOURS = {"train": _style.MAIN, "dev": _style.PALETTE[5], "test": _style.ACCENT}
CUES = {"train": "o", "dev": "^", "test": "s"}
WHOLE = "#CFCFCF"
#: rarer categories than so many are left out
MOST_CATEGORIES = 20
#: the axis of divergences is at least so long, so that tiny ones look tiny
LEAST_AXIS = 0.11


@dataclass(frozen=True)
class _Panel:
    """What one panel shows: divergences (rows: variables), or the samples of a variable (rows: categories).

    Args:
        database: its name
        variable: its name; empty: the divergences of all variables
        table: columns: splits
        weights: of the rows, if they are variables
    """

    database: str
    variable: str
    table: pd.DataFrame
    weights: Sequence[float] = ()


class Balance(Plot):
    """The divergence of each variable in each split, then its shares: bars are the whole, marks the splits."""

    Options = PlotOptions
    summary = "how near balanced splits come to the distributions of the whole database"

    def applies(self, result: Result) -> bool:
        """Whether a database has been split by the strategy ``balanced``."""
        return result.sheet is not None and not result.sheet.balance.empty

    def draw(self, result: Result) -> Figure:
        """For each database a panel of divergences and one a variable, in two columns."""
        sheet = result.sheet
        assert sheet is not None
        overviews = [_divergences(rows, name) for name, rows in _each(sheet.balance, "database")]
        panels = [panel for each in overviews for panel in (each, *_distributions(sheet, each))]
        heights = [_inches(panel) for panel in panels]
        rows = [max(heights[start : start + 2]) for start in range(0, len(panels), 2)]
        header = 0.2  # inches, for the legend
        figure = _style.new_figure(9.6, 0.6 + 0.2 * len(overviews) + sum(rows) + 0.75 * len(rows))
        grid = figure.add_gridspec(1 + len(rows), 2, height_ratios=[header, *rows])
        top = figure.add_subplot(grid[0, :])
        _heading(top, self.options, overviews)
        for place, panel in enumerate(panels):
            axes = figure.add_subplot(grid[1 + place // 2, place % 2])
            name = f"{_style.plain(panel.database, 24)}: " if len(overviews) > 1 else ""
            if panel.variable:
                _shares(axes, panel.table, name + _style.plain(panel.variable))
            else:
                _bars(axes, panel, name + "divergence from the whole")
            # beside a tall panel a small one keeps some white below, else its bars would be very thick
            axes.set_ylim(axes.get_ylim()[0] + _white(panel, rows[place // 2]), -0.5)
        _legend(top, _in_order({split for panel in panels for split in panel.table.columns}))
        return _style.finish(figure)


def _each(table: pd.DataFrame, column: str) -> list[tuple[str, pd.DataFrame]]:
    """The rows of each value of a column, in the order in which they appear."""
    text = table[column].astype(str)
    return [(name, table[text == name]) for name in dict.fromkeys(text)]


def _divergences(rows: pd.DataFrame, database: str) -> _Panel:
    """The divergence of each variable in each split of a database."""
    rows = rows.assign(variable=rows["variable"].astype(str), split=rows["split"].astype(str))
    unique = rows.drop_duplicates(["variable", "split"])
    table = unique.set_index(["variable", "split"])["divergence"].astype(float).unstack()
    table = table.reindex(list(dict.fromkeys(rows["variable"])), columns=_in_order(table.columns))
    weights = rows.drop_duplicates("variable")["weight"].astype(float)
    return _Panel(database, "", table, list(weights))


def _in_order(splits: Any) -> list[str]:
    """Train, dev, test, then others."""
    return [name for name in COLOURS if name in splits] + sorted(set(splits) - set(COLOURS))


def _distributions(sheet: Sheet, overview: _Panel) -> list[_Panel]:
    """For each variable of the balance that the sheet knows: the samples of each category and split."""
    variables = [str(name) for name in overview.table.index]
    panels = [_Panel(overview.database, name, _samples(sheet, overview.database, name)) for name in variables]
    return [panel for panel in panels if not panel.table.empty]


def _samples(sheet: Sheet, database: str, variable: str) -> pd.DataFrame:
    """The samples of each category (rows; bins of numbers where there are none) in each split (columns)."""

    def rows(table: pd.DataFrame) -> pd.DataFrame:
        return table[
            (table["database"].astype(str) == database) & (table["variable"].astype(str) == variable)
        ]

    values = rows(sheet.values)
    if values.empty:
        bins = rows(sheet.histogram).sort_values("low")
        values = bins.assign(value=[_bin(*ends) for ends in zip(bins["low"], bins["high"], strict=True)])
    values = values.assign(value=values["value"].astype(str), split=values["split"].astype(str))
    unique = values.drop_duplicates(["value", "split"])
    table = unique.set_index(["value", "split"])["samples"].unstack(fill_value=0)
    labels = [str(label) for label in sheet.labels] if variable == sheet.target else []
    order = [label for label in labels if label in table.index]
    order += [name for name in dict.fromkeys(values["value"]) if name not in order]
    table = table.reindex(order, columns=_in_order(table.columns))
    return table.loc[:, table.sum() > 0]


def _bin(low: float, high: float) -> str:
    """How a bin is called: by its borders, or by the one whole number that it holds."""
    if high - low == 1 and low % 1 == 0.5:
        return f"{low + 0.5:.0f}"
    return f"{low:.4g} to {high:.4g}"


def _inches(panel: _Panel) -> float:
    """Height of a panel: of divergences, with bars for each split, or of shares, with a row a category."""
    rows, splits = panel.table.shape
    if panel.variable:
        return max(0.9, 0.25 * min(rows, MOST_CATEGORIES))
    return max(0.9, rows * (0.17 * splits + 0.12))


def _white(panel: _Panel, inches: float) -> float:
    """Empty rows below those of a panel that got so many inches: no row is more than twice as thick as usual."""
    return len(panel.table.index[:MOST_CATEGORIES]) * max(0.0, inches / (2 * _inches(panel)) - 1)


def _weighted_mean(overview: _Panel) -> dict[str, float]:
    """For each split the mean over the variables, each with its weight; what is missing counts nowhere."""
    means = {}
    for split in overview.table.columns:
        values = overview.table[split].to_numpy(dtype=float)
        known = np.isfinite(values)
        weights = np.asarray(overview.weights)[known]
        means[split] = float(np.average(values[known], weights=weights)) if weights.sum() > 0 else np.nan
    return means


def _heading(axes: Axes, options: Any, overviews: list[_Panel]) -> None:
    """Database and mean divergence; without titles nothing."""
    several = len(overviews) > 1
    lines = []
    for overview in overviews:
        means = _weighted_mean(overview)
        known = [mean for mean in means.values() if mean == mean]
        mean = _style.number(sum(known) / len(known) if known else np.nan)
        each = ", ".join(f"{_style.plain(split)} {_style.number(value)}" for split, value in means.items())
        name = f"{_style.plain(overview.database)}: " if several else ""
        lines.append(f"{name}weighted mean divergence {mean} ({each})")
    heading = "Balance of the splits"
    if not several:
        heading += f": {_style.plain(overviews[0].database)}"
    _style.title(axes, options, heading, *lines, width=110)
    axes.set_axis_off()


def _bars(axes: Axes, overview: _Panel, name: str) -> None:
    """The divergence of each variable in each split, written beside its bar."""
    table = overview.table
    thick = 1 / (len(table.columns) + 0.7)
    for position, split in enumerate(table.columns):
        values = table[split].to_numpy(dtype=float)
        places = np.arange(len(table)) + (position - (len(table.columns) - 1) / 2) * thick
        axes.barh(places, np.nan_to_num(values), height=0.94 * thick, color=COLOURS.get(split, _style.SOFT))
        for place, value in zip(places, values, strict=True):
            axes.annotate(
                _style.number(value),
                (value if value == value else 0.0, place),
                xytext=(2.5, 0),
                textcoords="offset points",
                va="center_baseline",
                fontsize=8,
                color=_style.INK,
            )
    labels = [
        f"{_style.plain(variable, 20)} (weight {weight:g})"
        for variable, weight in zip(table.index, overview.weights, strict=True)
    ]
    largest = np.nan_to_num(table.to_numpy(dtype=float)).max()
    axes.set_xlim(0, max(LEAST_AXIS, 1.18 * float(largest)))
    _rows(axes, labels, name, "Jensen-Shannon divergence (0: as the whole)")


def _shares(axes: Axes, table: pd.DataFrame, name: str) -> None:
    """Bars: share of each category in the whole; marks: in each split."""
    whole = table.sum(axis=1)
    shown = table.loc[whole.rank(method="first", ascending=False) <= MOST_CATEGORIES]
    rows = np.arange(len(shown))
    axes.barh(rows, whole[shown.index] / whole.sum(), height=0.8, color=WHOLE)
    for position, split in enumerate(table.columns):
        shift = 0.26 * (position - (len(table.columns) - 1) / 2)  # equal shares don't hide one another
        axes.plot(shown[split] / table[split].sum(), rows + shift, **_mark(split), clip_on=False)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")
    if len(shown) < len(table):
        name += f" ({len(shown)} of {len(table)} categories)"
    _rows(axes, [_style.plain(label, 22) for label in shown.index], name, "share of the samples")
    axes.tick_params(axis="y", pad=8)  # room for the marks of empty categories


def _mark(split: str) -> dict[str, Any]:
    """How the marks of a split look."""
    colour, marker = COLOURS.get(split, _style.SOFT), CUES.get(split, "D")
    looks = {"color": colour, "marker": marker, "linestyle": "none", "markersize": 6.5}
    return {**looks, "markeredgecolor": "white", "markeredgewidth": 0.6, "zorder": 3}


def _rows(axes: Axes, labels: list[str], name: str, x_label: str) -> None:
    """What all panels have in common: a row a label, the first on top, a name above."""
    axes.set_yticks(range(len(labels)), labels)
    axes.set_ylim(len(labels) - 0.5, -0.5)
    _style.frame(axes, x_label, grid="x")
    axes.tick_params(axis="y", length=0)
    axes.set_title(name, loc="left", fontsize=_style.LABEL_SIZE, fontweight="bold", color=_style.INK, pad=5)


def _legend(axes: Axes, splits: list[str]) -> None:
    """One legend for all panels, below the title."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    handles: list[Any] = [Patch(color=WHOLE, label="whole database")]
    handles += [Line2D([], [], label=_style.plain(split), **_mark(split)) for split in splits]
    axes.legend(
        handles=handles,
        ncols=len(handles),
        loc="lower left",
        bbox_to_anchor=(0, 0),
        borderaxespad=0,
        fontsize=_style.TICK_SIZE,
        frameon=False,
        labelcolor=_style.INK,
    )

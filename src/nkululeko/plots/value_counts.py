"""Distribution of the target: what each split of each database holds."""

from __future__ import annotations

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

#: in the order of the bars; dev stands by train in time and colour, test is held out
COLOURS = {"train": _style.MAIN, "dev": _style.PALETTE[5], "test": _style.ACCENT}
#: the histogram of the first split is filled, in a pale tone without transparency, which EPS lacks
PALE = _style.SHADES[1]
#: a second cue for lines that may cross
LINES = {"train": "-", "dev": ":", "test": "--"}
#: up to so many labels the bars are thick; beyond the second number the rarest labels are left out
FEW_LABELS, MOST_LABELS = 12, 40


class ValueCounts(Plot):
    """One panel a database: bars for classes, histograms for numbers; shares of each split, so that they compare."""

    Options = PlotOptions
    summary = "distribution of the target in each split of each database"
    when = "value_counts"

    def applies(self, result: Result) -> bool:
        """Whether the data sheet tells the distribution of the target."""
        return result.sheet is not None and bool(_tables(result.sheet))

    def draw(self, result: Result) -> Figure:
        """Two columns of panels from three databases on; all panels on the same scale."""
        sheet = result.sheet
        assert sheet is not None
        tables = _tables(sheet)
        classes = len(sheet.labels) > 0
        names, hidden = _common_labels(sheet, tables) if classes else ([], 0)
        columns = 2 if len(tables) > 2 else 1
        rows = -(-len(tables) // columns)
        bars = max(len(table.columns) for table in tables.values())
        height = max(1.0, len(names) * _pitch(len(names), bars)) if classes else 2.2
        room = 0.7 + 0.2 * bars  # inches for title, legend and axis of each panel
        figure = _style.new_figure(6.4 if columns == 1 else 11.0, 0.8 + rows * (height + room))
        grid = figure.subplots(rows, columns, squeeze=False)
        panels = grid.ravel()[: len(tables)]
        for empty in grid.ravel()[len(tables) :]:
            empty.remove()
        target = _style.plain(sheet.target)
        heading = f"Distribution of {target}"
        if len(tables) == 1:
            heading += f": {_style.plain(next(iter(tables)))}"
        _style.title(panels[0], self.options, heading)
        for place, (database, table) in enumerate(tables.items()):
            axes = panels[place]
            lowest = place + columns >= len(tables)
            if classes:
                _bars(axes, table.reindex(names, fill_value=0), table.sum(), lowest, hidden)
            else:
                _histogram(axes, table, target if lowest else "")
            _legend(axes, sheet, database, list(table.columns), several=len(tables) > 1)
        _same_scale(panels, 0 if classes else 1)
        return _style.finish(figure)


def _tables(sheet: Sheet) -> dict[str, pd.DataFrame]:
    """The samples of each value (rows) and split (columns), for each database that shall be drawn and has any.

    Rows are labels, or the lower borders of the histogram's bins with one more, empty row for the last border.
    """
    source = sheet.values if len(sheet.labels) else sheet.histogram
    key = "value" if len(sheet.labels) else "low"
    source = source[source["variable"] == sheet.target]
    known = list(dict.fromkeys(str(name) for name in source["database"]))
    tables = {}
    for database in [name for name in known if name in sheet.wanted] if sheet.wanted else known:
        rows = source[source["database"].astype(str) == database]
        values = rows[key].astype(str if key == "value" else float)
        rows = rows.assign(**{key: values, "split": rows["split"].astype(str)})
        table = (
            rows.drop_duplicates([key, "split"]).set_index([key, "split"])["samples"].unstack(fill_value=0)
        )
        table = table.reindex(list(dict.fromkeys(rows[key])), columns=_in_order(table.columns))
        table = table.loc[:, table.sum() > 0]
        if not table.empty:
            tables[database] = table if key == "value" else _with_last_border(table, source)
    return tables


def _in_order(splits: Any) -> list[str]:
    """Train, dev, test, then others."""
    return [name for name in COLOURS if name in splits] + sorted(set(splits) - set(COLOURS))


def _with_last_border(table: pd.DataFrame, rows: pd.DataFrame) -> pd.DataFrame:
    """Bins on all borders of the variable, gaps and the last border as rows of zeros."""
    borders = np.unique(rows[["low", "high"]].to_numpy(dtype=float))
    if len(borders) == 1:  # all values are the same
        table, borders = table.set_axis(borders - 0.5), borders + np.array([-0.5, 0.5])
    return table.reindex(borders, fill_value=0)


def _common_labels(sheet: Sheet, tables: dict[str, pd.DataFrame]) -> tuple[list[str], int]:
    """All labels, the same for all panels, those without a sample too; and how many rare ones are left out."""
    found = {str(label): 0.0 for label in sheet.labels}
    for table in tables.values():
        for label, count in table.sum(axis=1).items():
            found[str(label)] = found.get(str(label), 0.0) + count
    frequent = set(sorted(found, key=lambda label: -found[label])[:MOST_LABELS])
    return [label for label in found if label in frequent], len(found) - len(frequent)


def _pitch(labels: int, splits: int) -> float:
    """Height in inches of a label with its bars and the gap to the next one."""
    bar = 0.17 if labels <= FEW_LABELS else 0.125
    return max(0.24, bar * (splits + 0.7))


def _bars(axes: Axes, table: pd.DataFrame, totals: pd.Series, lowest: bool, hidden: int) -> None:
    """A group of bars for each label, the first on top; the number of samples beside each bar."""
    splits = list(table.columns)
    few = len(table) <= FEW_LABELS
    thick = 1 / (len(splits) + 0.7)
    for position, split in enumerate(splits):
        counts = table[split].to_numpy(dtype=float)
        places = np.arange(len(table)) + (position - (len(splits) - 1) / 2) * thick
        shares = counts / totals[split]
        axes.barh(places, shares, height=0.94 * thick, color=COLOURS.get(split, _style.SOFT), label=split)
        _counts(axes, shares, places, counts, size=8 if few else 6.5)
    axes.set_yticks(range(len(table)), [_style.plain(name, 24) for name in table.index])
    axes.set_ylim(len(table) - 0.5, -0.5)
    label = "share of the split; beside the bars: samples" if lowest else ""
    if lowest and hidden:
        label += f"\n{hidden} rarer label{'s are' if hidden > 1 else ' is'} not shown"
    _style.frame(axes, label, grid="x")
    axes.tick_params(axis="y", length=0, labelsize=_style.TICK_SIZE if few else 8)
    _percent(axes.xaxis)


def _counts(axes: Axes, x: np.ndarray, y: np.ndarray, counts: np.ndarray, size: float) -> None:
    """The numbers beside the bars."""
    from matplotlib.text import Text
    from matplotlib.transforms import ScaledTranslation

    figure = axes.get_figure()
    assert figure is not None
    beside = axes.transData + ScaledTranslation(2.5 / 72, 0, figure.dpi_scale_trans)
    for share, place, count in zip(x, y, counts, strict=True):
        colour = _style.INK if count else _style.SOFT
        # an artist of the figure: hundreds of numbers in the axes would be clipped and measured one by one
        figure.add_artist(
            Text(
                share, place, f"{count:.0f}", size=size, color=colour, va="center_baseline", transform=beside
            )
        )


def _histogram(axes: Axes, table: pd.DataFrame, target: str) -> None:
    """The outline of each split's histogram, the first one filled."""
    borders = table.index.to_numpy(dtype=float)
    for position, split in enumerate(table.columns):
        counts = table[split].to_numpy(dtype=float)
        colour = COLOURS.get(split, _style.SOFT)
        axes.stairs(
            counts[:-1] / counts.sum(),
            borders,
            fill=not position,
            facecolor=PALE,
            edgecolor=colour,
            linewidth=2,
            linestyle=LINES.get(split, "-."),
            label=split,
        )
    axes.set_ylim(bottom=0)
    _style.frame(axes, target, "share of the split")
    _percent(axes.yaxis)


def _percent(axis: Any) -> None:
    """Few ticks, with no more decimals than they need."""
    from matplotlib.ticker import MaxNLocator

    axis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))
    axis.set_major_formatter(lambda share, _: f"{100 * share:.3g} %")


def _legend(axes: Axes, sheet: Sheet, database: str, splits: list[str], several: bool) -> None:
    """Above the panel: the database, if there are several, and what each split holds."""
    handles, _ = axes.get_legend_handles_labels()
    axes.legend(
        handles,
        [_holds(sheet, database, split) for split in splits],
        loc="lower left",
        bbox_to_anchor=(0, 1.0),
        borderaxespad=0.2,
        borderpad=0.2,
        labelspacing=0.25,
        handlelength=1.4,
        fontsize=9,
        frameon=False,
        labelcolor=_style.INK,
    )
    if several:
        name = _style.plain(database, 36)
        style: dict[str, Any] = {"fontsize": _style.LABEL_SIZE, "fontweight": "bold", "color": _style.INK}
        axes.set_title(name, loc="left", pad=8 + 12.5 * len(splits), **style)


def _holds(sheet: Sheet, database: str, split: str) -> str:
    """A line of the legend: ``train: 350 samples, 8 speakers, mean 34.5 ± 8.1``."""

    def row(table: pd.DataFrame) -> Any:
        found = table[(table["database"].astype(str) == database) & (table["split"].astype(str) == split)]
        return found.iloc[0] if len(found) else {}

    part, summary = row(sheet.parts), {}
    if not len(sheet.labels):
        summary = row(sheet.numbers[sheet.numbers["variable"] == sheet.target])
    words = []
    for column, noun in (("samples", "sample"), ("speakers", "speaker")):
        count = _known(part, column)
        if count == count:
            words.append(f"{count:.0f} {noun}{'' if count == 1 else 's'}")
    mean, deviation = _known(summary, "mean"), _known(summary, "deviation")
    if mean == mean:
        words.append(
            f"mean {_style.number(mean)}"
            + (f" ± {_style.number(deviation)}" if deviation == deviation else "")
        )
    return f"{_style.plain(split)}: {', '.join(words)}" if words else _style.plain(split)


def _known(row: Any, column: str) -> float:
    """A number of a table's row; NaN where it is missing."""
    import pandas as pd

    value = row.get(column)
    return float("nan") if pd.isna(value) else float(value)


def _same_scale(panels: Any, axis: int) -> None:
    """The axis of the shares (0: x, 1: y) has the same length in all panels, with room for the counts."""
    ends = [(axes.get_xlim, axes.get_ylim)[axis]()[1] for axes in panels]
    most = min(max(ends), 1.05) * 1.08
    for axes in panels:
        (axes.set_xlim, axes.set_ylim)[axis](0, most)

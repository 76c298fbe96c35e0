"""An exploration in the terminal: the findings, and what ``print_stats`` and ``print_colvals`` ask for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from nkululeko.report import explore_words as words
from nkululeko.report.explore import figures
from nkululeko.report.text import clean, count, plural, shortened

if TYPE_CHECKING:
    import pandas as pd
    from rich.console import Group
    from rich.table import Table

    from nkululeko.core.exploration import Association, Exploration

#: findings that are told
MOST_TOLD = 5
#: values of a column that are told
MOST_VALUES = 20
COLOURS = {"confound": "yellow", "imbalance": "yellow", "recording": "magenta"}


def explore_summary(exploration: Exploration, images: int) -> Group:
    """The exploration in short: the first findings, warnings, how many pictures, the page.

    Labels and names are shown as they are: they can neither style the text nor steer the terminal.

    Args:
        exploration: what was found
        images: how many pictures were written

    Returns:
        what a console of rich prints; ``print(..., soft_wrap=True)`` keeps a long path in one piece
    """
    from rich.console import Group
    from rich.text import Text

    head = Text()
    head.append(f"{clean(exploration.name)}  ", style="bold")
    head.append(f"{clean(exploration.target.name)}  ", style="bold cyan")
    head.append(", ".join(f"{figure} {unit}" for figure, unit in figures(exploration)))
    lines = [head]
    for finding in exploration.findings[:MOST_TOLD]:
        lines.append(
            Text("- ").append(clean(finding.text), style=COLOURS.get(words.kind_of(finding), "green"))
        )
    more = len(exploration.findings) - MOST_TOLD
    if more > 0:
        lines.append(Text(f"and {plural(more, 'finding')} more, on the page", style="dim"))
    if not exploration.findings:
        lines.append(Text("nothing stands out", style="dim"))
    lines += [Text(f"warning: {clean(line)}", style="yellow") for line in exploration.warnings]
    lines.append(Text(plural(images, "picture"), style="dim"))
    link = f" link {exploration.report.as_uri()}" if exploration.report.is_absolute() else ""
    lines.append(Text("report: ").append(clean(exploration.report), style=f"cyan{link}"))
    return Group(*lines)


def statistics_table(tested: Sequence[Association]) -> Table:
    """Every test in a line, as the page has them (``print_stats``)."""
    found = words.statistics(tested)
    if found is None:
        return _table(["statistics"], [["nothing was tested"]])
    return _table(found.head, found.rows, [place for place in (3, 5, 6)])


def values_table(samples: pd.DataFrame) -> Table:
    """The columns of the data with their values, the most frequent first (``print_colvals``)."""
    rows = []
    for name in samples:
        column = samples[name]
        there = int(column.notna().sum())
        rows.append([clean(name), count(there), count(column.nunique()), _values(column)])
    return _table(["column", "samples", "different", "values"], rows, [1, 2])


def _values(column: Any) -> str:
    """The range of numbers, else the values with their counts."""
    there = column.dropna()
    if not len(there):
        return "none"
    if there.dtype.kind in "if" and there.nunique() > MOST_VALUES:
        return f"{there.min():.4g} to {there.max():.4g}, mean {there.mean():.4g}"
    text_of = "{:.15g}".format if there.dtype.kind == "f" else str
    counts = there.map(text_of).value_counts()
    text = ", ".join(
        f"{shortened(clean(value), 40)} {size}" for value, size in counts.iloc[:MOST_VALUES].items()
    )
    hidden = len(counts) - MOST_VALUES
    return f"{text} and {plural(hidden, 'value')} more" if hidden > 0 else text


def _table(head: Sequence[str], rows: Sequence[Sequence[str]], numbers: Sequence[int] = ()) -> Table:
    """No lines around it, so that a plain terminal can print it."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    for place, title in enumerate(head):
        table.add_column(title, justify="right" if place in numbers else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(value) for value in row))
    return table

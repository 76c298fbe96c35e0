"""The data sheet as a page of its own, for machines, and in the terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from nkululeko.report import sheet_tables
from nkululeko.report.page import others, pictures, render
from nkululeko.report.sheet_blocks import blocks, overview
from nkululeko.report.sheet_records import sheet_record
from nkululeko.report.tables import provenance as origin
from nkululeko.report.text import clean, count, duration, number, plural, shortened

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table

    from nkululeko.core.sheet import Sheet

#: labels that the terminal names
MOST_LABELS = 10


def sheet_page(
    sheet: Sheet, images: Mapping[str, bytes] | None = None, title: str = "", author: str = "",
    notes: Sequence[str] = (), warnings: Sequence[str] = (), provenance: Mapping[str, Any] | None = None,
) -> str:  # fmt: skip
    """The data sheet as one HTML page.

    Args:
        sheet: what the data are
        images: file name to content; ``value_counts.png`` and ``balance.png`` stand beside their tables
        title: of the page
        author: named below the title
        notes: what the user should know, a line each
        warnings: what the user must know, a line each
        provenance: configuration, versions, as the report of a run has them

    Returns:
        the page; can be written as UTF-8 whatever the labels hold
    """
    shown, parts = pictures(images or {}), blocks(sheet)
    return render(
        "sheet_page.html",
        sheet=sheet,
        title=clean(title or ", ".join(sheet_tables.databases(sheet))),
        author=clean(author),
        figures=_figures(sheet),
        blocks=parts,
        pictures=shown,
        others=others(shown, parts),
        notes=notes,
        warnings=warnings,
        provenance=origin(provenance or {}),
    )


def sheet_json(sheet: Sheet) -> dict[str, Any]:
    """The data sheet as values that JSON knows: what is missing becomes null, nothing is rounded or cut.

    Returns:
        a dictionary after :class:`nkululeko.report.sheet_records.SheetRecord`, checked
    """
    return sheet_record(sheet).model_dump(mode="json")


def sheet_summary(sheet: Sheet, warnings: Sequence[str] = ()) -> Group:
    """The data sheet in short: each part with its labels, what was left out, warnings.

    Labels and names are shown as they are: they can neither style the text nor steer the terminal.

    Returns:
        what a console of rich prints
    """
    from rich.console import Group
    from rich.text import Text

    lines: list[Any] = [Text(f"{overview(sheet)}", style="bold"), _part_table(sheet)]
    for row in sheet_tables.records(sheet.chain):
        if row["dropped"]:
            reason = shortened(clean(row["reason"]), 200)
            text = f"left out of {clean(row['database'])}: {count(row['dropped'])} ({clean(row['step'])}: {reason})"
            lines.append(Text(text, style="dim"))
    lines += [Text(f"warning: {clean(line)}", style="yellow") for line in warnings]
    return Group(*lines)


def _figures(sheet: Sheet) -> list[tuple[str, str]]:
    """The largest figures of the page, with their units."""
    samples = int(sheet.parts["samples"].sum())
    speakers = sheet_tables.total_speakers(sheet)
    length, unit = duration(float(sheet.parts["hours"].sum())).split()
    databases = len(sheet_tables.databases(sheet))
    figures = [(count(samples), "sample" if samples == 1 else "samples")]
    if speakers is not None:
        figures.append((count(speakers), "speaker" if speakers == 1 else "speakers"))
    figures.append((length, unit))
    if len(sheet.labels):
        figures.append((count(len(sheet.labels)), "class" if len(sheet.labels) == 1 else "classes"))
    if databases > 1:
        figures.append((count(databases), "databases"))
    return figures


def _part_table(sheet: Sheet) -> Table:
    """A row a part; no lines around it, so that a plain terminal can print it."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("database", overflow="fold")
    table.add_column("split")
    for name in ("samples", "speakers", "hours"):
        table.add_column(name, justify="right")
    table.add_column(Text(clean(sheet.target)), overflow="fold")
    for row in sheet_tables.records(sheet.parts):
        database, split = str(row["database"]), str(row["split"])
        table.add_row(
            Text(clean(database)), Text(clean(split)), count(row["samples"]), count(row["speakers"]),
            number(row["hours"]), Text(_distribution(sheet, database, split)),
        )  # fmt: skip
    return table


def _distribution(sheet: Sheet, database: str, split: str) -> str:
    """The labels of a part with their counts, or the middle of its numbers."""
    part = {"variable": sheet.target, "database": database, "split": split}
    rows = [row for row in sheet_tables.records(sheet.values, **part) if row["samples"]]
    if rows:
        text = ", ".join(f"{clean(row['value'])} {count(row['samples'])}" for row in rows[:MOST_LABELS])
        hidden = len(rows) - MOST_LABELS
        return f"{text} and {plural(hidden, 'label')} more" if hidden > 0 else text
    for row in sheet_tables.records(sheet.numbers, **part):
        spread = f"{number(row['least'])} to {number(row['most'])}"
        return f"mean {number(row['mean'])}, deviation {number(row['deviation'])}, {spread}"
    return ""

"""Several systems on one page, the best first: as HTML, as CSV, in the terminal."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from nkululeko.report.page import render
from nkululeko.report.tables import Table
from nkululeko.report.text import NONE, cell, clean, interval, missing, number, plural

if TYPE_CHECKING:
    from rich.console import Group
    from rich.table import Table as RichTable

#: a difference is called more than chance below this corrected p
ALPHA = 0.05
#: width of a bar, and the room that is left free at its ends, in pixels
WIDTH, MARGIN = 160.0, 8.0
_NAN = float("nan")


@dataclass(frozen=True)
class Entry:
    """One system and how good it is; NaN or None is what is not known.

    Args:
        name: of the system; empty: its description
        description: what it is made of, e.g. ``{"features": "os", "model": "svm"}``
        value: the figure
        low: lower end of its interval
        high: upper end of its interval
        difference: value minus that of the best
        difference_low: lower end of its interval
        difference_high: upper end of its interval
        p: of the paired test against the best
        p_corrected: the same, corrected for the number of comparisons
        best: whether it is the best
        watched: the figure on the data by which it was chosen
        folder: of its run, with a ``report.html``
        note: e.g. why it failed
    """

    name: str
    description: Mapping[str, Any] = field(default_factory=dict)
    value: float = _NAN
    low: float = _NAN
    high: float = _NAN
    difference: float = _NAN
    difference_low: float = _NAN
    difference_high: float = _NAN
    p: float = _NAN
    p_corrected: float = _NAN
    best: bool = False
    watched: float | None = None
    folder: Path | None = None
    note: str = ""

    @property
    def title(self) -> str:
        """Its name, or its description where it has none."""
        return clean(self.name or ", ".join(_cell(value) for value in self.description.values())) or NONE


@dataclass(frozen=True)
class Bar:
    """An interval as a bar on the scale that all entries share: places in pixels, 0..160; None: not known."""

    low: float | None
    value: float | None
    high: float | None


@dataclass(frozen=True)
class Row:
    """An entry as the page shows it: cells of text, a bar, the address of its report (empty: none)."""

    entry: Entry
    bar: Bar
    link: str
    described: Sequence[str]


def leaderboard_page(
    entries: Sequence[Entry], title: str, measure_label: str, notes: Sequence[str] = (),
    warnings: Sequence[str] = (), here: Path | None = None,
) -> str:  # fmt: skip
    """The systems as one HTML page, which needs no network and no script.

    Args:
        entries: in the order in which they are shown, but for the best, which stands first
        title: of the page
        measure_label: as it is shown, e.g. ``UAR``
        notes: what the user should know, a line each
        warnings: what the user must know, a line each
        here: the page's folder, to which the links to the reports are relative; None: a relative folder is relative
            to the page already

    Returns:
        the page; can be written as UTF-8 whatever the names hold

    Example:
        >>> page = leaderboard_page([Entry("os, svm", value=0.7, best=True), Entry("mfcc", value=0.6)], "Which?", "UAR")
        >>> page.index("os, svm") < page.index("mfcc")
        True
    """
    shown = ordered(entries)
    common, differing = described(shown)
    places, ends = bars(shown)
    rows = [
        Row(
            entry,
            bar,
            address(entry.folder, here),
            [_cell(entry.description.get(name)) for name in differing],
        )
        for entry, bar in zip(shown, places, strict=True)
    ]
    return render(
        "leaderboard.html",
        title=clean(title),
        author="",
        label=clean(measure_label),
        rows=rows,
        best=next((entry for entry in shown if entry.best), None),
        mark=next((bar.value for entry, bar in zip(shown, places, strict=True) if entry.best), None),
        ends=ends,
        width=WIDTH,
        common=[(clean(name), _cell(value)) for name, value in common.items()],
        differing=[clean(name) for name in differing],
        kinds=_kinds(rows, differing),
        verdict=verdict(shown),
        flattered=flattered(shown),
        has={name: any(not missing(getattr(entry, name)) for entry in shown) for name in _OPTIONAL},
        notes=notes,
        warnings=warnings,
    )


#: columns that are left out where no entry has a value
_OPTIONAL = ("low", "difference", "p_corrected", "watched")


def leaderboard_csv(entries: Sequence[Entry]) -> str:
    """The systems as CSV, nothing rounded: name, a column for each part of the description, all figures.

    Example:
        >>> print(leaderboard_csv([Entry("a", {"model": "svm"}, 0.7, best=True)]).splitlines()[0])
        name,model,value,low,high,difference,difference_low,difference_high,p,p_corrected,best,watched,folder,note
    """
    import csv
    import io

    names = [each.name for each in fields(Entry) if each.name not in ("name", "description")]
    keys = list(dict.fromkeys(key for entry in entries for key in entry.description))
    taken = {"name", *names}
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["name", *(f"{key}_" if key in taken else key for key in keys), *names])
    for entry in ordered(entries):
        parts = [entry.description.get(key) for key in keys]
        cells = [entry.title, *parts, *(getattr(entry, name) for name in names)]
        writer.writerow(["" if missing(value) else value for value in cells])
    return buffer.getvalue().encode("utf-8", "replace").decode("utf-8")


def leaderboard_summary(
    entries: Sequence[Entry], measure_label: str, title: str = "", warnings: Sequence[str] = (),
    page: Path | None = None, most: int = 10,
) -> Group:  # fmt: skip
    """The first systems as a table for the terminal, warnings, path of the page.

    Names are shown as they are: they can neither style the text nor steer the terminal.

    Returns:
        what a console of rich prints; ``print(..., soft_wrap=True)`` keeps a long path in one piece
    """
    from rich.console import Group
    from rich.text import Text

    shown = ordered(entries)
    lines: list[Any] = [Text(clean(title), style="bold")] if title else []
    lines.append(_table(shown[:most], clean(measure_label)))
    if len(shown) > most:
        lines.append(Text(f"and {len(shown) - most} more", style="dim"))
    lines += [Text(line, style="dim") for line in (verdict(shown), flattered(shown)) if line]
    lines += [Text(f"warning: {clean(line)}", style="yellow") for line in warnings]
    if page is not None:
        link = f" link {page.as_uri()}" if page.is_absolute() else ""
        lines.append(Text("page: ").append(clean(page), style=f"cyan{link}"))
    return Group(*lines)


def ordered(entries: Sequence[Entry]) -> list[Entry]:
    """The best first, the others as they come."""
    return sorted(entries, key=lambda entry: not entry.best)


def described(entries: Sequence[Entry]) -> tuple[dict[str, Any], list[str]]:
    """What all entries have in common, and the names of what they differ in.

    Example:
        >>> entries = [Entry("a", {"model": "svm", "set": "os"}), Entry("b", {"model": "svm", "set": "mfcc"})]
        >>> described(entries)
        ({'model': 'svm'}, ['set'])
    """
    keys = list(dict.fromkeys(key for entry in entries for key in entry.description))
    shown = {key: {_cell(entry.description.get(key)) for entry in entries} for key in keys}
    common = {key: entries[0].description.get(key) for key in keys if len(shown[key]) == 1}
    return common, [key for key in keys if key not in common]


def bars(entries: Sequence[Entry]) -> tuple[list[Bar], tuple[float, float] | None]:
    """The bar of each entry, and the figures at the ends of the scale; None where no figure is known."""
    known = [x for entry in entries for x in (entry.low, entry.value, entry.high) if not missing(x)]
    if not known:
        return [Bar(None, None, None) for _ in entries], None
    low, high = min(known), max(known)
    span = (high - low) or 1.0

    def place(x: float) -> float | None:
        return None if missing(x) else round(MARGIN + (WIDTH - 2 * MARGIN) * (x - low) / span, 1)

    found = [Bar(place(entry.low), place(entry.value), place(entry.high)) for entry in entries]
    return found, (low, high)


def address(folder: Path | None, here: Path | None) -> str:
    """The address of a run's report for a link in a page that lies in ``here``; empty where there is no folder.

    Example:
        >>> address(Path("/results/a run"), Path("/results")), address(Path("b:c"), None)
        ('a%20run/report.html', 'b%3Ac/report.html')
    """
    if folder is None:
        return ""
    report = folder / "report.html"
    if here is not None:
        try:
            report = Path(os.path.relpath(report, here))
        except ValueError:  # another drive: no relative path leads there
            report = report.absolute()
    if report.is_absolute():
        return report.as_uri()
    # file names may hold bytes that are no text; a colon would make the first part a protocol
    return quote(os.fsencode(report.as_posix()))


def verdict(entries: Sequence[Entry]) -> str:
    """How many systems are worse than the best beyond chance; empty where that was not tested."""
    p = [entry.p_corrected for entry in entries if not entry.best and not missing(entry.p_corrected)]
    if not p:
        return ""
    worse = sum(x < ALPHA for x in p)
    tested = f"Of the {plural(len(p), 'other')}" if len(p) > 1 else "The other one"
    if len(p) == 1:
        end = "is worse than the best beyond chance" if worse else "cannot be told from the best"
        return f"{tested} {end} (corrected p {'below' if worse else 'not below'} .05)."
    start = f"{tested}, {worse or 'none'} {'are' if worse > 1 else 'is'} worse than the best beyond chance"
    end = "" if worse == len(p) else f"; {'all' if not worse else len(p) - worse} cannot be told from it"
    return f"{start} (corrected p below .05){end}."


def flattered(entries: Sequence[Entry]) -> str:
    """A sentence where the best was chosen by the very figure that is shown; else empty."""
    best = [entry.value for entry in entries if entry.best]
    known = [entry.value for entry in entries if not missing(entry.value)]
    by_others = any(not missing(entry.watched) for entry in entries)
    if by_others or len(known) < 2 or not best or best[0] not in (min(known), max(known)):
        return ""
    return f"The best of {len(known)} was chosen by this very figure, which flatters it."


def _kinds(rows: Sequence[Row], differing: Sequence[str]) -> list[str]:
    """How the column of names, and those of the descriptions, are set: see :meth:`Table.kinds`."""
    cells = [[row.entry.title + clean(row.entry.note), *row.described] for row in rows]
    return Table(["", *differing], cells, words=range(1 + len(differing))).kinds()


def _cell(value: Any) -> str:
    """A part of a description: fractions as they are, a setting that is not there as nothing."""
    if missing(value):
        return ""
    return clean(value) if isinstance(value, int | float | str) else cell(value)


def _table(entries: Sequence[Entry], label: str) -> RichTable:
    """A row a system; no lines around it, so that a plain terminal can print it."""
    from rich.table import Table as RichTable
    from rich.text import Text

    has = {name: any(not missing(getattr(entry, name)) for entry in entries) for name in _OPTIONAL}
    columns = [
        (label, lambda entry: number(entry.value), True),
        ("interval", lambda entry: interval(entry.low, entry.high), has["low"]),
        ("difference", lambda entry: "" if entry.best else number(entry.difference), has["difference"]),
        ("p", lambda entry: "" if entry.best else number(entry.p_corrected), has["p_corrected"]),
        ("watched", lambda entry: number(entry.watched), has["watched"]),
    ]
    table = RichTable(box=None, pad_edge=False, header_style="bold", padding=(0, 2, 0, 0))
    table.add_column("", overflow="fold")
    for name, _, wanted in columns:
        if wanted:
            table.add_column(Text(name), justify="right", no_wrap=True)
    for entry in entries:
        cells = [write(entry) for _, write, wanted in columns if wanted]
        style = "bold green" if entry.best else ""
        table.add_row(Text(entry.title), *cells, style=style)
    return table

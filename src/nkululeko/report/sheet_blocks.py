"""The data sheet as blocks of words, tables and pictures, which both pages show: the run's and its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from nkululeko.report import sheet_tables as tables
from nkululeko.report.tables import Table
from nkululeko.report.text import clean, count, duration, number, percent, plural

if TYPE_CHECKING:
    from nkululeko.core.sheet import Sheet

#: rows of a table that lists speakers or files
MOST = 20
#: more parts than so many are folded; their sums are not
MANY_PARTS = 12
#: rows of any other table
MOST_ROWS = 100


@dataclass(frozen=True)
class Shown:
    """A table with the words around it."""

    table: Table
    caption: str
    note: str = ""


@dataclass(frozen=True)
class Block:
    """One part of the data sheet.

    Args:
        name: of the block, for links
        title: its heading
        brief: the same in a few words, for its line where it is folded
        lines: sentences
        tables: below them
        more: further tables, folded
        pictures: plots that belong here, by their name
        serious: whether it tells of something that makes a result untrue
    """

    name: str
    title: str
    brief: str = ""
    lines: Sequence[str] = ()
    tables: Sequence[Shown] = ()
    more: Sequence[Shown] = ()
    pictures: Sequence[str] = ()
    serious: bool = False


def blocks(sheet: Sheet) -> list[Block]:
    """All parts of the data sheet that have something to tell, in the order in which they are shown."""
    makers: list[Callable[[Sheet], Block | None]] = [
        _parts, _target, _gender, _age, _balance, _speakers, _copies, _chain, _missing, _audio,
    ]  # fmt: skip
    return [block for maker in makers if (block := maker(sheet)) is not None]


def overview(sheet: Sheet) -> str:
    """What the data are, in one sentence without a full stop."""
    samples, hours = int(sheet.parts["samples"].sum()), float(sheet.parts["hours"].sum())
    speakers = tables.total_speakers(sheet)
    who = "unknown speakers" if speakers is None else plural(speakers, "speaker")
    names = tables.databases(sheet)
    where = f"database {clean(names[0])}" if len(names) == 1 else plural(len(names), "database")
    return f"{plural(samples, 'sample')} of {who}, {duration(hours)}, from {where}"


def _cut(table: Table, caption: str, note: str = "", most: int = MOST_ROWS, of: int | None = None) -> Shown:
    """A table, its rows cut where they are too many; the totals stay.

    Args:
        of: how many rows there are, where the table has the first ones only
    """
    last = len(table.rows) - table.totals
    hidden = (last if of is None else of) - min(last, most)
    if hidden <= 0:
        return Shown(table, caption, note)
    keep = [*range(most), *range(last, len(table.rows))] if last > most else list(range(len(table.rows)))
    rows = [table.rows[place] for place in keep]
    shades = [table.shades[place] for place in keep] if table.shades else []
    table = Table(table.head, rows, shades, table.words, table.totals)
    return Shown(table, caption, f"And {count(hidden)} more, which the JSON file has. {note}".strip())


def _parts(sheet: Sheet) -> Block:
    note = ""
    if tables.total_speakers(sheet) is None:
        note = "The speakers are not known: the same voice may be in several splits."
    every = _cut(tables.parts(sheet), "Samples in each part of the data", note, most=300)
    lines = [f"{overview(sheet)}."]
    who = []
    if len(sheet.speakers):
        who = [
            _cut(
                tables.speakers(sheet, MOST), "Who is in which split", "All are in data.json and result.json."
            )
        ]
    if len(sheet.parts) <= MANY_PARTS or len(tables.databases(sheet)) == 1:
        return Block("parts", "How much there is", lines=lines, tables=[every], more=who)
    short = Shown(tables.parts(sheet, only_totals=True), "Samples in each split, all databases", note)
    return Block("parts", "How much there is", lines=lines, tables=[short], more=[every, *who])


def _target(sheet: Sheet) -> Block | None:
    target = clean(sheet.target)
    title = f"Distribution of {target}"
    if len(sheet.labels):
        classes = plural(len(sheet.labels), "class", "classes")
        return _categories(sheet, sheet.target, Block("target", title, classes, pictures=("value_counts",)))
    return _numbers(sheet, sheet.target, Block("target", title, "numbers", pictures=("value_counts",)))


def _gender(sheet: Sheet) -> Block | None:
    return None if sheet.target == "gender" else _categories(sheet, "gender", Block("gender", "Gender"))


def _age(sheet: Sheet) -> Block | None:
    return None if sheet.target == "age" else _numbers(sheet, "age", Block("age", "Age"))


def _categories(sheet: Sheet, variable: str, block: Block) -> Block | None:
    """The distribution of a variable of classes; more: of each database, and its speakers."""
    rows = tables.records(sheet.values, variable=variable)
    if not rows:
        return None
    name = clean(variable)
    having = dict.fromkeys(str(row["database"]) for row in rows)
    several = len(tables.databases(sheet)) > 1
    whose = ", all databases" if len(having) > 1 else f", {clean(next(iter(having)))}" if several else ""
    note = "In brackets, and as shade: the share of the split."
    shown = [_cut(tables.distribution(rows, name), f"Samples of each {name}{whose}", note)]
    more = []
    if len(having) > 1:
        for database in having:
            mine = [row for row in rows if str(row["database"]) == database]
            caption = f"Samples of each {name}, {clean(database)}"
            more.append(_cut(tables.distribution(mine, name), caption))
    if tables.total_speakers(sheet) is not None:
        table = tables.distribution(rows, name, "speakers")
        more.append(_cut(table, f"Speakers of each {name}{whose}"))
    return Block(
        block.name,
        block.title,
        block.brief or _shares(rows),
        tables=shown,
        more=more,
        pictures=block.pictures,
    )


def _shares(rows: Sequence[dict]) -> str:
    """The values with their share of all samples, where they are few."""
    sums: dict[str, int] = {}
    for row in rows:
        sums[clean(row["value"])] = sums.get(clean(row["value"]), 0) + row["samples"]
    whole = sum(sums.values())
    if len(sums) > 4:
        return plural(len(sums), "value")
    return ", ".join(f"{percent(part, whole)} {value}" for value, part in sums.items())


def _numbers(sheet: Sheet, variable: str, block: Block) -> Block | None:
    """Mean and quartiles of a variable, and its histogram."""
    rows = tables.records(sheet.numbers, variable=variable)
    if not rows:
        return None
    name = clean(variable)
    brief = f"{min(row['least'] for row in rows):.4g} to {max(row['most'] for row in rows):.4g}"
    shown = _cut(
        tables.numbers(sheet, variable), f"Values of {name} in each part", "Deviation: standard deviation."
    )
    bins = tables.records(sheet.histogram, variable=variable)
    whose = ", all databases" if len({str(row["database"]) for row in bins}) > 1 else ""
    note = "A bin holds its lower border."
    histogram = _cut(tables.distribution(bins, name), f"Histogram of {name}{whose}", note)
    return Block(
        block.name, block.title, brief, tables=[shown], more=[histogram] if bins else [],
        pictures=block.pictures,
    )  # fmt: skip


def _balance(sheet: Sheet) -> Block | None:
    if sheet.balance.empty:
        return None
    note = (
        "Jensen-Shannon divergence (Lin 1991) of a split from the whole database: 0: the same distribution, 1: "
        "nothing in common. A larger weight says that the variable matters more."
    )
    more = []
    for name in dict.fromkeys(str(variable) for variable in sheet.balance["variable"]):
        if name in (sheet.target, "gender"):  # they have a block of their own
            continue
        for database in tables.databases(sheet):
            rows = tables.records(sheet.values, variable=name, database=database)
            if rows:
                caption = f"Samples of each {clean(name)}, {clean(database)}"
                more.append(_cut(tables.distribution(rows, clean(name)), caption))
    shown = _cut(tables.balance(sheet), "Divergence of the splits from the whole", note)
    brief = f"largest divergence {number(sheet.balance['divergence'].max())}"
    return Block("balance", "Balance of the splits", brief, tables=[shown], more=more, pictures=("balance",))


def _speakers(sheet: Sheet) -> Block | None:
    table = sheet.shared_speakers
    if table.empty:
        return None
    between = {kind: int((table["between"] == kind).sum()) for kind in ("splits", "databases")}
    shown, brief = [], []
    if between["splits"]:
        note = "Where a voice has been learned, the score does not tell how other voices would be judged."
        found = tables.shared_speakers(sheet, "splits", MOST)
        shown.append(_cut(found, "Speakers in more than one split", note, MOST, between["splits"]))
        brief.append(f"{between['splits']} in several splits")
    if between["databases"]:
        note = (
            "Only the name is the same: they count as different speakers. If they are the same persons, say "
            "DATA.shared_speakers = True."
        )
        found = tables.shared_speakers(sheet, "databases", MOST)
        shown.append(
            _cut(found, "Names of speakers in more than one database", note, MOST, between["databases"])
        )
        brief.append(f"{plural(between['databases'], 'name')} in several databases")
    serious = between["splits"] > 0
    return Block("speakers", "Speakers in several parts", ", ".join(brief), tables=shown, serious=serious)


def _copies(sheet: Sheet) -> Block | None:
    if sheet.copies.empty:
        return None
    groups = len(sheet.copies)
    across = int(sheet.copies["across"].isin(["splits", "both"]).sum())
    lines = [
        f"{plural(groups, 'recording')} {'is' if groups == 1 else 'are'} in the data more than once, by the "
        f"content of the audio; {across or 'none'} of them in more than one split."
    ]
    shown = _cut(tables.copies(sheet, MOST), "Files with the same audio", most=MOST, of=groups)
    return Block("copies", "Identical recordings", count(groups), lines, [shown], serious=across > 0)


def _chain(sheet: Sheet) -> Block | None:
    rows = tables.records(sheet.chain)
    loaded = sum(row["left"] for row in rows if not row["dropped"] and row["step"] == "loaded")
    dropped = sum(row["dropped"] for row in rows)
    title = "What became of the rows"
    if not rows:
        return None
    if not dropped:
        return Block("rows", title, "none left out", [f"All {plural(loaded, 'row')} are used."])
    line = f"Of {plural(loaded, 'row')}, {dropped} are left out and {loaded - dropped} are used."
    shown = _cut(tables.chain(sheet), "The rows, step by step")
    return Block("rows", title, f"{dropped} of {loaded} left out", [line], [shown])


def _missing(sheet: Sheet) -> Block | None:
    if sheet.missing.empty:
        return None
    columns = ", ".join(dict.fromkeys(clean(name) for name in sheet.missing["column"].head(5)))
    shown = _cut(tables.missing_values(sheet), "Samples without a value")
    return Block("missing", "Missing values", columns, tables=[shown])


def _audio(sheet: Sheet) -> Block | None:
    if sheet.audio.empty:
        return None
    rates = sorted({int(rate) for rate in sheet.audio["sampling_rate"]})
    most = int(sheet.audio["channels"].max())
    lines = []
    if len(rates) > 1:
        lines.append("The sampling rates differ: features may tell rates apart, not voices.")
    if most > 1:
        lines.append("Files of several channels are mixed down to mono.")
    brief = ", ".join(f"{rate} Hz" for rate in rates[:4]) + (", mono" if most == 1 else "")
    shown = _cut(tables.audio(sheet), "Files of each format")
    return Block("audio", "Audio formats", brief, lines, [shown])

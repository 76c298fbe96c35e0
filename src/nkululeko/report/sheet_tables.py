"""The tables of the data sheet as the page shows them: values become rows of text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from os.path import commonpath
from typing import TYPE_CHECKING, Any

from nkululeko.report.tables import Table
from nkululeko.report.text import clean, count, missing, number, percent, shortened

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.sheet import Sheet

#: what stands for the sum over databases, or splits
ALL = "all"
SPLITS = ("train", "dev", "test")
UNITS = {"shortest": "shortest (s)", "mean": "mean (s)", "longest": "longest (s)"}
#: characters of a reason, or of a list of files; JSON has the rest
LONGEST = 300


def records(frame: pd.DataFrame, **wanted: str) -> list[dict[Any, Any]]:
    """The rows that have these values, e.g. ``variable="gender"``."""
    rows = frame.to_dict("records")
    return [row for row in rows if all(str(row[name]) == value for name, value in wanted.items())]


def databases(sheet: Sheet) -> list[str]:
    """Their names, in the order of the experiment."""
    return list(dict.fromkeys(str(name) for name in sheet.parts["database"]))


def splits(rows: Sequence[Mapping[Any, Any]]) -> list[str]:
    """Train, dev, test, then others."""
    found = dict.fromkeys(str(row["split"]) for row in rows)
    return [name for name in SPLITS if name in found] + [name for name in found if name not in SPLITS]


def total_speakers(sheet: Sheet) -> int | None:
    """How many different speakers there are; None where they are not known."""
    known = [int(value) for value in sheet.parts["speakers"] if not missing(value)]
    if not known:
        return None
    repeated = sheet.shared_speakers
    repeated = repeated.loc[repeated["between"] == "splits", "parts"]
    return sum(known) - sum(str(parts).count(", ") for parts in repeated)


def parts(sheet: Sheet, only_totals: bool = False) -> Table:
    """Samples, speakers, hours of each database and split, then of each split of all, then of all."""
    rows = records(sheet.parts)
    several = len(databases(sheet)) > 1 and not only_totals
    totals = _totals(sheet, rows)
    columns = {"samples": count, "files": count, "speakers": count, "hours": number}
    columns |= dict.fromkeys(("shortest", "mean", "longest"), number)
    if all(row["samples"] == row["files"] for row in rows):  # whole files, no segments
        del columns["files"]
    lines = [
        [
            *([clean(row["database"])] if several else []),
            clean(row["split"]),
            *(write(row[name]) for name, write in columns.items()),
        ]
        for row in [*([] if only_totals else rows), *totals]
    ]
    head = [*(["database"] if several else []), "split", *(UNITS.get(name, name) for name in columns)]
    return Table(head, lines, words=(1,) if several else (), totals=1 if only_totals else len(totals))


def _totals(sheet: Sheet, rows: Sequence[Mapping[Any, Any]]) -> list[dict[str, Any]]:
    """Each split of all databases, if there are several, and all."""
    totals = []
    names = splits(rows)
    if len(databases(sheet)) > 1 and len(names) > 1:
        totals = [_sum([row for row in rows if str(row["split"]) == name], name) for name in names]
    if len(rows) > 1:
        totals.append({**_sum(rows, ALL), "speakers": total_speakers(sheet)})
    return totals


def _without(line: list[str], place: int) -> list[str]:
    return line[:place] + line[place + 1 :]


def _sum(rows: Sequence[Mapping[Any, Any]], split: str) -> dict[str, Any]:
    """Parts taken together; a speaker in several of them counts in each."""
    samples = sum(row["samples"] for row in rows)
    speakers = [row["speakers"] for row in rows if not missing(row["speakers"])]
    return {
        "database": ALL,
        "split": split,
        "samples": samples,
        "files": sum(row["files"] for row in rows),
        "speakers": sum(speakers) if speakers else None,
        "hours": sum(row["hours"] for row in rows),
        "shortest": min(row["shortest"] for row in rows),
        "mean": sum(row["samples"] * row["mean"] for row in rows) / samples if samples else None,
        "longest": max(row["longest"] for row in rows),
    }


def distribution(rows: Sequence[Mapping[Any, Any]], title: str, figure: str = "samples") -> Table:
    """Rows are values, columns are splits; samples with their share of the split, summed over the databases.

    Args:
        rows: of the tables ``values`` or ``histogram``
        title: what the values are
        figure: ``samples``, or ``speakers`` (without shares, for a speaker may have several values)
    """
    names = splits(rows)
    sums: dict[str, dict[str, float]] = {}
    for row in rows:
        line = sums.setdefault(value_of(row), dict.fromkeys(names, 0))
        line[str(row["split"])] += 0 if missing(row[figure]) else row[figure]
    if figure == "speakers":
        return Table([clean(title), *names], [[v, *map(count, line.values())] for v, line in sums.items()])
    totals = {name: sum(line[name] for line in sums.values()) for name in names}
    whole = sum(totals.values())
    lines, shades = [], []
    for value, line in sums.items():
        figures = list(zip(line.values(), totals.values(), strict=True))
        if len(names) > 1:
            figures.append((sum(line.values()), whole))
        texts = [f"{count(part)} ({percent(part, of)})" if part else "0" for part, of in figures]
        lines.append([value, *texts])
        shades.append([round(10 * part / of) if of else 0 for part, of in figures])
    last = [*totals.values(), whole] if len(names) > 1 else list(totals.values())
    head = [clean(title), *names, ALL][: 1 + len(last)]
    return Table(head, [*lines, [ALL, *map(count, last)]], [*shades, [0] * len(last)], totals=1)


def value_of(row: Mapping[Any, Any]) -> str:
    """The value, or the bin, that a row counts."""
    if "value" in row:
        return clean(row["value"])
    low, high = row["low"], row["high"]
    if high - low == 1 and (low + 0.5).is_integer():  # a bin around one whole number
        return f"{low + 0.5:g}"
    return f"{low:g} to {high:g}"


def numbers(sheet: Sheet, variable: str) -> Table:
    """Mean, deviation and quartiles of a variable in each part."""
    names = ("mean", "deviation", "least", "quartile_1", "median", "quartile_3", "most")
    head = ["samples", "mean", "deviation", "least", "quartile 1", "median", "quartile 3", "most"]
    rows = records(sheet.numbers, variable=variable)
    lines = [[count(row["samples"]), *(number(row[name]) for name in names)] for row in rows]
    return _with_parts(sheet, rows, head, lines)


def audio(sheet: Sheet) -> Table:
    """Sampling rates and channels of each part."""
    rows = records(sheet.audio)
    lines = [[count(row[name]) for name in ("sampling_rate", "channels", "files")] for row in rows]
    return _with_parts(sheet, rows, ["sampling rate (Hz)", "channels", "files"], lines)


def balance(sheet: Sheet) -> Table:
    """How far each split is from the whole in each variable, and their weighted mean."""
    rows = records(sheet.balance)
    order = dict.fromkeys((str(row["database"]), str(row["split"])) for row in rows)
    lines, kept = [], []
    for database, split in order:
        mine = [row for row in rows if (str(row["database"]), str(row["split"])) == (database, split)]
        kept += [*mine, mine[0]]
        for row in mine:
            lines.append([clean(row["variable"]), f"{row['weight']:g}", number(row["divergence"])])
        weight = sum(row["weight"] for row in mine)
        mean = sum(row["weight"] * row["divergence"] for row in mine) / weight if weight else float("nan")
        lines.append(["weighted mean", "", number(mean)])
    table = _with_parts(sheet, kept, ["variable", "weight", "divergence"], lines)
    return Table(table.head, table.rows, words=[*table.words, len(table.head) - 3])


def _with_parts(
    sheet: Sheet, rows: Sequence[Mapping[Any, Any]], head: Sequence[str], lines: Sequence[Sequence[str]]
) -> Table:
    """A table that begins with the split, and with the database where there are several."""
    if len(databases(sheet)) == 1:
        named = [[clean(row["split"]), *line] for row, line in zip(rows, lines, strict=True)]
        return Table(["split", *head], named)
    named = [
        [clean(row["database"]), clean(row["split"]), *line] for row, line in zip(rows, lines, strict=True)
    ]
    return Table(["database", "split", *head], named, words=(1,))


def missing_values(sheet: Sheet) -> Table:
    """Columns with missing values."""
    lines = [
        [
            clean(row["column"]),
            clean(row["database"]),
            f"{count(row['missing'])} of {count(row['samples'])}",
            percent(row["missing"], row["samples"]),
        ]
        for row in records(sheet.missing)
    ]
    if len(databases(sheet)) == 1:
        return Table(["column", "missing", "share"], [_without(line, 1) for line in lines])
    return Table(["column", "database", "missing", "share"], lines, words=(1,))


def chain(sheet: Sheet) -> Table:
    """What became of the rows, step by step."""
    lines = [
        [
            clean(row["database"]),
            clean(row["step"]),
            shortened(clean(row["reason"]), LONGEST),
            count(row["dropped"]) if row["dropped"] else "",
            count(row["left"]),
            shortened(", ".join(_base(file) for file in row["examples"]), LONGEST),
        ]
        for row in records(sheet.chain)
    ]
    head = ["database", "step", "reason", "left out", "left", "e.g."]
    if len({line[0] for line in lines}) == 1:
        return Table(head[1:], [line[1:] for line in lines], words=(1, 4))
    return Table(head, lines, words=(1, 2, 5))


def _base(file: object) -> str:
    """A file's name without its folder."""
    return clean(str(file).replace("\\", "/").rsplit("/", 1)[-1])


def speakers(sheet: Sheet, most: int) -> Table:
    """Who is in which split, in a line each; of many the first."""
    lines = []
    for (database, split), found in sheet.speakers.groupby(["database", "split"], sort=False):
        names = [clean(str(name).removeprefix(f"{database}/")) for name in found["speaker"].head(most)]
        rest = f" and {len(found) - most} more" if len(found) > most else ""
        lines.append([clean(database), clean(split), ", ".join(names) + rest])
    return Table(["database", "split", "speakers"], lines, words=(2,))


def shared_speakers(sheet: Sheet, between: str, most: int) -> Table:
    """Speakers in several splits, or names in several databases."""
    rows = records(sheet.shared_speakers.loc[sheet.shared_speakers["between"] == between].head(most))
    lines = [
        [clean(row["speaker"]), shortened(clean(row["parts"]), LONGEST), count(row["samples"])]
        for row in rows
    ]
    return Table(["speaker", "found in", "samples"], lines, words=(1,))


def copies(sheet: Sheet, most: int) -> Table:
    """Files with the same audio."""
    rows = records(sheet.copies.head(most))
    folder = _common_folder([file for row in rows for file in str(row["files"]).split("; ")])
    lines = [
        [
            shortened(clean(str(row["files"]).replace(folder, "")), LONGEST),
            count(row["count"]),
            shortened(clean(row["parts"]), LONGEST),
            shortened(clean(row["labels"]), LONGEST),
        ]
        for row in rows
    ]
    return Table(["files", "how many", "found in", clean(sheet.target)], lines, words=(2, 3))


def _common_folder(files: Sequence[str]) -> str:
    """The folder that all files are in, with a slash at its end; empty where there is none."""
    try:
        common = commonpath(files)
    except ValueError:  # none, or relative and absolute ones
        return ""
    ends = common + ("\\" if "\\" in common else "/")
    return ends if common and all(file.startswith(ends) for file in files) else ""

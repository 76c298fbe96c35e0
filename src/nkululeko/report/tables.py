"""The tables of the report: values become rows of text."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.report.text import cell, clean, count, interval, number

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.result import Result, Score

#: names of columns as people read them
TITLES = {
    "f1": "F1",
    "n": "samples",
    "rows": "samples",
    "support": "samples",
    "accuracy": "correct",
    "count": "samples",
}

#: a longer one may be broken into several lines
LONGEST_WORD = 14


@dataclass(frozen=True)
class Table:
    """A table as the page shows it.

    Args:
        head: titles of the columns
        rows: cells as text, the first one names the row
        shades: for each row the shade of each cell after the first, 0..10; empty: no shades
        words: the columns that hold words rather than numbers, by their position; the first one always does
        totals: how many of the last rows are totals
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    shades: Sequence[Sequence[int]] = field(default_factory=list)
    words: Collection[int] = ()
    totals: int = 0

    def kinds(self) -> list[str]:
        """How each column is set: ``number``, ``word`` (kept in one line) or ``text`` (may be broken).

        Example:
            >>> Table(["split", "why", "n"], [["test", "its file is broken", "12"]], words=[1]).kinds()
            ['word', 'text', 'number']
        """
        longest = [max((len(row[place]) for row in self.rows), default=0) for place in range(len(self.head))]
        return [
            "number" if place and place not in self.words else "word" if size <= LONGEST_WORD else "text"
            for place, size in enumerate(longest)
        ]


def from_frame(frame: pd.DataFrame, titles: Mapping[str, str] | None = None) -> Table:
    """Any data frame, its index left out.

    Example:
        >>> import pandas as pd
        >>> from_frame(pd.DataFrame({"split": ["test"], "rows": [12]})).rows
        [['test', '12']]
    """
    titles = TITLES if titles is None else titles
    head = [titles.get(str(name), clean(name)) for name in frame.columns]
    return Table(head, [[cell(value) for value in row] for row in frame.itertuples(index=False, name=None)])


def scores(result: Result) -> Table:
    """Every score with its interval, the headline first."""
    rows = [
        [
            clean(score.label),
            number(score.value),
            interval(score.low, score.high),
            "higher" if score.higher_is_better else "lower",
        ]
        for score in ordered(result)
    ]
    return Table(["measure", "value", f"{100 * result.interval.level:.0f} % interval", "better if"], rows)


def ordered(result: Result) -> list[Score]:
    """All scores, the headline first."""
    return sorted(result.scores.values(), key=lambda score: score.name != result.measure)


def per_class(frame: pd.DataFrame) -> Table:
    """Recall, precision, F1 and number of samples of each class."""
    table = from_frame(frame)
    rows = [[clean(label), *row] for label, row in zip(frame.index, table.rows, strict=True)]
    return Table(["class", *table.head], rows)


def confusion(frame: pd.DataFrame) -> Table:
    """Counts; the shade of a cell is its share of the true class in tenths."""
    counts = frame.to_numpy(dtype=float)
    total = counts.sum(axis=1, keepdims=True)
    share = np.divide(counts, total, out=np.zeros_like(counts), where=total > 0)
    rows = [
        [clean(label), *(count(value) for value in row)]
        for label, row in zip(frame.index, counts, strict=True)
    ]
    shades = np.rint(10 * share).astype(int).tolist()
    return Table(["truth \\ prediction", *(clean(name) for name in frame.columns)], rows, shades)


def groups(result: Result) -> Table | None:
    """The headline score of each group; None where there are no groups."""
    frame = result.groups
    if frame is None or frame.empty:
        return None
    rows = [
        [
            f"{clean(row['variable'])}: {clean(row['group'])}",
            number(row["value"]),
            interval(row["low"], row["high"]),
            count(row["n"]),
            count(row["speakers"]),
        ]
        for row in frame.to_dict("records")
    ]
    return Table(["group", clean(result.headline.label), "interval", "samples", "speakers"], rows)


def calibration(frame: pd.DataFrame) -> Table:
    """The bins that hold samples."""
    filled = frame[frame["count"] > 0]
    rows = [
        [number(row["confidence"]), number(row["accuracy"]), count(row["count"])]
        for row in filled.to_dict("records")
    ]
    return Table(["mean confidence", "share correct", "samples"], rows)


def importance(series: pd.Series, most: int = 20) -> Table:
    """The most important features."""
    rows = [[clean(name), number(value)] for name, value in series.iloc[:most].items()]
    return Table(["feature", "importance"], rows)


def training_rows(result: Result) -> int | None:
    """How many samples the model learned from; None where there is no data sheet."""
    if result.sheet is None:
        return None
    parts = result.sheet.parts
    return int(parts.loc[parts["split"].astype(str) == "train", "samples"].sum())


@dataclass(frozen=True)
class Facts:
    """One part of the provenance: pairs of name and value, or one long text.

    Args:
        title: its name
        pairs: name and value
        text: where it is one long text, e.g. a configuration
    """

    title: str
    pairs: Sequence[tuple[str, str]] = ()
    text: str = ""


def provenance(values: Mapping[str, Any], hidden: Sequence[str] = ("licences",)) -> list[Facts]:
    """The provenance in parts: single values first, then each group of values or long text."""
    short: list[tuple[str, str]] = []
    parts: list[Facts] = []
    for name, value in values.items():
        if name in hidden:
            continue
        if isinstance(value, Mapping):
            parts.append(Facts(clean(name), pairs=_flat(value)))
        elif isinstance(value, str) and ("\n" in value or len(value) > 200):
            parts.append(Facts(clean(name), text=value))
        else:
            short.append((clean(name), _value(value)))
    return ([Facts("", pairs=short)] if short else []) + parts


def _flat(values: Mapping[str, Any], before: str = "") -> list[tuple[str, str]]:
    """Nested values as pairs, the names joined by dots."""
    pairs: list[tuple[str, str]] = []
    for name, value in values.items():
        path = f"{before}{clean(name)}"
        if isinstance(value, Mapping) and value:
            pairs += _flat(value, f"{path}.")
        else:
            pairs.append((path, _value(value)))
    return pairs


def _value(value: Any) -> str:
    """A value of the provenance as it is: seeds and fractions are not rounded."""
    return clean(value) if isinstance(value, int | float | str) else cell(value)

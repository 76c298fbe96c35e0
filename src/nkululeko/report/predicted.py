"""Predictions as text, a portion at a time: a table to look at, CSV, or JSON."""

from __future__ import annotations

import json
import os.path
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from nkululeko.report.plain import plain
from nkululeko.report.text import clean

if TYPE_CHECKING:
    import pandas as pd

FORMATS = ("table", "csv", "json")
#: signs that a file's name may take up in a table
_WIDEST = 60


def as_csv(portions: Iterable[pd.DataFrame]) -> Iterator[str]:
    """Rows of CSV: file, start, end, what was known, prediction, probabilities, error; readable as a database again."""
    for place, portion in enumerate(portions):
        yield portion.reset_index().to_csv(index=False, header=place == 0, lineterminator="\n")


def as_json(portions: Iterable[pd.DataFrame]) -> Iterator[str]:
    """A JSON array with an object a row, times in s; what is not known is null."""
    before = "[\n"
    for portion in portions:
        for row in records(portion):
            yield before + json.dumps(row, ensure_ascii=False, allow_nan=False)
            before = ",\n"
    yield "[]\n" if before == "[\n" else "\n]\n"


def records(portion: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """A dictionary a row: file, start, end (s), prediction, probabilities or scores by class, confidence, error."""
    columns = [str(name) for name in portion]
    kinds = {"p_": "probabilities", "s_": "scores"}
    answers = columns[columns.index("prediction") :]
    for (file, start, end), values in zip(
        portion.index, portion.itertuples(index=False, name=None), strict=True
    ):
        found = {name: plain(value) for name, value in zip(columns, values, strict=True)}
        row: dict[str, Any] = {"file": plain(file), "start": _seconds(start), "end": _seconds(end)}
        row |= {name: found[name] for name in columns if name not in answers}
        row["prediction"] = found["prediction"]
        for prefix, kind in kinds.items():
            inside = {name[2:]: found[name] for name in answers if name.startswith(prefix)}
            if inside:
                row[kind] = inside if found["prediction"] is not None else None
        if "confidence" in answers:
            row["confidence"] = found["confidence"]
        yield row | {"error": found["error"] or None}


def as_table(portions: Iterable[pd.DataFrame], decimals: int = 3) -> Iterator[str]:
    """Aligned columns to look at; the width of the first portion holds for all."""
    widths: list[int] = []
    for portion in portions:
        head, rows = _cells(portion, decimals)
        if not widths:
            lines = [head, *rows]
            widths = [min(_WIDEST, max(len(line[place]) for line in lines)) for place in range(len(head) - 1)]
            yield _line(head, widths)
        for row in rows:
            yield _line(row, widths)


def _cells(portion: pd.DataFrame, decimals: int) -> tuple[list[str], list[list[str]]]:
    names = [str(name) for name in portion]
    answers = names[names.index("prediction") : -1]
    head = ["file", "start", "end", *map(clean, answers), ""]
    rows = []
    for row in records(portion):
        inside = {**(row.get("probabilities") or {}), **(row.get("scores") or {})}
        cells = [
            _shown(row["file"]),
            *("" if row[side] is None else f"{row[side]:.2f}" for side in ("start", "end")),
        ]
        for name in answers:
            value = row[name] if name in row else inside.get(name[2:])
            cells.append(_text(value, decimals))
        rows.append([*cells, clean(row["error"] or "")])
    return head, rows


def _shown(file: str) -> str:
    """A file's name from the folder of the call, if that is shorter; the end of one that is long."""
    name = min(clean(os.path.relpath(file)), clean(file), key=len)
    return name if len(name) <= _WIDEST else f"…{name[1 - _WIDEST :]}"


def _text(value: Any, decimals: int) -> str:
    if value is None:
        return ""
    return f"{value:.{decimals}f}" if isinstance(value, float) else clean(value)


def _line(cells: list[str], widths: list[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(cells, widths, strict=False)]
    return "  ".join([*padded, cells[-1]]).rstrip() + "\n"


def _seconds(time: Any) -> float | None:
    return None if time != time else round(time.total_seconds(), 6)


@dataclass
class Tally:
    """Counts the rows on their way.

    Args:
        rows: all
        bad: those without a prediction
        example: file and reason of the first of them
    """

    rows: int = 0
    bad: int = 0
    example: str = ""

    @property
    def good(self) -> int:
        """Rows with a prediction."""
        return self.rows - self.bad

    def counted(self, portions: Iterable[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        """The same portions, counted."""
        for portion in portions:
            errors = portion["error"]
            self.rows += len(portion)
            failed = portion.index[(errors != "").to_numpy()]
            if len(failed) and not self.bad:
                self.example = clean(f"{failed[0][0]}: {errors[errors != ''].iloc[0]}")
            self.bad += len(failed)
            yield portion

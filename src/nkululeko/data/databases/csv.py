"""A table of samples as CSV: one row a sample, a column ``file``, and what is known of it."""

from __future__ import annotations

import csv
import io
import re
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import Database, Loaded, Request
from nkululeko.data._table_options import TableOptions, bases

if TYPE_CHECKING:
    import pandas as pd

_SEPARATORS = ",;\t|"
_NAMES_OF_SEPARATORS = "comma, semicolon, tab or bar"
_QUOTES = "put values that hold the separator, or a quotation mark, in quotes"


class Csv(Database):
    """CSV, UTF-8 or Latin-1, separated by comma, semicolon, tab or bar; optional columns ``start``, ``end``."""

    Options = TableOptions
    summary = "a CSV with a column 'file' (and speaker, gender, age, start, end, the target ...)"

    def load(self, request: Request) -> Loaded:
        """See :class:`Database`."""
        from nkululeko.data.tables import to_loaded

        path = Path(request.path)
        frame, notes, decimal = read_table(path)
        places = bases(path, self.options, request.folders)
        return to_loaded(frame, request, str(path), places, notes, decimal)


def read_table(path: Path) -> tuple[pd.DataFrame, list[str], str]:
    """A CSV with stripped names and values, all of them text; notes; and the sign for decimals that it may have.

    Raises:
        NkululekoError: missing, empty, or no table
    """
    from nkululeko.data.tables import clean

    raw, notes = _read_utf8(path)
    separator = _separator(raw, path)
    frame = _read_plain(raw, separator)
    if frame is None:
        frame = _read_any(raw, separator, path)
    return clean(frame), notes, "," if separator == ";" else "."


def _read_utf8(path: Path) -> tuple[bytes, list[str]]:
    """The file's content in UTF-8, and a note if it was not."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        near = did_you_mean(path.name, [p.name for p in path.absolute().parent.glob("*.csv")])
        raise NkululekoError("no such CSV file", str(path.absolute()), near) from None
    except OSError as problem:
        raise NkululekoError(f"cannot be read ({problem.strerror})", str(path.absolute())) from None
    if b"\0" in raw:
        raise NkululekoError("is no text file", str(path), "if it is a table, save it as UTF-8 CSV")
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    try:
        raw.decode()
    except UnicodeDecodeError as problem:
        # umlauts in Latin-1 hardly ever look like UTF-8, and those in UTF-8 do always
        rest = [sign for sign in raw.decode(errors="replace") if sign > "\x7f"]
        if 2 * rest.count("\ufffd") < len(rest):
            line = len(re.findall(rb"\r\n?|\n", raw[: problem.start])) + 1
            raise NkululekoError(
                f"broken encoding: line {line} is not UTF-8, others are", str(path), "save it as UTF-8 CSV"
            ) from None
        return raw.decode("latin-1").encode(), [f"{path}: not UTF-8, read as Latin-1"]
    return raw, []


def _separator(raw: bytes, path: Path) -> str:
    """What stands between the names of the header, and outside quotes.

    Raises:
        NkululekoError: there is no header, or no separator, or two that stand equally often
    """
    lines = [re.sub(r'"[^"]*"', "", line.decode()) for line in re.split(rb"\r\n?|\n", raw, maxsplit=2)[:2]]
    if not lines[0].strip() and '"' not in raw[:1].decode(errors="replace"):
        raise NkululekoError("the CSV is empty, or its first line is", str(path))
    counts = [lines[0].count(separator) for separator in _SEPARATORS]
    best = [sign for sign, count in zip(_SEPARATORS, counts, strict=True) if count == max(counts)]
    if not max(counts):
        raise NkululekoError(
            f"no separator in the header '{lines[0].strip()}'", str(path), f"use {_NAMES_OF_SEPARATORS}"
        )
    if len(best) > 1 and len(lines) > 1:  # the next line may tell
        best = [sign for sign in best if lines[1].count(sign) >= max(counts)] or best
    if len(best) > 1:
        raise NkululekoError(
            f"the separator is not clear: {' and '.join(map(repr, best))} stand equally often in the header",
            str(path),
            "put names that hold one in quotes",
        )
    return best[0]


def _read_plain(raw: bytes, separator: str) -> pd.DataFrame | None:
    """A CSV without quotes and with as many values in each line as the header: fast; None for any other."""
    import pandas as pd
    import pyarrow as pa
    from pyarrow import csv as arrow

    if b'"' in raw:
        return None
    names = list(pd.read_csv(io.BytesIO(raw), sep=separator, nrows=0, index_col=False, skipinitialspace=True))
    try:
        table = arrow.read_csv(
            pa.BufferReader(raw),
            arrow.ReadOptions(column_names=names, skip_rows=1),
            arrow.ParseOptions(delimiter=separator, quote_char=False),
            arrow.ConvertOptions(
                column_types=dict.fromkeys(names, pa.large_string()), strings_can_be_null=False
            ),
        )
    except pa.ArrowInvalid:
        return None
    return table.to_pandas()


def _read_any(raw: bytes, separator: str, path: Path) -> pd.DataFrame:
    """Any CSV that pandas can read, by its rules: short lines are filled, values may be quoted."""
    import pandas as pd

    try:
        with warnings.catch_warnings():
            # pandas only warns of lines with more values than the header, and cuts them off
            warnings.simplefilter("error", pd.errors.ParserWarning)
            return pd.read_csv(io.BytesIO(raw), sep=separator, dtype=str, skipinitialspace=True, index_col=False,
                               quoting=csv.QUOTE_MINIMAL, keep_default_na=False)  # fmt: skip
    except pd.errors.ParserWarning:
        raise NkululekoError("lines have more values than the header", str(path), _QUOTES) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as problem:
        raise NkululekoError(
            f"is no readable CSV ({' '.join(str(problem).split())})", str(path), _QUOTES
        ) from None

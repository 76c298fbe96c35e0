"""A table of samples as CSV: one row a sample, a column ``file``, and what is known of it."""

from __future__ import annotations

import csv
import io
import os.path
import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import Database, Loaded, Request
from nkululeko.core.plugin import Options as BaseOptions
from nkululeko.core.plugin import option
from nkululeko.data.columns import no_target, rename

_FILE_NAMES = ("file", "filename", "file_name", "filepath", "path", "wav", "audio")
#: columns that are names, even where they look like numbers
_TEXT = ("file", "speaker", "gender", "start", "end")
_QUOTES = "put values that hold the separator, or a quotation mark, in quotes"


class CsvOptions(BaseOptions):
    """Where the audio files of a CSV are."""

    absolute_path: bool | None = option(
        None,
        "True: relative to the folder of the call; False: to the CSV's; not given: the first that exists",
    )
    audio_path: str | None = option(None, "common folder of the audio files")


class Csv(Database):
    """CSV, UTF-8 or Latin-1, separated by comma, semicolon, tab or bar; optional columns ``start``, ``end``."""

    Options = CsvOptions
    summary = "a CSV with a column 'file' (and speaker, gender, age, start, end, the target ...)"

    def load(self, request: Request) -> Loaded:
        """See :class:`Database`."""
        path = Path(request.path)
        frame, notes, decimal = read_table(path)
        frame, more = rename(frame, request.colnames, str(path))
        frame = frame.assign(**{name: _numbers(frame[name], decimal) for name in frame if name not in _TEXT})
        if "file" not in frame:
            near = [name for name in _FILE_NAMES if name in frame]
            hint = f"{request.name}.colnames = {{'{near[0]}': 'file'}}" if near else "name it by colnames"
            raise NkululekoError(
                f"no column 'file' (there are: {', '.join(map(str, frame.columns))})", str(path), hint
            )
        if request.target not in frame:
            raise no_target(request.target, frame.columns, str(path))
        nameless = int(frame["file"].isna().sum())
        if nameless:
            more.append(f"{path}: {nameless} rows without a file name are left out")
            frame = frame[frame["file"].notna()]
        files = locate(frame["file"], self._bases(path, request.folders))
        index = contract.segmented_index(files, _times(frame, "start", path), _times(frame, "end", path))
        columns = frame.drop(columns=[c for c in ("file", "start", "end") if c in frame])
        splits = {}
        if "split" in columns:
            splits = {name: index[columns["split"].to_numpy() == name] for name in contract.SPLITS}
        return Loaded(columns.set_axis(index, axis=0), {}, splits, [*notes, *more])

    def _bases(self, path: Path, folders: Sequence[Path]) -> list[Path]:
        """The folders that a relative file name may start from, in order."""
        call = list(folders[:1]) or [Path.cwd()]
        own = path.absolute().parent
        absolute = self.options.absolute_path
        if self.options.audio_path:
            audio = Path(self.options.audio_path).expanduser()
            return [base / audio for base in (*call, own, *folders[1:])]
        if absolute is None:
            return [*call, own, *folders[1:]]
        return call if absolute else [own]


def read_table(path: Path) -> tuple[pd.DataFrame, list[str], str]:
    """A CSV with stripped names and values, all of them text; notes; and the sign for decimals that it may have.

    Raises:
        NkululekoError: missing, empty, or no table
    """
    text, notes = _read_text(path)
    header = text.split("\n", 1)[0]
    if not header.strip():
        raise NkululekoError("the CSV is empty, or its first line is", str(path))
    separator = max(",;\t|", key=header.count)
    try:
        with warnings.catch_warnings():
            # pandas only warns of lines with more values than the header, and cuts them off
            warnings.simplefilter("error", pd.errors.ParserWarning)
            frame = pd.read_csv(io.StringIO(text), sep=separator, dtype=str, skipinitialspace=True, index_col=False,
                                quoting=csv.QUOTE_MINIMAL)  # fmt: skip
    except pd.errors.ParserWarning:
        raise NkululekoError("lines have more values than the header", str(path), _QUOTES) from None
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as problem:
        raise NkululekoError(
            f"is no readable CSV ({' '.join(str(problem).split())})", str(path), _QUOTES
        ) from None
    frame.columns = [str(name).strip() for name in frame.columns]
    for name in frame:
        column = frame[name].str.strip()
        frame[name] = column.mask(column == "")
    return frame, notes, "," if separator == ";" else "."


def _read_text(path: Path) -> tuple[str, list[str]]:
    """The file as text, and a note if it is not UTF-8."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        near = did_you_mean(path.name, [p.name for p in path.absolute().parent.glob("*.csv")])
        raise NkululekoError("no such CSV file", str(path.absolute()), near) from None
    except OSError as problem:
        raise NkululekoError(f"cannot be read ({problem.strerror})", str(path.absolute())) from None
    notes = []
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
        notes.append(f"{path}: not UTF-8, read as Latin-1")
    if "\0" in text:
        raise NkululekoError("is no text file", str(path), "if it is a table, save it as UTF-8 CSV")
    return text, notes


def _numbers(column: pd.Series, decimal: str) -> pd.Series:
    """The column as numbers, if every value is one and none is a code such as ``007``.

    Where semicolons stand between the columns, ``31,5`` is a number: Excel writes it so in half of Europe.
    """
    values = column.dropna()
    if values.empty or values.str.match(r"^[+-]?0\d").any():
        return column
    if decimal == "," and values.str.fullmatch(r"[+-]?\d+(,\d+)?").all():
        column = column.str.replace(",", ".")
    elif pd.to_numeric(values, errors="coerce").isna().any():
        return column
    return pd.to_numeric(column)


def locate(names: pd.Series, bases: Sequence[Path]) -> list[str]:
    """Absolute paths of files: the first base where one exists, else below the first base."""
    found = []
    for name in names:
        # a table made on Windows may name folders with backslashes
        spellings = [name, name.replace("\\", "/")] if "\\" in name else [name]
        places = [base / Path(spelling).expanduser() for spelling in spellings for base in bases]
        chosen = next((p for p in places if p.exists()), places[0]) if len(places) > 1 else places[0]
        found.append(_absolute(chosen))
    return found


def _absolute(path: Path) -> str:
    """The path without ``..``: one file has one name."""
    return os.path.abspath(path)


def _times(frame: pd.DataFrame, name: str, path: Path) -> pd.Series | None:
    """A column of times: seconds, or timedeltas as text (``0 days 00:00:01.5``); None if there is none."""
    if name not in frame:
        return None
    text = frame[name]
    seconds = pd.to_numeric(text, errors="coerce")
    try:
        times = pd.to_timedelta(text.where(seconds.isna())).astype("timedelta64[ns]")
    except ValueError:
        raise NkululekoError(
            f"column '{name}' holds no times", str(path), "seconds (1.25) or timedeltas (0 days 00:00:01.25)"
        ) from None
    return times.fillna(pd.to_timedelta(seconds, unit="s").astype("timedelta64[ns]"))

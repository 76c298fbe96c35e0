"""From a table of samples to samples: columns renamed, numbers and times read, audio files found.

What every type that is a table shares: ``csv``, ``parquet``, ``folder``, ``huggingface``. Nothing is done
row by row in Python: values are looked at once for all rows that have them.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Request
from nkululeko.data._places import locate, to_arrow
from nkululeko.data.columns import no_target, rename

_FILE_NAMES = ("file", "filename", "file_name", "filepath", "path", "wav", "audio")
#: columns of text that are names, even where they look like numbers
_NAMES = ("file", "speaker", "gender", "start", "end")
#: text that stands for a missing value: that of pandas, written down so that every reader means the same
MISSING = (
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A",
    "NA", "NULL", "NaN", "None", "n/a", "nan", "null",
)  # fmt: skip
#: the longest time that nanoseconds can hold, in s
_LONGEST = 9e9


def clean(frame: pd.DataFrame) -> pd.DataFrame:
    """A table of text without blanks around names and values; empty values and ``NA`` are missing."""
    columns = [frame.iloc[:, position].astype("str").str.strip() for position in range(frame.shape[1])]
    missing = {position: column.mask(column.isin(MISSING)) for position, column in enumerate(columns)}
    return pd.DataFrame(missing, index=frame.index).set_axis(frame.columns.astype("str").str.strip(), axis=1)


def to_loaded(
    frame: pd.DataFrame,
    request: Request,
    where: str,
    places: Sequence[Path],
    notes: Sequence[str] = (),
    decimal: str | None = None,
) -> Loaded:
    """The samples of a table.

    Args:
        frame: a column ``file``, after the user's ``colnames``; optional ``start``, ``end``, ``split``
        request: name, target and colnames
        where: the table, for messages
        places: folders that relative file names may start from, in order
        notes: what was done so far
        decimal: the sign for decimals in columns of text, which become numbers; None: columns have their types

    Raises:
        NkululekoError: no files, no target, or times that are none
    """
    frame, more = rename(frame, request.colnames, where)
    if decimal is not None:
        text = [name for name in frame if name not in _NAMES]
        frame = frame.assign(**{name: numbers(frame[name], decimal) for name in text})
    if "file" not in frame:
        near = [name for name in _FILE_NAMES if name in frame]
        hint = f"{request.name}.colnames = {{'{near[0]}': 'file'}}" if near else "name it by colnames"
        raise NkululekoError(
            f"no column 'file' (there are: {', '.join(map(str, frame.columns))})", where, hint
        )
    if request.target not in frame:
        raise no_target(request.target, frame.columns, where)
    named = frame["file"].notna()
    spans = {side: _times(frame[side], named, where, decimal) for side in ("start", "end") if side in frame}
    if not named.all():
        more.append(f"{where}: {int((~named).sum())} rows without a file name are left out")
        frame = frame[named]
    index = contract.segmented_index(locate(frame["file"], places), spans.get("start"), spans.get("end"))
    columns = frame.drop(columns=[name for name in contract.LEVELS if name in frame])
    splits = {}
    if "split" in columns:
        splits = {name: index[(columns["split"] == name).to_numpy(bool)] for name in contract.SPLITS}
    return Loaded(columns.set_axis(index, axis=0), {}, splits, [*notes, *more])


def numbers(column: pd.Series, decimal: str = ".") -> pd.Series:
    """A column of text as numbers, if every value is one and none is a code such as ``007``; else as it is.

    Where semicolons stand between the columns, ``31,5`` is a number: Excel writes it so in half of Europe.

    Example:
        >>> numbers(pd.Series(["31,5", None], dtype="str"), ",").tolist()
        [31.5, nan]
    """
    codes, values = column.factorize()
    found = _numbers(pd.Index(values), decimal)
    if found is None:
        return column
    missing = codes < 0
    filled = np.where(missing, np.nan, found[codes]) if missing.any() else found[codes]
    return pd.Series(filled, index=column.index, name=column.name)


def _numbers(values: pd.Index, decimal: str) -> np.ndarray | None:
    """Different values as whole numbers, else as any numbers; None if one is none."""
    import pyarrow as pa

    if values.empty or values.str.match(r"[+-]?0\d").any():
        return None
    if decimal == "," and values.str.fullmatch(r"[+-]?\d+(,\d+)?").all():
        values = values.str.replace(",", ".", regex=False)
    if pd.isna(pd.to_numeric(values[:100], errors="coerce")).any():
        return None
    values = values.str.removeprefix("+")
    for kind in (pa.int64(), pa.float64()):  # ten times as fast as pandas, but it knows fewer spellings
        try:
            return np.asarray(to_arrow(values).cast(kind))
        except pa.ArrowInvalid:
            continue
    found = np.asarray(pd.to_numeric(values, errors="coerce"))
    return None if pd.isna(found).any() else found


def _times(column: pd.Series, named: pd.Series, where: str, decimal: str | None) -> pd.Index:
    """A column as times, of the rows that have a file: timedeltas, seconds, or either as text.

    Raises:
        NkululekoError: a value that is no time, with its row
    """
    codes, values = column[named].factorize()
    kind = column.dtype
    if pd.api.types.is_timedelta64_dtype(kind):
        times = pd.TimedeltaIndex(values)
    elif pd.api.types.is_numeric_dtype(kind) and not pd.api.types.is_bool_dtype(kind):
        times = _from_seconds(np.asarray(values, dtype=float))
    else:
        times = _from_text(pd.Index(values).astype("str").str.strip(), decimal)
        codes = np.where(np.isin(codes, np.flatnonzero(pd.Index(values) == "NaT")), -1, codes)
    bad = np.flatnonzero(np.asarray(times.isna())[codes] & (codes >= 0))
    if len(bad):
        row = np.flatnonzero(named.to_numpy())[bad[0]] + 1
        raise NkululekoError(
            f"column '{column.name}' holds no times",
            where,
            f"seconds (1.25) or timedeltas (0 days 00:00:01.25), not '{values[codes[bad[0]]]}' as in data row {row}",
        )
    return times.take(codes, fill_value=pd.NaT)


def _from_seconds(seconds: np.ndarray) -> pd.TimedeltaIndex:
    """Missing where the number is none that time can have."""
    with np.errstate(invalid="ignore"):
        possible = np.where(np.abs(seconds) < _LONGEST, seconds, np.nan)
    return pd.to_timedelta(possible, unit="s").as_unit("ns")


def _from_text(text: pd.Index, decimal: str | None) -> pd.TimedeltaIndex:
    """Seconds or timedeltas; missing where a text is neither."""
    if decimal == ",":
        text = text.str.replace(",", ".", regex=False)
    found = _numbers(text, ".")
    if found is not None:
        return _from_seconds(found.astype(float))
    seconds = np.asarray(pd.to_numeric(text, errors="coerce"), dtype=float)
    times = pd.to_timedelta(text.where(np.isnan(seconds)), errors="coerce").as_unit("ns")
    return times.where(np.isnan(seconds), _from_seconds(seconds))

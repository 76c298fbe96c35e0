"""Features that somebody else computed: tables with a row a file, or a segment."""

from __future__ import annotations

import logging
import os.path
import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Extraction, FeatureSet
from nkululeko.core.plugin import Options as BaseOptions
from nkululeko.core.plugin import option

if TYPE_CHECKING:
    import pandas as pd

_log = logging.getLogger("nkululeko")
#: other tools round the times of the same segment differently: so many milliseconds are looked around
_NEAR = (0, -1, 1)


class ImportOptions(BaseOptions):
    """The tables to read."""

    import_file: tuple[str, ...] = option(
        (), "CSV or Parquet tables: column file (start, end), one column a feature", is_path=True
    )
    import_files_append: bool = option(
        True, "several tables: rows below each other; False: columns side by side"
    )


class Import(FeatureSet):
    """Rows are matched by file, or by file, start and end where the table has them; never by position."""

    Options = ImportOptions
    summary = "features from CSV or Parquet tables (import_file)"

    def names(self) -> list[str]:
        """Only the tables know."""
        return []

    def version(self) -> str:
        """Revision of this file: nothing is kept in the store."""
        return "1"

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """Not from audio."""
        raise NkululekoError("the feature set 'import' does not start from audio")

    def fetch(self, index: pd.MultiIndex, extraction: Extraction) -> pd.DataFrame:
        """The rows of the tables for these segments; segments that no table has are left out."""
        import pandas as pd

        if not self.options.import_file:
            raise NkululekoError("the feature set 'import' needs FEATS.import_file", "FEATS")
        paths = [Path(path) for path in self.options.import_file]
        tables = [_rows(_read(path), index, path) for path in paths]
        append = self.options.import_files_append
        _check_columns(tables, paths, append)
        found = pd.concat(tables) if append else pd.concat(tables, axis=1, join="inner")
        found = found[~found.index.duplicated()]
        if found.empty:
            where = " and ".join(str(path) for path in paths)
            raise NkululekoError("no row for any sample of the experiment", where, "compare the file names")
        return found.reindex(index[index.isin(found.index)])


def _check_columns(tables: list[pd.DataFrame], paths: list[Path], append: bool) -> None:
    """Rows below each other need the same columns, columns side by side different ones."""
    seen = dict.fromkeys(map(str, tables[0].columns), paths[0])
    for table, path in zip(tables[1:], paths[1:], strict=True):
        if append and set(table.columns) != set(tables[0].columns):
            odd = sorted(set(table.columns) ^ set(tables[0].columns))[0]
            raise NkululekoError(
                f"column '{odd}' is in one of the tables only", f"{paths[0]} and {path}",
                "for columns side by side set FEATS.import_files_append = False",
            )  # fmt: skip
        both = [column for column in table if column in seen]
        if both and not append:
            raise NkululekoError(
                f"column '{both[0]}' is in both tables",
                f"{seen[both[0]]} and {path}",
                "rename or drop it in one of them",
            )
        seen |= dict.fromkeys(map(str, table.columns), path)


def _read(path: Path) -> pd.DataFrame:
    """A table with a column ``file``; pickles are refused."""
    import pandas as pd

    kind = path.suffix.lower()
    try:
        if kind == ".csv":
            with path.open(encoding="utf-8-sig") as lines:
                header = lines.readline()
            table = pd.read_csv(path, sep=max(",;\t|", key=header.count), skipinitialspace=True)
        elif kind == ".parquet":
            table = pd.read_parquet(path)
        else:
            raise NkululekoError(
                f"features cannot be imported from '{path.suffix}' files",
                str(path),
                "save the table as .csv or .parquet",
            )
    except FileNotFoundError:
        raise NkululekoError("no such file", str(path.absolute()), "check FEATS.import_file") from None
    except (OSError, ValueError) as problem:
        raise NkululekoError(f"is no readable table ({' '.join(str(problem).split())})", str(path)) from None
    if "file" in (table.index.names or []):
        table = table.reset_index()
    table.columns = [str(name).strip() for name in table.columns]
    if "file" not in table:
        raise NkululekoError(f"no column 'file' (there are: {', '.join(table.columns[:10])})", str(path))
    nameless = [name for name in table if re.fullmatch(r"(Unnamed: \d+)?", name)]
    if (
        nameless
    ):  # pandas writes the number of the row so: it tells how the table was sorted, not what was heard
        _log.info("%s: %d columns without a name are no features", path, len(nameless))
    return table.drop(columns=nameless)


def _rows(table: pd.DataFrame, index: pd.MultiIndex, path: Path) -> pd.DataFrame:
    """The table's numbers for the segments of the index that it has."""
    import pandas as pd

    wanted = set(index.get_level_values("file"))
    files = [_place(str(name), path, wanted) for name in table["file"]]
    values = table.drop(columns=[c for c in ("file", "start", "end") if c in table])
    if values.empty:
        values = values.astype(float)
    text = [name for name in values if not pd.api.types.is_numeric_dtype(values[name])]
    if text:
        raise NkululekoError(f"column '{text[0]}' holds no numbers", str(path), "keep feature columns only")
    asked = index.get_level_values("file")
    # without any end the rows are about whole files
    if {"start", "end"} <= set(table.columns) and table["end"].notna().any():
        keys: list[Any] = _segments(files, table["start"], table["end"])
        spans = _segments(asked, index.get_level_values("start"), index.get_level_values("end"))
        sought = [[(file, start + a, end + b) for a in _NEAR for b in _NEAR] for file, start, end in spans]
    else:
        keys, sought = files, [[file] for file in asked]
    if len(set(keys)) < len(keys):
        raise NkululekoError(
            "has several rows for one segment", str(path), "add columns start and end, or drop rows"
        )
    row_of = {key: row for row, key in enumerate(keys)}
    found = [next((row_of[key] for key in near if key in row_of), -1) for near in sought]
    known = np.array(found) >= 0
    return values.iloc[[row for row in found if row >= 0]].set_axis(index[known], axis=0)


def _place(name: str, table: Path, wanted: set[str]) -> str:
    """The absolute path of a file: as given, from the folder of the call, or from that of the table."""
    for base in (Path.cwd(), table.absolute().parent):
        path = os.path.abspath(base / name)
        if path in wanted:
            return path
    return os.path.abspath(name)


def _segments(files: Iterable[str], starts: Any, ends: Any) -> list[tuple[str, int, int]]:
    """Segments as file, start and end in whole milliseconds; a missing end is -1000."""
    return list(zip(files, _milliseconds(starts, 0), _milliseconds(ends, -1000), strict=True))


def _milliseconds(times: Any, missing: int) -> list[int]:
    import pandas as pd

    series = pd.Series(np.asarray(times))
    delta = (
        pd.to_timedelta(series, unit="s")
        if pd.api.types.is_numeric_dtype(series)
        else pd.to_timedelta(series)
    )
    return [missing if pd.isna(t) else round(t.total_seconds() * 1000) for t in delta]

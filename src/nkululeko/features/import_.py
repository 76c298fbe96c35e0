"""Features that somebody else computed: tables with a row a file, or a segment."""

from __future__ import annotations

import os.path
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Extraction, FeatureSet
from nkululeko.core.plugin import Options as BaseOptions
from nkululeko.core.plugin import option

if TYPE_CHECKING:
    import pandas as pd


class ImportOptions(BaseOptions):
    """The tables to read."""

    import_file: tuple[str, ...] = option(
        (), "CSV or Parquet tables: column file (start, end), one column a feature"
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
        tables = [_rows(_read(Path(path)), index, Path(path)) for path in self.options.import_file]
        if not self.options.import_files_append:
            return pd.concat(tables, axis=1, join="inner")
        merged = pd.concat(tables)
        return merged[~merged.index.duplicated()]


def _read(path: Path) -> pd.DataFrame:
    """A table with a column ``file``; pickles are refused."""
    import pandas as pd

    try:
        if path.suffix == ".csv":
            table = pd.read_csv(path, skipinitialspace=True)
        elif path.suffix == ".parquet":
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
        raise NkululekoError(f"is no readable table ({problem})", str(path)) from None
    if "file" in (table.index.names or []):
        table = table.reset_index()
    table.columns = [str(name).strip() for name in table.columns]
    if "file" not in table:
        raise NkululekoError(f"no column 'file' (there are: {', '.join(table.columns[:10])})", str(path))
    return table


def _rows(table: pd.DataFrame, index: pd.MultiIndex, path: Path) -> pd.DataFrame:
    """The table's numbers for the segments of the index that it has."""
    import pandas as pd

    wanted = set(index.get_level_values("file"))
    files = [_place(str(name), path, wanted) for name in table["file"]]
    values = table.drop(columns=[c for c in ("file", "start", "end") if c in table])
    text = [name for name in values if not pd.api.types.is_numeric_dtype(values[name])]
    if text:
        raise NkululekoError(f"column '{text[0]}' holds no numbers", str(path), "keep feature columns only")
    if {"start", "end"} <= set(table.columns):
        keys: Any = list(
            zip(files, _milliseconds(table["start"], 0), _milliseconds(table["end"], -1), strict=True)
        )
        asked = list(
            zip(index.get_level_values("file"), _milliseconds(index.get_level_values("start"), 0),
                _milliseconds(index.get_level_values("end"), -1), strict=True)
        )  # fmt: skip
    else:
        keys, asked = files, list(index.get_level_values("file"))
    if len(set(keys)) < len(keys):
        raise NkululekoError(
            "has several rows for one segment", str(path), "add columns start and end, or drop rows"
        )
    row_of = {key: row for row, key in enumerate(keys)}
    found = [row_of.get(key, -1) for key in asked]
    known = np.array(found) >= 0
    if not known.any():
        raise NkululekoError(
            "has no row for any sample of the experiment", str(path), "compare the file names"
        )
    return values.iloc[[row for row in found if row >= 0]].set_axis(index[known], axis=0)


def _place(name: str, table: Path, wanted: set[str]) -> str:
    """The absolute path of a file: as given, from the folder of the call, or from that of the table."""
    for base in (Path.cwd(), table.absolute().parent):
        path = os.path.abspath(base / name)
        if path in wanted:
            return path
    return os.path.abspath(name)


def _milliseconds(times: Any, missing: int) -> list[int]:
    """Whole milliseconds: the same segment may have been rounded differently by other tools."""
    import pandas as pd

    series = pd.Series(np.asarray(times))
    delta = (
        pd.to_timedelta(series, unit="s")
        if pd.api.types.is_numeric_dtype(series)
        else pd.to_timedelta(series)
    )
    return [missing if pd.isna(t) else round(t.total_seconds() * 1000) for t in delta]

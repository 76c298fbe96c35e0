"""A table of samples as Parquet: the same columns as a CSV, with their types."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import Database, Loaded, Request
from nkululeko.data._table_options import TableOptions, bases


class Parquet(Database):
    """Parquet as pandas, R, DuckDB or audformat write it; an index is a column like the others."""

    Options = TableOptions
    summary = (
        "a Parquet file with the columns of a CSV (file, speaker, gender, age, start, end, the target ...)"
    )

    def load(self, request: Request) -> Loaded:
        """See :class:`Database`."""
        from nkululeko.data._arrow import to_frame
        from nkululeko.data.tables import to_loaded

        path = Path(request.path)
        frame, notes = to_frame(_read(path), str(path))
        return to_loaded(frame, request, str(path), bases(path, self.options, request.folders), notes)


def _read(path: Path) -> Any:
    """The file as a ``pyarrow.Table``.

    What pandas wrote beside the columns is not looked at: the columns say it all.

    Raises:
        NkululekoError: missing, or no Parquet
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    if not path.is_file():
        if path.is_dir():
            raise NkululekoError("is a folder", str(path.absolute()), "name one Parquet file in it")
        near = did_you_mean(path.name, [p.name for p in path.absolute().parent.glob("*.parquet")])
        raise NkululekoError("no such Parquet file", str(path.absolute()), near)
    try:
        with path.open("rb") as file:
            return pq.ParquetFile(file).read().replace_schema_metadata(None)
    except (pa.ArrowException, OSError) as problem:
        reason = str(problem).splitlines()[0] if str(problem) else type(problem).__name__
        raise NkululekoError(
            f"is no readable Parquet file ({reason})", str(path), "if it is a CSV, set type = csv"
        ) from None

"""From a table of Arrow (Parquet, ``datasets``) to a frame of plain columns."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd

#: how pandas calls an index without a name when it writes a table
_NAMELESS_INDEX = re.compile(r"__index_level_\d+__")


def to_frame(table: Any, where: str) -> tuple[pd.DataFrame, list[str]]:
    """A ``pyarrow.Table`` as a frame of numbers, times, truth values and text; and notes.

    Columns that hold lists, structures or bytes are left out: no sample is described by them.

    Example:
        >>> import pyarrow as pa
        >>> to_frame(pa.table({"age": [31], "vector": [[1, 2]]}), "my.parquet")[1]
        ['my.parquet: left out, as they hold no single values: vector']
    """
    import pyarrow as pa

    names: list[str] = []
    columns: list[pd.Series] = []
    left = []
    for field, column in zip(table.schema, table.columns, strict=True):
        name, kind = str(field.name), field.type
        if _NAMELESS_INDEX.fullmatch(name):
            continue
        if isinstance(kind, pa.BaseExtensionType):
            kind = kind.storage_type
            column = column.cast(kind)
        if pa.types.is_dictionary(kind):
            kind = kind.value_type
            column = column.cast(kind)
        if pa.types.is_nested(kind) or pa.types.is_binary(kind) or pa.types.is_large_binary(kind):
            left.append(name)
            continue
        names.append(name)
        columns.append((column.cast(pa.float64()) if pa.types.is_decimal(kind) else column).to_pandas())
    notes = [f"{where}: left out, as they hold no single values: {', '.join(left)}"] if left else []
    # by position: two columns of one name are an error of the data that shall be seen
    return pd.DataFrame(dict(enumerate(columns)), index=range(len(table))).set_axis(names, axis=1), notes

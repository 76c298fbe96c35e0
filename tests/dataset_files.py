"""Datasets of Hugging Face on disk, as ``save_to_disk`` of ``datasets`` 5.2 writes them, made without the package."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow as pa

AUDIO = pa.struct({"bytes": pa.binary(), "path": pa.string()})


def dataset_on_disk(
    folder: Path,
    columns: Mapping[str, Sequence],
    types: Mapping[str, pa.DataType] | None = None,
    features: Mapping[str, Mapping] | None = None,
    shards: int = 1,
) -> Path:
    """A dataset in a folder.

    Args:
        folder: made if it is not there
        columns: the values, a list a column; ``audio`` a list of ``{"bytes": ..., "path": ...}``
        types: of the columns that pyarrow would guess wrong
        features: what the header says of columns
        shards: how many files
    """
    folder.mkdir(parents=True)
    kinds = {"audio": AUDIO, **(types or {})}
    table = pa.table({name: pa.array(values, kinds.get(name)) for name, values in columns.items()})
    size = -(-len(table) // shards)
    names = []
    for number in range(shards):
        names.append(f"data-{number:05d}-of-{shards:05d}.arrow")
        with (
            pa.OSFile(str(folder / names[-1]), "wb") as file,
            pa.ipc.new_stream(file, table.schema) as stream,
        ):
            stream.write_table(table.slice(number * size, size))
    state = {"_data_files": [{"filename": name} for name in names], "_fingerprint": "x", "_split": None}
    (folder / "state.json").write_text(json.dumps(state))
    (folder / "dataset_info.json").write_text(json.dumps({"features": dict(features or {}), "license": ""}))
    return folder

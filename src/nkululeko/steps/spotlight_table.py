"""What Spotlight is given: a table of samples that it reads as meant, and how its page is laid out."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from nkululeko.core import samples as contract

if TYPE_CHECKING:
    import pyarrow

#: the columns whose kind Spotlight cannot tell
_DTYPES = {"audio": "Audio", "segment": "Window", "map": "Embedding"}
#: columns with more different texts are shown as text, not as categories with colours
_CATEGORIES = 500
#: what a user looks for first
_FIRST = ("speaker", "split", "database", "gender", "age", "duration")


@dataclass(frozen=True)
class Ready:
    """A table in the form that Spotlight reads.

    Args:
        content: as a Parquet file
        dtypes: column to Spotlight's type, where it must be told
    """

    content: bytes
    dtypes: dict[str, str]


def spotlight_table(
    samples: pd.DataFrame, target: str, predictions: pd.DataFrame | None, points: pd.DataFrame | None
) -> pd.DataFrame:
    """What Spotlight shows: a row a sample, what matters most first.

    Args:
        samples: on the segmented index
        target: the column that matters
        predictions: ``prediction``, maybe ``truth`` and ``confidence``, on the index of some of the samples
        points: ``x``, ``y`` and maybe ``z``, on the index of some of the samples

    Returns:
        ``file`` (short), the target, ``prediction``, ``correct`` or ``error``, ``confidence``, all other columns,
        ``map x`` ..., ``segment`` (start and end in s), ``audio`` (path), ``map`` (the point). Columns of the data
        that have one of these names get `` (data)`` behind them.
    """
    index = contract.check(samples).index
    ours = {
        "file": _short(index),
        "audio": index.get_level_values("file").astype(object),
        "segment": _windows(index),
    }
    if predictions is not None:
        ours |= _answers(samples, target, predictions)
    if points is not None:
        ours |= _places(index, points)
    theirs = {name: f"{name} (data)" if name in ours else str(name) for name in samples.columns}
    columns = {theirs[name]: samples[name].array for name in samples.columns} | ours
    last = [name for name in ours if name.startswith("map ")] + ["segment", "audio", "map"]
    first = ["file", theirs.get(target, ""), "prediction", "correct", "error", "confidence"]
    first += [theirs[name] for name in _FIRST if name in theirs]
    order = dict.fromkeys([*first, *(name for name in columns if name not in last), *last])
    return pd.DataFrame({name: pd.Series(columns[name]) for name in order if name in columns})


def _short(index: pd.Index) -> list[str]:
    """The files without the folder that all of them lie in."""
    files = [str(file) for file in index.get_level_values("file")]
    folders = {os.path.dirname(file) for file in files}  # noqa: PTH120  # many of them: quick
    try:
        cut = len(os.path.join(os.path.commonpath(folders), "")) if folders else 0  # noqa: PTH118
    except ValueError:  # on several drives
        cut = 0
    return [file[cut:] for file in files]


def _windows(index: pd.MultiIndex) -> list[list[float] | None]:
    """Start and end of each sample in s; None where the end is not known."""
    pairs = zip(*(contract.seconds(index, level).tolist() for level in ("start", "end")), strict=True)
    return [[start, end] if end == end else None for start, end in pairs]


def _answers(samples: pd.DataFrame, target: str, predictions: pd.DataFrame) -> dict[str, Any]:
    """What a model said, on all samples; missing where it was not asked."""
    if not predictions.index.isin(samples.index).any():
        return {}
    found = predictions.reindex(samples.index)
    answer = found["prediction"]
    truth = found["truth"] if "truth" in found else samples[target]
    asked = (answer.notna() & truth.notna()).to_numpy()
    columns: dict[str, Any] = {"prediction": answer.array}
    if pd.api.types.is_numeric_dtype(answer):
        columns["error"] = (answer - truth.astype(float)).array
    else:
        same = answer.astype(str).to_numpy() == truth.astype(str).to_numpy()
        columns["correct"] = np.where(asked, same.astype(object), None)
    if "confidence" in found:
        columns["confidence"] = found["confidence"].array
    return columns


def _places(index: pd.Index, points: pd.DataFrame) -> dict[str, Any]:
    """The coordinates of the map, one by one and as a whole; missing where a sample is not on it."""
    on_all = points.reindex(index)
    rows = on_all.to_numpy(dtype=float)
    whole = [
        row.tolist() if known else None for row, known in zip(rows, ~np.isnan(rows).any(axis=1), strict=True)
    ]
    return {f"map {axis}": on_all[axis].array for axis in points.columns} | {"map": whole}


def to_parquet(table: pd.DataFrame) -> Ready:
    """The table as a file that an older pandas reads, and that Spotlight takes as it is meant.

    Texts are written as categories: of other texts Spotlight looks at the first ones to tell what they are, and where
    they look like web addresses, asks for them on the net. Columns without any value are left out.

    Args:
        table: as :func:`spotlight_table` makes it
    """
    import pyarrow
    import pyarrow.parquet

    arrays, dtypes = {}, {name: dtype for name, dtype in _DTYPES.items() if name in table}
    for name in table.columns:
        if name in dtypes:
            listed = pyarrow.string() if name == "audio" else pyarrow.list_(pyarrow.float64())
            arrays[name] = pyarrow.array(table[name].tolist(), listed)
        elif table[name].notna().any():
            arrays[name] = _array(table[name], as_text=name == "file")
            if pyarrow.types.is_string(arrays[name].type):
                if "=" in name or _may_be_address(table[name]):
                    arrays[name] = arrays[name].dictionary_encode()
                else:
                    dtypes[name] = "str"
    sink = io.BytesIO()
    pyarrow.parquet.write_table(pyarrow.table(arrays), sink)
    return Ready(sink.getvalue(), dtypes)


def _array(values: pd.Series, as_text: bool = False) -> pyarrow.Array:
    """A column: truth values, numbers (spans of time in s), categories or text."""
    import pyarrow

    known = values.notna()
    if pd.api.types.infer_dtype(values, skipna=True) == "boolean":
        return pyarrow.array(values.astype(object).where(known, None).tolist(), pyarrow.bool_())
    if pd.api.types.is_timedelta64_dtype(values):
        return pyarrow.array(values.dt.total_seconds(), from_pandas=True)
    if pd.api.types.is_integer_dtype(values):
        return pyarrow.array(values.astype("Int64"), from_pandas=True)
    if pd.api.types.is_numeric_dtype(values):
        return pyarrow.array(values.astype(float), from_pandas=True)
    is_category = isinstance(values.dtype, pd.CategoricalDtype)
    texts = values.astype(object).where(known, None).map(lambda value: None if value is None else str(value))
    if is_category:  # their own order
        order = [str(value) for value in values.cat.categories]
    else:
        order = sorted(set(texts[known]))
    if as_text or len(order) > _CATEGORIES:
        return pyarrow.array(texts.tolist(), pyarrow.string())
    return pyarrow.array(pd.Categorical(texts, categories=list(dict.fromkeys(order))))


def _may_be_address(values: pd.Series) -> bool:
    return bool(values.astype(str).str.contains("://", regex=False).any())


def layout_of(columns: Sequence[str], colour: str) -> dict[str, Any]:
    """The page: the table and the map side by side, what is selected below, with its sound.

    Args:
        columns: of the table
        colour: the column that colours the points
    """
    by_colour = {"colorBy": colour} if colour in columns else {}
    views: list[dict[str, Any]] = []
    if "map x" in columns:
        views.append(_widget("scatterplot", {"xAxisColumn": "map x", "yAxisColumn": "map y"} | by_colour))
    views.append(_widget("histogram", {"columnKey": colour} if by_colour else {}))
    if {"prediction", "correct"} <= {*columns} and by_colour:
        views.append(_widget("ConfusionMatrix", {"xColumn": colour, "yColumn": "prediction"}))
    listened = [name for name in ("audio", "segment") if name in columns]
    lenses = [_lens("AudioView", listened, {"repeat": False, "autoplay": False})]
    lenses += [
        _lens("ScalarView", [name]) for name in (colour, "prediction", "speaker", "file") if name in columns
    ]
    upper = [_tab([_widget("table", {})], 60), _tab(views, 40)]
    return {
        "orientation": "vertical",
        "children": [
            {"kind": "split", "orientation": "horizontal", "weight": 60, "children": upper},
            _tab([_widget("inspector", {"views": lenses, "visibleColumns": 4})], 40),
        ],
    }


def _tab(widgets: list[dict[str, Any]], weight: int) -> dict[str, Any]:
    return {"kind": "tab", "weight": weight, "children": widgets}


def _widget(kind: str, config: Mapping[str, Any]) -> dict[str, Any]:
    return {"kind": "widget", "type": kind, "config": dict(config)}


def _lens(kind: str, columns: Sequence[str], settings: Mapping[str, Any] | None = None) -> dict[str, Any]:
    key = " ".join([kind, *columns])
    return {
        "view": kind,
        "columns": list(columns),
        "name": columns[0],
        "settings": dict(settings or {}),
        "key": key,
    }

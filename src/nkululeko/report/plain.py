"""Values as JSON knows them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict

from nkululeko.report.text import missing

if TYPE_CHECKING:
    import pandas as pd


class Record(BaseModel):
    """Base of the records that a JSON file holds."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def text(value: object) -> str:
    """Text that UTF-8 can hold: file names may hold bytes that are no text."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def rows(frame: pd.DataFrame | None) -> Any:
    """A data frame as a list of rows; its index is left out."""
    return None if frame is None else [plain(row) for row in frame.to_dict("records")]


def plain(value: Any) -> Any:
    """Any value as JSON knows it: NaN and infinity become None, paths and times become text.

    Example:
        >>> plain({"a": float("nan"), "b": (1, "x")})
        {'a': None, 'b': [1, 'x']}
    """
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, str):
        return text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {text(key): plain(part) for key, part in value.items()}
    if isinstance(value, BaseModel):
        return plain(value.model_dump())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return plain(dataclasses.asdict(value))
    if hasattr(value, "tolist"):  # numbers and arrays of numpy, columns of pandas
        return plain(value.tolist())
    if isinstance(value, Sequence | set | frozenset):
        parts = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [plain(part) for part in parts]
    if missing(value):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return text(value)

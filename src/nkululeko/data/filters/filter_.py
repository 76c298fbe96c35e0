"""Filter ``filter``: keep the samples with certain values."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import Filter, FilterContext
from nkululeko.data.filters._columns import values_of
from nkululeko.data.targets import as_labels

_log = logging.getLogger("nkululeko")
#: so many values does a message list
_MOST = 20
#: among so many values is the nearest looked for; among more it would take seconds
_SEARCHED = 10_000


class ByValue(Filter):
    """Keeps the samples that have one of the wanted values in each of the columns.

    Values are compared as text, in columns of numbers as numbers too: ``25``, ``'25'`` and ``25.0`` are the
    same there. A missing value is none of the wanted.
    """

    summary = "keep samples with these values"

    def keep(
        self, samples: pd.DataFrame, value: Mapping[str, Any], context: FilterContext
    ) -> tuple[np.ndarray, str]:
        """See :class:`Filter`.

        Args:
            samples: on the segmented index
            value: column to wanted value, or to several
            context: name, for messages

        Raises:
            NkululekoError: no such column, or no sample has any of its wanted values
        """
        stays = np.ones(len(samples), dtype=bool)
        words = []
        for column, values in value.items():
            wanted = list(values) if isinstance(values, (list, tuple, set, frozenset)) else [values]
            where = f"{context.name}.filter"
            stays &= _matches(values_of(samples, column, where), wanted, column, where)
            words.append(f"{column} = {' or '.join(_text(one) for one in wanted)}")
        return stays, f"outside the filter: {', '.join(words)}"


def _matches(values: pd.Series, wanted: list[Any], column: str, where: str) -> np.ndarray:
    """Which rows have a wanted value; only the different values are compared, however many rows there are."""
    codes, different = pd.factorize(values)
    found = pd.Series(different).infer_objects()
    numeric = pd.api.types.is_numeric_dtype(found) and not pd.api.types.is_bool_dtype(found)
    data = found.astype(float) if numeric else as_labels(found)
    asked = _as_numbers(wanted, found.dtype) if numeric else [_text(one) for one in wanted]
    hit = data.isin(asked).to_numpy(dtype=bool)
    present = set(data[hit])
    absent = [_text(one) for one, value in zip(wanted, asked, strict=True) if value not in present]
    if len(values) and (absent or not wanted):
        _complain(absent, len(absent) == len(wanted), data, column, where)
    # a missing value has the code -1, which is the place of the appended False
    return np.append(hit, False)[codes]


def _complain(absent: list[str], is_all: bool, data: pd.Series, column: str, where: str) -> None:
    """Says which wanted values no sample has.

    Args:
        absent: these values
        is_all: there are no others
        data: the different values that there are
        column: their name
        where: the option, for messages

    Raises:
        NkululekoError: no sample has any of the wanted values
    """
    known = sorted(set(data.dropna()))
    if is_all:
        listed = [_text(one) for one in known[:_MOST]] + ["..."] * (len(known) > _MOST)
        raise NkululekoError(
            f"no sample has {' or '.join(absent) or 'a value'} in the column '{column}'",
            where,
            f"there are: {', '.join(listed) or 'none'}",
        )
    for text in absent:
        near = did_you_mean(text, map(_text, known)) if len(known) <= _SEARCHED else ""
        _log.warning(
            "%s: no sample has '%s' in the column '%s'%s", where, text, column, f"; {near}" if near else ""
        )


def _as_numbers(wanted: list[Any], dtype: Any) -> list[float]:
    """Wanted values as numbers of the column's precision; NaN, which equals nothing, for other words."""
    numbers = pd.to_numeric(pd.Series(wanted, dtype=object), errors="coerce").to_numpy(dtype=float)
    if str(dtype).lower() in ("float16", "float32"):
        numbers = numbers.astype(str(dtype).lower()).astype(float)
    return numbers.tolist()


def _text(value: Any) -> str:
    """A wanted value as :func:`as_labels` writes those of the data."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value).strip()

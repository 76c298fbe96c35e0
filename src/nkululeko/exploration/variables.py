"""Columns as variables: categories with an order, or numbers; and numbers put into bins."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.exploration import Variable

#: columns that name things, even where the names look like numbers
NAMES = ("speaker", "database", "split", "gender")
#: the category of all that are too rare to be shown
OTHER = "other"
#: so many categories are shown by name
MOST = 20


def variable(samples: pd.DataFrame, name: str, labels: Sequence[str] = (), most: int = MOST) -> Variable:
    """A column of the samples, as categories or as numbers.

    Numbers are columns of numbers or durations (then in s), also where they stand as text, unless they have but one
    or two whole values (0 and 1), are written with leading zeros, or the column is known to hold names. All else is
    categories.

    Args:
        samples: a row a sample
        name: of the column
        labels: the categories in order, where that is known; those that no sample has are left out
        most: so many categories are kept, the most frequent ones; all others become ``other``

    Raises:
        NkululekoError: there is no such column

    Example:
        >>> samples = pd.DataFrame({"gender": ["f", "m", None], "age": ["31", "28", "45"]})
        >>> variable(samples, "gender").levels, variable(samples, "age").kind
        (('f', 'm'), 'number')
    """
    if name not in samples:
        raise NkululekoError(f"no column '{name}'", todo=did_you_mean(name, map(str, samples.columns)))
    column = samples[name]
    numbers = None if labels or name in NAMES else _numbers(column)
    if numbers is not None:
        note = _oddity(len(np.unique(numbers[~np.isnan(numbers)])), "value")
        return Variable(name, "number", pd.Series(numbers, samples.index, name=name), note=note)
    text = _text(column)
    levels = _levels(column, text, labels)
    note = _oddity(len(levels), f"value: '{levels[0]}'" if levels else "")
    if len(levels) > most:
        text, kept = _most_frequent(text, levels, most)
        others = int((text == OTHER).sum())
        note = f"the {most} most frequent of {len(levels)} values; '{OTHER}' are the {others} samples of all others"
        levels = kept
    return Variable(name, "category", text.rename(name), levels, note)


def binned(variable: Variable, bins: int = 3, borders: Sequence[float] | None = None) -> Variable:
    """A number as categories.

    Without borders, the bins hold about as many samples each, equal values stay together, and a bin is called after
    the smallest and the largest value in it.

    Args:
        variable: a number; categories come back as they are
        bins: how many
        borders: in ascending order, the outer ones too, so one more than there will be bins: each bin holds its
            lower border, the last one its upper border too; values outside are missing

    Example:
        >>> binned(Variable("age", "number", pd.Series([20.0, 27, 30, 41])), bins=2).levels
        ('20 to 27', '30 to 41')
    """
    if variable.is_category:
        return variable
    values = variable.values.to_numpy(dtype=float)
    known = ~np.isnan(values)
    if borders is not None and len(borders) > 1:
        codes, levels, note = _between(values, borders)
    else:
        codes = np.full(len(values), -1)
        codes[known], levels = _equal(values[known], max(1, bins))
        note = f"in {len(levels)} bins with about as many samples each"
        if len(levels) < bins:
            note = f"in {len(levels)} bins, not {bins}: there are too few different values"
    text = pd.Series(np.array([*levels, None], dtype=object)[codes], variable.values.index, dtype="str")
    present = tuple(level for place, level in enumerate(levels) if (codes == place).any())
    if len(np.unique(values[known])) < 2:  # its own note says so
        note = ""
    notes = "; ".join(part for part in (variable.note, note) if part)
    return replace(variable, kind="category", values=text.rename(variable.name), levels=present, note=notes)


def _oddity(different: int, which: str) -> str:
    """What is to be said of a column with so few different values."""
    if different == 0:
        return "all values are missing"
    return f"it has only one {which}" if different == 1 else ""


def _numbers(column: pd.Series) -> np.ndarray | None:
    """The column as numbers, NaN where missing, shape ``(samples,)``; None: it holds categories."""
    if pd.api.types.is_bool_dtype(column):
        return None
    if pd.api.types.is_timedelta64_dtype(column):
        return column.dt.total_seconds().to_numpy(dtype=float)
    if pd.api.types.is_numeric_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        values = np.where(np.isfinite(values), values, np.nan)
    else:
        found = _numbers_in_text(column)
        if found is None:
            return None
        values = found
    different = np.unique(values[~np.isnan(values)])
    few = 0 < len(different) <= 2 and bool(np.all(different % 1 == 0))
    return None if few else values


def _numbers_in_text(column: pd.Series) -> np.ndarray | None:
    """Text that is numbers throughout, as from a CSV file; None: it is not, or looks like codes (``007``)."""
    ordered = isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered
    if ordered or pd.api.types.is_datetime64_any_dtype(column):
        return None
    codes, found = pd.factorize(_text(column))
    names = pd.Series(found, dtype="str")
    values = pd.to_numeric(names, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    if not len(names) or not np.isfinite(values).all() or names.str.contains(r"^[-+]?0\d").any():
        return None
    return np.append(values, np.nan)[codes]


def _text(column: pd.Series) -> pd.Series:
    """The values as text without blanks around it, whole numbers without ``.0``; empty ones are missing."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype(object).infer_objects()
    if pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column):
        values = column.to_numpy(dtype=float, na_value=np.nan)
        codes, found = pd.factorize(values)
        names = np.array([f"{value:.15g}" for value in found] + [None], dtype=object)
        return pd.Series(names[codes], column.index, dtype="str")
    text = column.astype("str").str.strip()
    return text.mask(text == "")


def _levels(column: pd.Series, text: pd.Series, labels: Sequence[str]) -> tuple[str, ...]:
    """The categories that there are: in the order given, or in that of the column's type, or sorted."""
    found = set(text.dropna().unique())
    known = [str(label) for label in labels]
    if not known and isinstance(column.dtype, pd.CategoricalDtype) and column.dtype.ordered:
        known = [str(value) for value in column.dtype.categories]
    first = [label for label in known if label in found]
    return (*first, *_sorted(found - set(first)))


def _sorted(names: set[str]) -> list[str]:
    """By value where all are numbers, else by the alphabet."""
    try:
        return sorted(names, key=lambda name: (float(name), name))
    except ValueError:
        return sorted(names)


def _most_frequent(text: pd.Series, levels: Sequence[str], most: int) -> tuple[pd.Series, tuple[str, ...]]:
    """The values with all but the most frequent ones called ``other``, and what is left of the categories."""
    counts = text.value_counts()
    ranked = sorted(levels, key=lambda level: (-counts[level], level))
    kept = set(ranked[:most]) - {OTHER}
    text = text.where(text.isin(kept) | text.isna(), OTHER)
    return text, (*(level for level in levels if level in kept), OTHER)


def _equal(values: np.ndarray, bins: int) -> tuple[np.ndarray, list[str]]:
    """The bin of each value, 0..k-1, and the names of the bins; a border never divides equal values."""
    different, counts = np.unique(values, return_counts=True)
    if len(different) <= bins:
        return np.searchsorted(different, values), _names(different, different)
    below = np.cumsum(counts)[:-1]  # samples up to each value at which one can cut
    ideal = len(values) * np.arange(1, bins) / bins
    cuts = np.unique(np.abs(below[None, :] - ideal[:, None]).argmin(axis=1))
    starts, ends = np.append(0, cuts + 1), np.append(cuts, len(different) - 1)
    return np.searchsorted(different[cuts], values), _names(different[starts], different[ends])


def _names(lows: np.ndarray, highs: np.ndarray) -> list[str]:
    """What bins are called, with no more digits than keep different values different."""
    ends = np.unique(np.append(lows, highs))
    whole = bool(np.all(ends % 1 == 0))
    fewest = range(15 if whole else 3, 16)
    digits = next((n for n in fewest if len({_plain(end, n) for end in ends}) == len(ends)), 17)
    pairs = [(_plain(low, digits), _plain(high, digits)) for low, high in zip(lows, highs, strict=True)]
    return [low if low == high else f"{low} to {high}" for low, high in pairs]


def _plain(value: float, digits: int) -> str:
    """A number with so many digits that count, without an exponent."""
    return np.format_float_positional(float(f"{value:.{digits}g}"), trim="-")


def _between(values: np.ndarray, borders: Sequence[float]) -> tuple[np.ndarray, list[str], str]:
    """The bin of each value, -1 outside and where missing; the names of the bins; and a note."""
    edges = np.unique(np.asarray(borders, dtype=float))
    codes = np.searchsorted(edges, values, side="right") - 1
    codes[values == edges[-1]] = len(edges) - 2
    outside = (codes < 0) | (codes > len(edges) - 2)
    codes[outside] = -1
    known = values[~np.isnan(values)]
    levels = [f"{low:g} to {high:g}" for low, high in pairwise(edges)]
    if len(levels) > 1 and (not len(known) or edges[0] < known.min()):
        levels[0] = f"below {edges[1]:g}"
    if len(levels) > 1 and (not len(known) or edges[-1] > known.max()):
        levels[-1] = f"{edges[-2]:g} and more"
    left = int(np.sum(outside & ~np.isnan(values)))
    note = "in bins with the borders " + ", ".join(f"{edge:g}" for edge in edges)
    return codes, levels, note + (f"; {left} values outside are left out" if left else "")

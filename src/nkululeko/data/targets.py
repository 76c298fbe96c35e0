"""The target: from what the data say to what is learned.

The order of the steps, each on one database but for the last two: mapping, ``reverse``,
``target_divide_by``, ``scale``; then over all databases: bins, labels.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.data.dropped import Dropped


def apply_mapping(
    samples: pd.DataFrame, target: str, mapping: Mapping[str, object], name: str
) -> tuple[pd.DataFrame, list[Dropped]]:
    """Rename labels, of the target or per column; samples whose target is not in the mapping are dropped.

    Args:
        samples: of one database
        target: the target column
        mapping: old label to new, or column to such a mapping
        name: of the database

    Raises:
        NkululekoError: a column that does not exist, or a mapping that fits no label at all
    """
    if not mapping:
        return samples, []
    nested = any(isinstance(value, Mapping) for value in mapping.values())
    per_column: Mapping = mapping if nested else {target: mapping}
    dropped: list[Dropped] = []
    for column, names in per_column.items():
        if not isinstance(names, Mapping):
            raise NkululekoError(
                f"mapping: '{column}' is neither a label nor a column with labels of its own",
                f"database '{name}'",
                "write {old: new}, or {column: {old: new}} throughout",
            )
        if column not in samples:
            raise NkululekoError(
                f"mapping: no column '{column}'", f"database '{name}'", did_you_mean(column, samples.columns)
            )
        old = as_labels(samples[column])
        new = old.map({str(key): str(value) for key, value in names.items()})
        if column != target:
            samples = samples.assign(**{column: new.fillna(old)})
            continue
        outside = new.isna() & old.notna()
        if new.notna().sum() == 0:
            found = ", ".join(sorted(old.dropna().unique())[:20])
            raise NkululekoError(
                f"mapping fits no label of '{target}' (there are: {found})", f"database '{name}'"
            )
        if outside.any():
            labels = ", ".join(sorted(old[outside].unique()))
            reason = f"label not in the mapping: {labels}"
            dropped.append(Dropped(name, "mapping", reason, samples.index[outside]))
        samples = samples.assign(**{column: new})[~outside.to_numpy()]
    return samples, dropped


def as_labels(column: pd.Series) -> pd.Series:
    """The values as text, whole numbers without ``.0``; missing values stay missing."""
    if isinstance(column.dtype, pd.CategoricalDtype):
        column = column.astype("object").infer_objects()
    if pd.api.types.is_bool_dtype(column) or not pd.api.types.is_numeric_dtype(column):
        text = column.astype("str").str.strip()
        return text.mask(text == "")
    whole = (column.dropna() % 1 == 0).all()
    numbers = column.astype("Int64") if whole else column
    return numbers.astype("str").mask(column.isna())


def as_numbers(column: pd.Series, target: str, name: str) -> pd.Series:
    """The target as numbers.

    Raises:
        NkululekoError: a value that is none
    """
    if pd.api.types.is_timedelta64_dtype(column):
        return column.dt.total_seconds()
    numbers = pd.to_numeric(column, errors="coerce")
    bad = column[numbers.isna() & column.notna()]
    if len(bad):
        raise NkululekoError(
            f"'{target}' is no number: '{bad.iloc[0]}' ({len(bad)} of {len(column)} values)",
            f"database '{name}', {bad.index[0][0]}",
            "for labels set EXP.type = classification",
        )
    return numbers.astype(float).replace([np.inf, -np.inf], np.nan)


def tweak_numbers(
    values: pd.Series, *, reverse: bool, reverse_max: float | None, divide_by: float | None, scale: bool
) -> pd.Series:
    """Polarity ``abs(x - max)``, division, z-transform, in this order.

    Args:
        values: the target of one database
        reverse: turn the polarity
        reverse_max: the scale's maximum; None: the largest value seen
        divide_by: a number
        scale: to mean 0 and standard deviation 1 within this database

    Example:
        >>> list(tweak_numbers(pd.Series([1.0, 10.0]), reverse=True, reverse_max=10, divide_by=None, scale=False))
        [9.0, 0.0]
    """
    if reverse:
        values = (values - (values.max() if reverse_max is None else reverse_max)).abs()
    if divide_by is not None:
        values = values / divide_by
    if scale:
        deviation = values.std(ddof=0)
        values = (values - values.mean()) / (deviation if deviation > 0 else 1.0)
    return values


def to_bins(
    values: pd.Series, bins: Sequence[float] | None, labels: Sequence[str]
) -> tuple[pd.Series, list[str], str]:
    """A continuous target as classes: each bin holds its lower border, the last one its upper border too.

    Args:
        values: numbers
        bins: one border more than labels; None or empty: as many values in each bin
        labels: of the bins; empty: low, middle, high

    Returns:
        the labels (missing outside the bins), the labels in order, and a note on the borders

    Raises:
        NkululekoError: too few different values for so many bins, or bins and labels do not fit
    """
    names = list(labels) or ["low", "middle", "high"]
    if not bins:
        borders = (
            np.quantile(values.dropna(), np.linspace(0, 1, len(names) + 1))
            if values.notna().any()
            else np.zeros(1)
        )
        if len(np.unique(borders)) != len(names) + 1:
            raise NkululekoError(
                f"the target has too few different values for {len(names)} bins of equal size",
                "DATA.bins",
                "set bins",
            )
        inner = borders[1:-1]
        borders = np.array([-np.inf, *inner, np.inf])
        note = "bins of equal size, borders " + ", ".join(f"{border:.4g}" for border in inner)
    else:
        if len(bins) != len(names) + 1:
            there = f"there are {len(labels)} labels" if labels else "the labels are not named"
            raise NkululekoError(
                f"{len(bins)} borders make {len(bins) - 1} bins, and {there}",
                "DATA.bins",
                "set labels: one a bin",
            )
        borders = np.asarray(bins, dtype=float)
        note = "bins " + ", ".join(f"{border:g}" for border in borders)
    binned = pd.cut(values, borders, right=False, labels=names)
    binned = binned.mask(values == borders[-1], names[-1])  # on the very top: still in the last bin
    return binned.astype("str").mask(binned.isna()), names, note


def choose_labels(samples: pd.DataFrame, target: str, labels: Sequence[str]) -> tuple[list[str], list[str]]:
    """The classes: those named, or those found, sorted; and warnings about names that no sample has.

    Raises:
        NkululekoError: none of the named labels is in the data
    """
    found = sorted(samples[target].dropna().unique())
    if not labels:
        return found, []
    present = [label for label in labels if label in found]
    others = [label for label in found if label not in labels]
    if not present:
        raise NkululekoError(
            f"none of the labels is a value of '{target}' (there are: {', '.join(found[:20])})", "DATA.labels"
        )
    warnings = []
    for label in labels:
        if label not in found:
            near = difflib.get_close_matches(label, others, n=1, cutoff=0.6)
            hint = f"; did you mean '{near[0]}'?" if near else ""
            warnings.append(f"DATA.labels: no sample has the label '{label}'; it is left out{hint}")
    return present, warnings


def compare_labels(column: pd.Series, databases: pd.Series, target: str) -> list[str]:
    """Warnings about databases that have no label in common with the others: a mapping is missing, most likely.

    Args:
        column: labels, after mapping
        databases: whose sample each is
        target: name of the column
    """
    found = {
        str(name): set(column[(databases == name).to_numpy()].dropna().unique())
        for name in databases.unique()
    }
    warnings = []
    for name, mine in found.items():
        others = set().union(*(theirs for other, theirs in found.items() if other != name))
        if len(found) > 1 and not mine & others:
            shown = ", ".join(sorted(mine)[:8])
            warnings.append(
                f"database '{name}' has no '{target}' in common with the others (it has: {shown}): bring them together"
                f" by {name}.mapping"
            )
    return warnings

"""How alike the parts of a split are: categories, their shares in each part, and the divergence from the whole."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.data.targets import as_labels

#: a number with no more different values than this is taken as categories, without bins
FEW = 6
MISSING = "(missing)"


@dataclass(frozen=True)
class Categories:
    """A variable as categories.

    Args:
        codes: the category of each sample, 0..k-1, shape ``(samples,)``
        labels: of the categories, ``k``
    """

    codes: np.ndarray
    labels: list[str]


def is_number(column: pd.Series) -> bool:
    """Whether a column holds numbers or durations; truth values are categories."""
    if pd.api.types.is_bool_dtype(column):
        return False
    return pd.api.types.is_numeric_dtype(column) or pd.api.types.is_timedelta64_dtype(column)


def needs_bins(column: pd.Series) -> bool:
    """Whether it holds numbers with too many different values (more than 6) to be taken as categories."""
    return is_number(column) and column.nunique() > FEW


def categories(column: pd.Series, bins: int | None = None) -> Categories:
    """A column as categories, in sorted order; missing values are a category of their own, the last one.

    Args:
        column: values
        bins: for numbers: so many bins with about as many samples in each; a value never falls into two bins;
            None: each different value is a category

    Example:
        >>> categories(pd.Series([20, 30, 40, 50]), bins=2).labels
        ['20 to 30', '40 to 50']
        >>> categories(pd.Series(["m", "f", None])).labels
        ['f', 'm', '(missing)']
    """
    if is_number(column):
        missing = column.isna().to_numpy()
        codes = np.full(len(column), -1, dtype=np.int64)
        codes[~missing], labels = _binned(_floats(column[~missing]), bins or len(column))
    else:
        codes, names = pd.factorize(as_labels(column), sort=True)  # missing and empty: -1
        labels = [str(name) for name in names]
    if (codes < 0).any():
        codes = np.where(codes < 0, len(labels), codes)
        labels = [*labels, MISSING]
    return Categories(codes, labels)


def _floats(column: pd.Series) -> np.ndarray:
    if pd.api.types.is_timedelta64_dtype(column):
        return column.dt.total_seconds().to_numpy(dtype=float)
    return column.to_numpy(dtype=float)


def _binned(values: np.ndarray, bins: int) -> tuple[np.ndarray, list[str]]:
    """Bins of about equal frequency: each border stands after the value whose rank is nearest to the ideal."""
    different, counts = np.unique(values, return_counts=True)
    if len(different) <= bins:
        return np.searchsorted(different, values), [f"{value:g}" for value in different]
    below = np.cumsum(counts)[:-1]  # samples up to each value at which one can cut
    ideal = len(values) * np.arange(1, bins) / bins
    cuts = np.unique(np.abs(below[None, :] - ideal[:, None]).argmin(axis=1))
    starts, ends = np.append(0, cuts + 1), np.append(cuts, len(different) - 1)
    labels = [
        f"{low:g} to {high:g}" if low < high else f"{low:g}"
        for low, high in zip(different[starts], different[ends], strict=True)
    ]
    return np.searchsorted(different[cuts], values), labels


def variables_of(
    samples: pd.DataFrame, variables: Mapping[str, float], bins: Mapping[str, int], where: str = "balance"
) -> dict[str, Categories]:
    """Each variable as categories.

    Args:
        samples: with a column for each variable
        variables: column to weight
        bins: column to number of bins
        where: for messages

    Raises:
        NkululekoError: an unknown column, or numbers without bins
    """
    found = {}
    for name in variables:
        if name not in samples:
            raise NkululekoError(
                f"balance: no column '{name}'", where, did_you_mean(name, map(str, samples.columns))
            )
        column = samples[name]
        if name not in bins and needs_bins(column):
            what = f"balance: '{name}' holds numbers ({column.nunique()} different values)"
            raise NkululekoError(what, where, f"set {name}_bins = 3, say, to put them into bins")
        found[name] = categories(column, bins.get(name))
    return found


def jensen_shannon(counts: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """The Jensen-Shannon divergence of distributions from one other, in bits: 0 alike, 1 nothing in common.

    Lin (1991), Divergence measures based on the Shannon entropy, IEEE Trans. Information Theory 37(1).

    Args:
        counts: samples in each category, shape ``(..., categories)``; need not sum to 1
        whole: likewise, shape ``(categories,)``

    Returns:
        shape ``(...)``; NaN where there are no samples

    Example:
        >>> jensen_shannon(np.array([[1, 1], [2, 0]]), np.array([5, 5])).round(3).tolist()
        [0.0, 0.311]
    """
    totals = counts.sum(axis=-1, keepdims=True)
    part = np.divide(counts, totals, out=np.full(counts.shape, np.nan), where=totals > 0)
    reference = whole / whole.sum()
    mixed = _entropy((part + reference) / 2)
    return np.maximum(mixed - (_entropy(part) + _entropy(reference)) / 2, 0.0)


def _entropy(shares: np.ndarray) -> np.ndarray:
    """In bits, over the last axis."""
    logs = np.log2(shares, out=np.zeros_like(shares), where=shares != 0)
    return -(shares * logs).sum(axis=-1)


def divergence(
    samples: pd.DataFrame, split: pd.Series, variables: Mapping[str, float], bins: Mapping[str, int]
) -> pd.DataFrame:
    """How far each part of a split is from the whole, in each variable.

    Args:
        samples: with a column for each variable
        split: ``train``, ``dev``, ``test`` or missing, a row a sample; the whole are the rows that have one
        variables: column to weight
        bins: column to number of bins, for numbers

    Returns:
        columns ``split``, ``variable``, ``weight``, ``divergence`` (Jensen-Shannon, 0 alike to 1), a row for each
        variable and each part that has samples

    Raises:
        NkululekoError: an unknown column, or numbers without bins

    Example:
        >>> samples = pd.DataFrame({"gender": ["f", "m", "f", "f"]})
        >>> divergence(samples, pd.Series(["train", "train", "test", "test"]), {"gender": 2}, {}).round(2)
           split variable  weight  divergence
        0  train   gender     2.0        0.05
        1   test   gender     2.0        0.14
    """
    counts = distributions(samples, split, variables, bins)
    rows = []
    for part in _parts(split):
        for name, weight in variables.items():
            own = counts[counts["variable"] == name]
            value = jensen_shannon(own[part].to_numpy(dtype=float), own["whole"].to_numpy(dtype=float))
            rows.append((part, name, float(weight), float(value)))
    return pd.DataFrame(rows, columns=["split", "variable", "weight", "divergence"])


def distributions(
    samples: pd.DataFrame, split: pd.Series, variables: Mapping[str, float], bins: Mapping[str, int]
) -> pd.DataFrame:
    """How many samples each part has in each category, for tables and plots.

    Args:
        samples, split, variables, bins: as in :func:`divergence`

    Returns:
        columns ``variable``, ``category``, ``whole``, and one for each part that has samples; numbers of samples

    Raises:
        NkululekoError: an unknown column, or numbers without bins
    """
    used = split.notna().to_numpy()
    sides = split.to_numpy()[used]
    parts, frames = _parts(split), []
    for name, found in variables_of(samples[used], variables, bins).items():
        table = pd.DataFrame({"variable": name, "category": found.labels})
        size = len(found.labels)
        table["whole"] = np.bincount(found.codes, minlength=size)
        for part in parts:
            table[part] = np.bincount(found.codes[sides == part], minlength=size)
        frames.append(table)
    columns = ["variable", "category", "whole", *parts]
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=columns)


def _parts(split: pd.Series) -> list[str]:
    present = set(split.dropna().unique())
    return [part for part in contract.SPLITS if part in present]

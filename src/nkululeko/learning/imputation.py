"""Missing values: filled with what the training part says (``FEATS.nan_strategy``), or their rows dropped.

Everything that is not a finite number counts as missing.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nkululeko.core.errors import NkululekoError, did_you_mean

Strategy = Literal["zero", "mean", "median", "drop", "none"]
STRATEGIES: tuple[Strategy, ...] = ("zero", "mean", "median", "drop", "none")


@dataclass(frozen=True)
class Imputer:
    """What is put in the place of missing values.

    Args:
        strategy: one of ``STRATEGIES``; ``drop`` and ``none`` fill nothing
        fill: a number for each feature, shape ``(features,)``
        notes: what the user should know, a line each
    """

    strategy: Strategy
    fill: np.ndarray
    notes: tuple[str, ...] = ()

    def apply(self, features: np.ndarray) -> np.ndarray:
        """The features with missing values filled, or, if nothing fills them, as NaN; same shape."""
        filled = np.nan if self.strategy in ("drop", "none") else self.fill
        return np.where(np.isfinite(features), features, filled)


def complete_rows(features: np.ndarray) -> np.ndarray:
    """True for each row without a missing value, shape ``(samples,)``.

    With ``nan_strategy = drop`` the caller drops the others, of all parts, and counts them.

    Example:
        >>> complete_rows(np.array([[1.0, 2.0], [np.nan, 2.0]])).tolist()
        [True, False]
    """
    return np.isfinite(features).all(axis=1)


def as_strategy(name: str) -> Strategy:
    """The strategy of that name.

    Raises:
        NkululekoError: there is no such strategy
    """
    for strategy in STRATEGIES:
        if strategy == name:
            return strategy
    hint = did_you_mean(name, STRATEGIES)
    raise NkululekoError(f"unknown nan_strategy '{name}'", "FEATS.nan_strategy", hint)


def fit_imputer(strategy: str, features: np.ndarray, names: Sequence[str] = ()) -> Imputer:
    """Learn from the training part what to put in the place of missing values.

    Args:
        strategy: one of ``STRATEGIES``
        features: the training part only, shape ``(samples, features)``
        names: the features' names, for the notes

    Raises:
        NkululekoError: no such strategy

    Example:
        >>> imputer = fit_imputer("mean", np.array([[1.0, 4.0], [3.0, np.nan]]))
        >>> imputer.apply(np.array([[np.nan, np.nan]])).tolist()
        [[2.0, 4.0]]
    """
    known = as_strategy(strategy)
    width = features.shape[1]
    filled = _filled(known, features, names)
    if known not in ("mean", "median"):
        return Imputer(known, np.zeros(width), filled)
    present = np.where(np.isfinite(features), features, np.nan)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore", RuntimeWarning
        )  # a column without any value has no mean: handled below
        fill = np.nanmean(present, axis=0) if known == "mean" else np.nanmedian(present, axis=0)
    empty = np.flatnonzero(np.isnan(present).all(axis=0))
    notes = filled
    if len(empty):
        which = [
            names[number] if len(names) == width else f"feature {number + 1}" for number in empty.tolist()
        ]
        shown = ", ".join(which[:5]) + (f" and {len(which) - 5} more" if len(which) > 5 else "")
        notes = (
            *filled,
            f"no training sample has a value of {shown}: 0 in its place (nan_strategy {known})",
        )
    return Imputer(known, np.where(np.isfinite(fill), fill, 0.0), notes)


def _filled(strategy: Strategy, features: np.ndarray, names: Sequence[str]) -> tuple[str, ...]:
    """How much of the training part is made up, where something is; columns without any value are told apart."""
    gaps = ~np.isfinite(features)
    if strategy != "zero":
        gaps &= ~gaps.all(axis=0)
    if strategy not in ("zero", "mean", "median") or not gaps.any():
        return ()
    most = int(gaps.sum(axis=0).argmax())
    name = names[most] if len(names) == features.shape[1] else f"feature {most + 1}"
    what = "0" if strategy == "zero" else f"the {strategy} of the training samples"
    rows = int(gaps.any(axis=1).sum())
    return (
        f"{rows} of {len(gaps)} training samples have missing values, most in {name}: filled with {what}",
    )

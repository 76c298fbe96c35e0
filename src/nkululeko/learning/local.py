"""Why a model answers as it does, for one recording: each feature put back to its usual value, one at a time.

That is occlusion (Zeiler & Fergus 2014): it needs nothing but answers, so it does for every model alike. For a linear
model the effect of a feature is its weight times its distance from the usual value, exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

#: the usual values are those of so many training rows at most
ROWS = 1000
#: so many features are tried; of more, those that matter to the model, or stand out in the recording
MOST = 1000
#: values that are answered about at a time
BATCH = 4_000_000

#: rows of features, shape ``(rows, features)``, to a number each, shape ``(rows,)``
Answer = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Driver:
    """What one feature did to one answer.

    Args:
        name: of the feature
        value: in this recording; NaN where it has none
        low: a quarter of the training recordings have less than this
        usual: half of them have less
        high: three quarters have less
        effect: by how much it raised the answer, compared to its usual value; negative: lowered
    """

    name: str
    value: float
    low: float
    usual: float
    high: float
    effect: float

    @property
    def place(self) -> str:
        """Where the value stands among those of the training: ``low``, ``usual``, ``high`` or ``missing``."""
        if self.value != self.value:
            return "missing"
        if self.value < self.low:
            return "low"
        return "high" if self.value > self.high else "usual"


def quartiles(features: np.ndarray) -> np.ndarray:
    """Lower quartile, median and upper quartile of each feature, shape ``(3, features)``; NaN without any value.

    Of many rows, only some are looked at, at even distances.

    Args:
        features: of the training part, shape ``(rows, features)``; what is no finite number is left out

    Example:
        >>> quartiles(np.array([[1.0], [2.0], [3.0], [4.0], [5.0], [np.nan]])).ravel().tolist()
        [2.0, 3.0, 4.0]
    """
    count = min(len(features), ROWS)
    if not count or not features.shape[1]:
        return np.full((3, features.shape[1]), np.nan)
    rows = features[np.arange(count) * len(features) // count]
    ordered = np.sort(np.where(np.isfinite(rows), rows, np.nan), axis=0)  # what is missing comes last
    last = np.isfinite(ordered).sum(axis=0) - 1
    columns = np.arange(features.shape[1])
    found = np.empty((3, features.shape[1]))
    for row, share in enumerate((0.25, 0.5, 0.75)):
        place = np.maximum(last, 0) * share
        below = np.floor(place).astype(int)
        above = np.minimum(below + 1, np.maximum(last, 0))
        part = place - below
        # not a + part * (b - a): where both are the same, the sum must be so too
        found[row] = ordered[below, columns] * (1 - part) + ordered[above, columns] * part
    found[:, last < 0] = np.nan
    return found


def occlusion(answer: Answer, row: np.ndarray, usual: np.ndarray, tried: np.ndarray) -> np.ndarray:
    """By how much each feature raises an answer, compared to its usual value, shape ``(tried,)``.

    Args:
        answer: of the model
        row: the features of one recording, shape ``(features,)``
        usual: of each feature, shape ``(features,)``
        tried: numbers of the features to put back

    Example:
        >>> weights = np.array([2.0, -1.0])
        >>> occlusion(lambda rows: rows @ weights, np.array([3.0, 5.0]), np.array([1.0, 1.0]), np.arange(2)).tolist()
        [4.0, -4.0]
    """
    whole = float(answer(row[np.newaxis])[0])
    effects = np.empty(len(tried))
    at_once = max(1, BATCH // max(1, len(row)))
    for begin in range(0, len(tried), at_once):
        some = tried[begin : begin + at_once]
        rows = np.tile(row, (len(some), 1))
        rows[np.arange(len(some)), some] = usual[some]
        effects[begin : begin + at_once] = whole - answer(rows)
    return effects


def worth_trying(row: np.ndarray, known: np.ndarray, importance: np.ndarray | None) -> np.ndarray:
    """The numbers of the features to put back: all that differ from their usual value, or the likeliest of them.

    Args:
        row: the features of one recording
        known: as of :func:`quartiles`
        importance: of the features to the model, where it has one
    """
    differs = np.isfinite(known[1]) & (row != known[1])
    tried = np.flatnonzero(differs)
    if len(tried) <= MOST:
        return tried
    if importance is None:
        spread = known[2] - known[0]
        with np.errstate(divide="ignore", invalid="ignore"):
            importance = np.nan_to_num(np.abs(row - known[1]) / spread, nan=0.0, posinf=0.0)
    return np.sort(tried[np.argsort(-importance[tried], kind="stable")[:MOST]])


def drivers(
    answer: Answer, row: np.ndarray, known: np.ndarray, names: Sequence[str], importance: np.ndarray | None = None
) -> list[Driver]:  # fmt: skip
    """The features that moved an answer, the strongest first.

    Args:
        answer: of the model
        row: the features of one recording, shape ``(features,)``
        known: as of :func:`quartiles`, shape ``(3, features)``
        names: of the features
        importance: of the features to the model, where it has one
    """
    tried = worth_trying(row, known, importance)
    effects = occlusion(answer, row, known[1], tried)
    found = [
        Driver(str(names[place]), float(row[place]), float(low), float(usual), float(high), float(effect))
        for place, (low, usual, high), effect in zip(tried, known.T[tried], effects, strict=True)
        if effect != 0
    ]
    return sorted(found, key=lambda driver: -abs(driver.effect))

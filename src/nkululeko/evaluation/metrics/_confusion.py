"""What the classification metrics share: three counts a class, and the figures that follow from them.

Recall, precision and all that is made of them need of a confusion matrix only its diagonal and its two
margins. So the additive statistics are an array of shape ``(..., 3, C)`` for C classes: ``hits`` (truth and
prediction agree), ``truths`` and ``guesses`` (how often a class is the truth, is predicted). They grow with
C, not with its square, so many classes and many resamples fit into memory.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Scored


def label_codes(values: np.ndarray, labels: Sequence[str]) -> np.ndarray:
    """The position of each value in the list of labels, shape ``(samples,)``.

    Raises:
        NkululekoError: a value is none of the labels

    Example:
        >>> label_codes(np.array(["sad", "happy"]), ["happy", "sad"])
        array([1, 0])
    """
    position = {label: code for code, label in enumerate(labels)}
    found = map(position.get, values.tolist(), itertools.repeat(-1))  # three times as fast as a generator
    codes = np.fromiter(found, dtype=np.intp, count=len(values))
    if len(codes) and np.min(codes) < 0:
        stranger = values[codes < 0][0]
        raise NkululekoError(
            f"the label '{stranger}' is none of the classes",
            todo=f"expected one of: {', '.join(map(str, labels))}",
        )
    return codes


def class_counts(scored: Scored, groups: np.ndarray | None = None, k: int = 1) -> np.ndarray:
    """Hits, truths and guesses of each class in each of ``k`` groups, shape ``(k, 3, C)``."""
    truth, prediction = (
        label_codes(scored.truth, scored.labels),
        label_codes(scored.prediction, scored.labels),
    )
    group = np.zeros(len(truth), dtype=np.intp) if groups is None else groups
    classes = len(scored.labels)

    def table(rows: np.ndarray, codes: np.ndarray) -> np.ndarray:
        return np.bincount(rows * classes + codes, minlength=k * classes).reshape(k, classes)

    hit = truth == prediction
    counts = [table(group[hit], truth[hit]), table(group, truth), table(group, prediction)]
    return np.stack(counts, axis=1).astype(float)


def resampled_counts(scored: Scored, groups: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """Hits, truths and guesses of each class in each resample of groups, shape ``(resamples, 3, C)``."""
    resamples, k = counts.shape
    sums = class_counts(scored, groups, k).reshape(k, -1)
    return (counts.astype(float, copy=False) @ sums).reshape(resamples, 3, -1)


def accuracy(counts: np.ndarray) -> np.ndarray:
    """Share of the samples whose class was found, shape ``(...)``; NaN without samples."""
    hits, truths, _ = np.moveaxis(counts, -2, 0)
    return ratio(hits.sum(axis=-1), truths.sum(axis=-1))


def recalls(counts: np.ndarray) -> np.ndarray:
    """Recall of each class, shape ``(..., C)``; NaN for a class that is never the truth."""
    hits, truths, _ = np.moveaxis(counts, -2, 0)
    return ratio(hits, truths)


def precisions(counts: np.ndarray) -> np.ndarray:
    """Precision of each class, shape ``(..., C)``; 0 if never predicted, NaN if absent altogether."""
    hits, truths, guesses = np.moveaxis(counts, -2, 0)
    return np.where((guesses == 0) & (truths > 0), 0.0, ratio(hits, guesses))


def f1s(counts: np.ndarray) -> np.ndarray:
    """F1 of each class, shape ``(..., C)``; NaN for a class absent from truth and prediction."""
    hits, truths, guesses = np.moveaxis(counts, -2, 0)
    return ratio(2 * hits, truths + guesses)


def mean_of_defined(values: np.ndarray) -> np.ndarray:
    """Mean over the last axis without its NaN; NaN where nothing is left.

    Example:
        >>> float(mean_of_defined(np.array([0.5, np.nan, 1.0])))
        0.75
    """
    defined = ~np.isnan(values)
    return ratio(np.where(defined, values, 0.0).sum(axis=-1), defined.sum(axis=-1))


def ratio(numerator: np.ndarray, denominator: np.ndarray) -> np.ndarray:
    """Numerator by denominator; NaN, without a warning, where the denominator is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(denominator > 0, np.divide(numerator, denominator), np.nan)

"""How sure a model is of each answer, and what is gained if it may leave out the doubtful ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Metric, Scored
from nkululeko.evaluation.intervals import bootstrap_scores

if TYPE_CHECKING:
    import pandas as pd

COLUMNS = ["threshold", "kept", "samples", "speakers", "value", "low", "high", "lost"]


def entropy(probabilities: np.ndarray) -> np.ndarray:
    """How undecided the model is: 0 where one class is certain, 1 where all are equally likely.

    Shannon's entropy ("A mathematical theory of communication", 1948), divided by the logarithm of the number of
    classes, so that it means the same whatever their number. It is as good as the probabilities are: calibrate them
    first, and runs can be compared. Certainty is 1 minus this.

    Args:
        probabilities: of each sample and class, shape ``(samples, classes)``; each row adds up to 1

    Returns:
        shape ``(samples,)``, 0..1; 0 with a single class

    Raises:
        NkululekoError: these are no probabilities

    Example:
        >>> entropy(np.array([[1.0, 0.0], [0.5, 0.5], [0.9, 0.1]])).round(3).tolist()
        [0.0, 1.0, 0.469]
    """
    p = np.asarray(probabilities, dtype=float)
    if p.ndim != 2:
        raise ValueError(f"probabilities must have the shape (samples, classes), not {p.shape}")
    if not ((p > -1e-6) & (p < 1 + 1e-6)).all() or not (np.abs(p.sum(axis=1) - 1) < 1e-3).all():
        raise NkululekoError(
            "the model's scores are no probabilities: each between 0 and 1, adding up to 1",
            "uncertainty",
            "take a model that gives probabilities",
        )
    if p.shape[1] < 2:
        return np.zeros(len(p))
    logs = np.log(np.where(p > 0, p, 1.0))  # 0 · log 0 is 0
    return np.clip(0.0 - (p * logs).sum(axis=1) / np.log(p.shape[1]), 0.0, 1.0)


def risk_coverage(correct: np.ndarray, certainty: np.ndarray) -> pd.DataFrame:
    """How often the answers are wrong if only the surest are kept: the risk-coverage curve.

    Source: El-Yaniv and Wiener, "On the foundations of noise-free selective classification", 2010.

    Args:
        correct: whether each answer is right, shape ``(samples,)``
        certainty: of each answer, higher is surer, shape ``(samples,)``

    Returns:
        one row a different certainty, descending: ``coverage`` (share kept, up to 1), ``risk`` (share of these that is
        wrong), ``threshold`` (the certainty from which on they are kept)

    Example:
        >>> risk_coverage(np.array([True, False, True, False]), np.array([0.9, 0.5, 0.7, 0.5])).values.tolist()
        [[0.25, 0.0, 0.9], [0.5, 0.0, 0.7], [1.0, 0.5, 0.5]]
    """
    import pandas as pd

    wrong, certainty = _ranked(correct, certainty)
    last = np.flatnonzero(np.append(np.diff(certainty) != 0, True)) if len(wrong) else np.empty(0, dtype=int)
    kept = last + 1
    return pd.DataFrame(
        {
            "coverage": kept / max(len(wrong), 1),
            "risk": np.cumsum(wrong)[last] / kept,
            "threshold": certainty[last],
        }
    )


def aurc(correct: np.ndarray, certainty: np.ndarray) -> float:
    """The area under the risk-coverage curve: the mean risk over all numbers of answers kept; 0 is perfect.

    If certainty says nothing it is about the share of wrong answers. Answers that are equally certain are kept in
    random order: their expected risk counts. Source: Geifman, Uziel and El-Yaniv, "Bias-reduced uncertainty estimation
    for deep neural classifiers", 2019.

    Args:
        correct: whether each answer is right, shape ``(samples,)``
        certainty: of each answer, higher is surer, shape ``(samples,)``

    Returns:
        0..1; NaN without samples

    Example:
        >>> round(aurc(np.array([True, True, False]), np.array([0.9, 0.8, 0.1])), 3)
        0.111
    """
    wrong, certainty = _ranked(correct, certainty)
    if not len(wrong):
        return float("nan")
    _, tied, size = np.unique(-certainty, return_inverse=True, return_counts=True)
    expected = (np.bincount(tied, weights=wrong) / size)[tied]
    return float(np.mean(np.cumsum(expected) / np.arange(1, len(wrong) + 1)))


def threshold_table(
    metric: Metric,
    scored: Scored,
    certainty: np.ndarray,
    groups: np.ndarray | None,
    thresholds: Sequence[float],
    *,
    seed: int,
) -> pd.DataFrame:
    """What is left, and how good it is, if answers less certain than a threshold are left out.

    Args:
        metric: how good
        scored: truth and prediction of ``n`` samples
        certainty: of each answer, 0..1, e.g. 1 minus :func:`entropy`, shape ``(n,)``
        groups: the speaker of each sample, shape ``(n,)``; None where unknown
        thresholds: answers of this certainty or more are kept
        seed: of the intervals

    Returns:
        one row a threshold: ``threshold``; ``kept`` (share); ``samples``; ``speakers`` (missing where unknown);
        ``value``, ``low``, ``high`` of the metric on the kept ones, NaN where it is undefined; ``lost``: the classes
        of which none is kept, separated by commas: the metric does not count them any more

    Example:
        >>> from nkululeko.core.families import metrics
        >>> labels, truth = ["a", "b"], np.array(["a", "a", "b", "b"])
        >>> scored, certainty = Scored(truth, np.array(["a", "b", "b", "b"]), labels), np.array([0.9, 0.2, 0.8, 0.3])
        >>> table = threshold_table(metrics.load("uar")(), scored, certainty, None, [0, 0.25], seed=1)
        >>> table[["threshold", "kept", "value"]].values.tolist()
        [[0.0, 1.0, 0.75], [0.25, 0.75, 1.0]]
    """
    import pandas as pd

    rows = []
    for threshold in thresholds:
        keep = certainty >= threshold
        scores = None if scored.scores is None else scored.scores[keep]
        part = Scored(scored.truth[keep], scored.prediction[keep], scored.labels, scores)
        theirs = None if groups is None else np.asarray(groups, dtype=object)[keep]
        score = bootstrap_scores({"": metric}, part, theirs, seed=seed)[0][""]
        speakers = pd.NA if theirs is None else pd.Series(theirs, dtype=object).nunique()
        there, left = set(np.asarray(scored.truth).tolist()), set(np.asarray(part.truth).tolist())
        lost = ", ".join(str(label) for label in scored.labels if label in there - left)
        share = keep.mean() if len(keep) else np.nan
        rows.append(
            [float(threshold), share, int(keep.sum()), speakers, score.value, score.low, score.high, lost]
        )
    return pd.DataFrame(rows, columns=COLUMNS).astype({"samples": int, "speakers": "Int64"})


def _ranked(correct: np.ndarray, certainty: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Whether each answer is wrong (1 or 0), and its certainty, the surest first."""
    correct, certainty = np.asarray(correct, dtype=bool), np.asarray(certainty, dtype=float)
    if correct.shape != certainty.shape:
        raise ValueError(f"{len(correct)} answers, but {len(certainty)} certainties")
    if np.isnan(certainty).any():
        raise ValueError("certainty must not be NaN")
    order = np.argsort(-certainty, kind="stable")
    return (~correct[order]).astype(float), certainty[order]

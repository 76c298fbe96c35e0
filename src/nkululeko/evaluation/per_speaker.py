"""One answer a speaker: what a model says of all samples of a speaker together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from nkululeko.core.families import Scored
from nkululeko.evaluation.metrics._confusion import label_codes

How = Literal["mode", "mean"]


@dataclass(frozen=True)
class PerSpeaker:
    """Truth and answer of each speaker.

    Args:
        scored: one row a speaker
        speakers: who, in the order of the rows
        counts: samples of each, shape ``(speakers,)``
        left_out: speakers whose samples differ in their truth, so that there is no one answer to be right
        unknown: samples whose speaker is not known, which are left out
        how: how it was done, which may be another way than what was asked for
    """

    scored: Scored
    speakers: Sequence[str]
    counts: np.ndarray
    left_out: Sequence[str]
    unknown: int
    how: How


def combine(scored: Scored, speakers: np.ndarray, how: How) -> PerSpeaker:
    """One answer a speaker.

    Args:
        scored: truth and prediction of ``n`` samples
        speakers: who speaks, shape ``(n,)``; missing where unknown
        how: ``mode``: the answer that most samples get; of equally frequent ones that with the higher mean score, then
            the first. ``mean``: the class with the highest mean score (probability). Where the model gives no scores,
            it is ``mode``; of numbers always the mean

    Returns:
        a row a speaker, by name; the scores are the mean scores, or (``mode``) the shares of the votes

    Example:
        >>> truth, said = np.array(list("aaab")), np.array(list("abab"))
        >>> found = combine(Scored(truth, said, ["a", "b"]), np.array(["s", "s", "s", "t"]), "mode")
        >>> found.scored.prediction.tolist(), found.scored.scores.round(2).tolist()
        (['a', 'b'], [[0.67, 0.33], [0.0, 1.0]])
    """
    is_class = len(scored.labels) > 0
    if not is_class or scored.scores is None:
        how = "mode" if is_class else "mean"
    codes, names = pd.factorize(pd.Series(list(speakers), dtype=object), sort=True, use_na_sentinel=True)
    known = codes >= 0
    units, k = codes[known], len(names)
    counts = np.bincount(units, minlength=k)
    truth = label_codes(scored.truth, scored.labels) if is_class else np.asarray(scored.truth, dtype=float)
    first, agree = _agreed(truth[known], units, k)
    prediction, scores = _answers(scored, known, units, counts, how)
    kept = np.flatnonzero(agree)
    own = np.asarray(scored.labels, dtype=object)[first[kept].astype(int)] if is_class else first[kept]
    return PerSpeaker(
        Scored(own, prediction[kept], scored.labels, None if scores is None else scores[kept]),
        [str(names[place]) for place in kept],
        counts[kept],
        [str(names[place]) for place in np.flatnonzero(~agree)],
        int((~known).sum()),
        how,
    )


def _agreed(truth: np.ndarray, units: np.ndarray, k: int) -> tuple[np.ndarray, np.ndarray]:
    """The truth of each unit, shape ``(k,)``, and whether all its samples have it."""
    least, most = np.full(k, np.inf), np.full(k, -np.inf)
    np.minimum.at(least, units, truth)
    np.maximum.at(most, units, truth)
    return least, np.isclose(least, most, rtol=1e-9, atol=0)


def _answers(
    scored: Scored, known: np.ndarray, units: np.ndarray, counts: np.ndarray, how: How
) -> tuple[np.ndarray, np.ndarray | None]:
    """What is said of each unit, and the scores of the classes, shape ``(k, classes)``; None for numbers."""
    k, labels = len(counts), scored.labels
    if not len(labels):
        sums = np.bincount(units, weights=np.asarray(scored.prediction, dtype=float)[known], minlength=k)
        return sums / counts, None
    votes = np.zeros((k, len(labels)))
    np.add.at(votes, (units, label_codes(scored.prediction, labels)[known]), 1.0)
    mean = np.zeros((k, len(labels)))
    if scored.scores is not None:
        np.add.at(mean, units, np.asarray(scored.scores, dtype=float)[known])
    votes, mean = votes / counts[:, None], mean / counts[:, None]
    if how == "mean":
        answer = mean.argmax(axis=1)
    else:
        ahead = votes >= votes.max(axis=1, keepdims=True, initial=0) - 1e-12
        answer = np.where(ahead, mean, -np.inf).argmax(axis=1)
    return np.asarray(labels, dtype=object)[answer], mean if how == "mean" else votes

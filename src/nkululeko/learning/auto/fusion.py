"""Who is fused with whom: a few recipes whose mistakes make up for each other.

Greedy selection with repetition (Caruana, Niculescu-Mizil, Crew & Ksikes, "Ensemble selection from libraries of
models", 2004): the recipe comes in that makes the mean of all so far best, one after the other, some of them more than
once. What is made best is the log likelihood of the truth, all classes counting the same: it is smoother than a rate of
hits, so that chance has less of a say. For numbers it is the measure itself.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

#: a probability counts as at least this much: no answer can cost more than ten others gain
FLOOR = 1e-4
#: only so many of the best recipes are looked at as members
LIBRARY = 30


@dataclass(frozen=True)
class Fused:
    """Members and how much each counts.

    Args:
        weights: by the candidate's number; adds up to 1
        value: what was made best, of the members together
    """

    weights: dict[int, float]
    value: float


def softmax(scores: np.ndarray) -> np.ndarray:
    """Scores of each class as numbers that add up to 1, shape as given.

    Example:
        >>> softmax(np.array([[0.0, 0.0], [0.0, np.log(3.0)]])).round(2).tolist()
        [[0.5, 0.5], [0.25, 0.75]]
    """
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def balanced_log_likelihood(truth: np.ndarray) -> Callable[[np.ndarray], float]:
    """A function of probabilities: the mean logarithm of that of the truth, each class counting the same.

    Args:
        truth: the column of each row's true class, shape ``(rows,)``

    Example:
        >>> goodness = balanced_log_likelihood(np.array([0, 0, 1]))
        >>> round(goodness(np.array([[0.5, 0.5], [0.5, 0.5], [0.2, 0.8]])), 3)
        -0.458
    """
    _, place, count = np.unique(truth, return_inverse=True, return_counts=True)
    weights = 1 / (len(count) * count[place])
    rows = np.arange(len(truth))

    def goodness(probabilities: np.ndarray) -> float:
        return float(weights @ np.log(np.maximum(probabilities[rows, truth], FLOOR)))

    return goodness


def fuse_best(
    answers: Sequence[np.ndarray], goodness: Callable[[np.ndarray], float], most: int = 5, rounds: int = 20
) -> Fused:
    """The members whose mean answers are best.

    Args:
        answers: of each candidate, on data that it did not learn from: probabilities or numbers, all of one shape
        goodness: of such answers; more is better
        most: how many different members there are at most
        rounds: how many are taken, counting repetitions

    Returns:
        at least one member

    Example:
        >>> left, right, none = np.array([0.0, 1.0]), np.array([2.0, 3.0]), np.array([9.0, 9.0])
        >>> near = lambda answer: -float(np.abs(answer - np.array([1.0, 2.0])).sum())
        >>> fuse_best([left, right, none], near).weights
        {0: 0.5, 1: 0.5}
    """
    single = [goodness(answer) for answer in answers]
    library = sorted(range(len(answers)), key=lambda number: (-_known(single[number]), number))[:LIBRARY]
    taken, total, value = [library[0]], answers[library[0]].copy(), single[library[0]]
    while len(taken) < rounds:
        open_to_all = len(set(taken)) < most
        able = [number for number in library if open_to_all or number in taken]
        found = [goodness((total + answers[number]) / (len(taken) + 1)) for number in able]
        best = int(np.argmax([_known(each) for each in found]))
        if not found[best] > value + 1e-12:
            break
        taken.append(able[best])
        total, value = total + answers[able[best]], found[best]
    return Fused({number: taken.count(number) / len(taken) for number in sorted(set(taken))}, value)


def _known(value: float) -> float:
    return -np.inf if np.isnan(value) else value

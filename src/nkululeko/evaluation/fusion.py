"""Late fusion: what several systems say of the same samples becomes one answer.

Each system gives a probability for every class. The rules differ in whom they believe. Sources: Kittler, Hatef, Duin
and Matas, "On combining classifiers", 1998 (vote, mean, sum, max); Shannon, "A mathematical theory of communication",
1948 (entropy). Nothing is learned here, so nothing of the truth is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.evaluation.uncertainty import entropy

#: rules for probabilities that make probabilities again
OF_PROBABILITIES = ("mean", "sum", "max", "uncertainty", "confidence", "dev")
#: rules for numbers
OF_NUMBERS = ("mean", "median")


def fuse(
    probabilities: Sequence[np.ndarray], method: str, weights: Sequence[float] | None = None
) -> np.ndarray:
    """The probabilities of several systems as one.

    - ``mean``, ``sum``: their mean (the sum, divided by the number of systems, so that it stays a probability)
    - ``max``: the largest that any system gives to each class, divided by their sum
    - ``uncertainty``: the mean, each system weighted at each sample by 1 minus its entropy
    - ``confidence``: the mean, each system weighted at each sample by its largest probability
    - ``dev``: the mean, each system weighted by how good it was on other data

    Args:
        probabilities: of each system, shape ``(samples, classes)``, all the same
        method: one of the above
        weights: for ``dev``: of each system, not negative, not all zero

    Returns:
        shape ``(samples, classes)``; each row adds up to 1. Where all systems have weight 0 at a sample, all count
        the same

    Raises:
        NkululekoError: an unknown method, or weights that are none

    Example:
        >>> sure, unsure = np.array([[0.9, 0.1]]), np.array([[0.3, 0.7]])
        >>> fuse([sure, unsure], "mean").round(2).tolist(), fuse([sure, unsure], "uncertainty").round(2).tolist()
        ([[0.6, 0.4]], [[0.79, 0.21]])
    """
    stack = _stacked(probabilities)
    if method in ("mean", "sum"):
        return _normalised(stack.mean(axis=0))
    if method == "max":
        return _normalised(stack.max(axis=0))
    if method == "uncertainty":
        return _weighted(stack, np.stack([1 - entropy(each) for each in stack]))
    if method == "confidence":
        return _weighted(stack, stack.max(axis=2))
    if method == "dev":
        return _weighted(stack, np.repeat(_checked(weights, len(stack))[:, None], stack.shape[1], axis=1))
    raise NkululekoError(
        f"'{method}' does not combine probabilities", todo=f"expected one of: {', '.join(OF_PROBABILITIES)}"
    )


def vote(
    answers: Sequence[np.ndarray], labels: Sequence[str], probabilities: Sequence[np.ndarray] | None = None
) -> tuple[np.ndarray, np.ndarray]:
    """What most systems say.

    Args:
        answers: the label that each system gives, shape ``(samples,)``
        labels: the classes, in order
        probabilities: of each system, shape ``(samples, classes)``: a tie goes to the tied class with the higher mean;
            None: a tie goes to the system that is named first among those that gave a tied answer

    Returns:
        the answers, shape ``(samples,)``; and the share of votes of each class, shape ``(samples, classes)``

    Example:
        >>> one, two, three = np.array(["a", "b"]), np.array(["b", "b"]), np.array(["c", "b"])
        >>> winners, shares = vote([one, two, three], ["a", "b", "c"])
        >>> winners.tolist(), shares.round(2).tolist()
        (['a', 'b'], [[0.33, 0.33, 0.33], [0.0, 1.0, 0.0]])
    """
    names = np.array(list(labels), dtype=object)
    given = np.stack([np.asarray(answer, dtype=object)[:, None] == names for answer in answers]).astype(float)
    shares = given.mean(axis=0)
    tied = shares == shares.max(axis=1, keepdims=True)
    if probabilities is None:
        # the rank of the earliest system that gave each answer, the first the highest
        rank = len(answers) - np.arange(len(answers), dtype=float)
        preference = (given * rank[:, None, None]).max(axis=0)
    else:
        preference = _stacked(probabilities).mean(axis=0)
    winner = np.where(tied, preference, -np.inf).argmax(axis=1)
    return names[winner], shares


def fuse_numbers(predictions: Sequence[np.ndarray], method: str) -> np.ndarray:
    """The predicted numbers of several systems as one: their ``mean``, or their ``median``.

    Args:
        predictions: of each system, shape ``(samples,)``
        method: ``mean`` or ``median``; the latter does not mind one system that is far off

    Raises:
        NkululekoError: another method, which is for classes

    Example:
        >>> fuse_numbers([np.array([1.0]), np.array([2.0]), np.array([9.0])], "median").tolist()
        [2.0]
    """
    if method not in OF_NUMBERS:
        raise NkululekoError(
            f"'{method}' does not combine numbers", "regression", f"expected one of: {', '.join(OF_NUMBERS)}"
        )
    stack = np.stack([np.asarray(prediction, dtype=float) for prediction in predictions])
    return np.asarray(stack.mean(axis=0) if method == "mean" else np.median(stack, axis=0))


def _stacked(probabilities: Sequence[np.ndarray]) -> np.ndarray:
    """All systems in one array, shape ``(systems, samples, classes)``."""
    shapes = {np.shape(each) for each in probabilities}
    if len(shapes) != 1 or len(next(iter(shapes))) != 2:
        raise ValueError(f"expected probabilities of one shape (samples, classes), not {sorted(shapes)}")
    return np.stack([np.asarray(each, dtype=float) for each in probabilities])


def _weighted(stack: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """The mean of the systems with a weight for each system and sample, shape ``(systems, samples)``."""
    weights = np.where(weights.sum(axis=0) > 0, weights, 1.0)
    return _normalised(np.einsum("sn,snk->nk", weights / weights.sum(axis=0), stack))


def _normalised(values: np.ndarray) -> np.ndarray:
    """Rows that add up to 1."""
    return values / values.sum(axis=1, keepdims=True)


def _checked(weights: Sequence[float] | None, systems: int) -> np.ndarray:
    found = np.asarray(() if weights is None else weights, dtype=float)
    if len(found) != systems or not np.isfinite(found).all() or (found < 0).any() or not found.sum() > 0:
        raise NkululekoError(
            f"expected a weight for each of the {systems} systems, none negative and not all 0, not {found.tolist()}",
            "dev",
        )
    return found

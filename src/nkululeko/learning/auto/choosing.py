"""The choice of a committee: candidates are calibrated, and the best fused, on data that they did not learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Metric, Scored
from nkululeko.learning.auto.fusion import balanced_log_likelihood, fuse_best
from nkululeko.learning.auto.scheme import Decision, Scheme
from nkululeko.learning.auto.trying import Tried, answers
from nkululeko.learning.temperature import apply_temperature, fit_temperature


@dataclass(frozen=True)
class Committee:
    """Who answers together.

    Args:
        decision: the rows that it was chosen on
        weights: how much each candidate counts, by its number; adds up to 1
        temperatures: of the members' probabilities, by the candidate's number; 1 for numbers
        value: the measure of all together, on the rows it was chosen on: flattered by the choice
        singles: the measure of each candidate alone there, NaN where it was not tried
    """

    decision: Decision
    weights: dict[int, float]
    temperatures: dict[int, float]
    value: float
    singles: tuple[float, ...]


def choose(
    tried: Sequence[Tried], decision: Decision, scheme: Scheme, target: np.ndarray, metric: Metric,
    labels: Sequence[str], most: int,
) -> Committee:  # fmt: skip
    """The best committee for one decision.

    Args:
        tried: all candidates
        decision: which rows count
        scheme: what the candidates were fitted on
        target: of all rows
        metric: the headline measure
        labels: the classes in order; empty for regression
        most: how many members there are at most

    Raises:
        NkululekoError: no candidate could be fitted
    """
    able = [number for number, each in enumerate(tried) if each.fits]
    if not able:
        reasons = list(dict.fromkeys(each.reason for each in tried))
        raise NkululekoError(
            f"nothing could be fitted: {reasons[0] if reasons else 'nothing to try'}", "[AUTO]"
        )
    truth = np.asarray(target)[decision.rows]
    said = [answers(tried[number], decision, scheme.fits, labels) for number in able]
    if labels:
        place = {label: column for column, label in enumerate(labels)}
        columns = np.array([place[str(label)] for label in truth])
        temperatures = [temperature(each, columns) for each in said]
        said = [apply_temperature(each, at) for each, at in zip(said, temperatures, strict=True)]
        goodness = balanced_log_likelihood(columns)
    else:
        temperatures = [1.0] * len(said)

        def goodness(numbers: np.ndarray) -> float:
            return (1 if metric.higher_is_better else -1) * metric.value(scored(truth, numbers, labels))

    fused = fuse_best(said, goodness, most)
    singles = np.full(len(tried), np.nan)
    singles[able] = [metric.value(scored(truth, each, labels)) for each in said]
    together = sum(weight * said[number] for number, weight in fused.weights.items())
    return Committee(
        decision,
        {able[number]: weight for number, weight in fused.weights.items()},
        {able[number]: temperatures[number] for number in fused.weights},
        metric.value(scored(truth, np.asarray(together), labels)),
        tuple(singles.tolist()),
    )


def temperature(probabilities: np.ndarray, truth: np.ndarray) -> float:
    """The temperature at which the truth is likeliest; 1 where every answer is right, as it cannot be told then."""
    if (probabilities.argmax(axis=1) == truth).all():
        return 1.0
    return fit_temperature(probabilities, truth)


def scored(truth: np.ndarray, answer: np.ndarray, labels: Sequence[str]) -> Scored:
    """Truth and answers for a metric; the answers are probabilities, ``(rows, labels)``, or numbers."""
    if not labels:
        return Scored(np.asarray(truth, dtype=float), answer)
    prediction = np.array(labels, dtype=object)[answer.argmax(axis=1)]
    return Scored(np.asarray(truth, dtype=object), prediction, list(labels), answer)

"""Every candidate on every fit of a scheme, as long as there is time; and what they answer where it counts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nkululeko.core.families import models
from nkululeko.learning.auto.fusion import softmax
from nkululeko.learning.auto.pool import Candidate
from nkululeko.learning.auto.scheme import Decision, Scheme
from nkululeko.learning.folds import Fold
from nkululeko.learning.pipeline import Part
from nkululeko.learning.search.memo import Fit, Memo
from nkululeko.learning.search.objective import Objective, Trial

#: is told: candidates done, how many there are, the name of the next one
Watch = Callable[[int, int, str], None]


@dataclass(frozen=True)
class Settings:
    """How to try.

    Args:
        metric: name of the headline measure
        labels: the classes in order; empty for regression
        jobs: how many processor cores to use
        seed: of everything random
        salt: what else a fit depends on: the versions of the libraries
    """

    metric: str
    labels: tuple[str, ...] = ()
    jobs: int = 1
    seed: int = 42
    salt: str = ""


@dataclass(frozen=True)
class Tried:
    """A candidate, and what came of it.

    Args:
        candidate: what was tried
        fits: one for each fit of the scheme; empty where there is none
        seconds: how long its fits took, when they were made
        reason: why there are no fits
        late: there was no time for it; else it could not be fitted
    """

    candidate: Candidate
    fits: tuple[Fit, ...] = ()
    seconds: float = 0.0
    reason: str = ""
    late: bool = False


def try_all(
    pool: Sequence[Candidate], data: Mapping[str, Part], scheme: Scheme, settings: Settings, memo: Memo,
    deadline: float = float("inf"), watch: Watch = lambda done, total, name: None,
) -> list[Tried]:  # fmt: skip
    """Fit every candidate; one that would not end in time is left out, as is one that cannot be fitted.

    One fit of each tells how long it takes; then the quick ones go first, so that little is lost when time is up.

    Args:
        pool: what is tried; the quickest is tried whatever the time
        data: the rows with each feature set, by its name
        scheme: what each is fitted on
        settings: how
        memo: what was fitted before
        deadline: ``time.monotonic()`` at which all shall be done
        watch: is told how far it is
    """
    objectives = {name: objective_of(part, scheme.fits, settings, memo) for name, part in data.items()}
    for name, objective in objectives.items():
        objective.expected = len(scheme.fits) * sum(candidate.features == name for candidate in pool)
    trials = [Trial(number, {}, candidate.recipe) for number, candidate in enumerate(pool)]
    watch(0, len(pool), "a first fit of each")
    for name, objective in objectives.items():
        if time.monotonic() < deadline:
            objective.extend([trial for trial in trials if pool[trial.number].features == name])
    found: dict[int, Tried] = {}
    for trial in sorted(trials, key=lambda trial: (not trial.fits, trial.seconds)):
        candidate = pool[trial.number]
        watch(len(found), len(pool), candidate.name)
        in_time = deadline if any(tried.fits for tried in found.values()) else float("inf")
        found[trial.number] = _try(candidate, trial, objectives[candidate.features], in_time)
    watch(len(pool), len(pool), "")
    return [found[number] for number in range(len(pool))]


def objective_of(part: Part, folds: Sequence[Fold], settings: Settings, memo: Memo) -> Objective:
    """Fits recipes in some folds of the rows with one feature set."""
    return Objective(
        part, folds, settings.metric, settings.labels, memo,
        jobs=settings.jobs, seed=settings.seed, salt=settings.salt, with_scores=True,
    )  # fmt: skip


def _try(candidate: Candidate, trial: Trial, objective: Objective, deadline: float) -> Tried:
    """One candidate, whose first fit has told how long the others would take."""
    if time.monotonic() >= deadline:
        return Tried(candidate, reason="the time was up", late=True)
    if trial.state != "failed":
        left = (len(objective.folds) - len(trial.fits)) * trial.seconds / objective.jobs
        if time.monotonic() + left > deadline:
            return Tried(candidate, reason=f"would have taken some {left:.0f} s more", late=True)
        objective.evaluate([trial])
    errors = [fit.error for fit in trial.fits if fit.error]
    if errors:
        return Tried(candidate, seconds=trial.seconds, reason=errors[0])
    return Tried(candidate, tuple(trial.fits), trial.seconds)


def answers(
    tried: Tried, decision: Decision, folds: Sequence[Fold], labels: Sequence[str]
) -> np.ndarray:  # fmt: skip
    """What a candidate answers to the rows of a decision, none of which it had learned from.

    Returns:
        probabilities of shape ``(rows, labels)``, not calibrated yet; or numbers of shape ``(rows,)``
    """
    pieces = []
    for number, rows in decision.pieces:
        places = np.searchsorted(folds[number].test, rows)
        pieces.append(of_fit(tried.candidate, tried.fits[number], labels)[places])
    return np.concatenate(pieces)


def of_fit(candidate: Candidate, fit: Fit, labels: Sequence[str]) -> np.ndarray:
    """The answers of one fit: probabilities, ``(rows, labels)``, or numbers, ``(rows,)``."""
    if not labels:
        return np.asarray(fit.prediction, dtype=float)
    scores = None if fit.scores is None else np.asarray(fit.scores, dtype=float)
    probabilistic = models.load(candidate.recipe.model).probabilistic
    return as_probabilities(fit.prediction, scores, fit.classes, labels, probabilistic=probabilistic)


def as_probabilities(
    prediction: Sequence[Any] | np.ndarray, scores: np.ndarray | None, classes: Sequence[str], labels: Sequence[str],
    *, probabilistic: bool,
) -> np.ndarray:  # fmt: skip
    """What any model says as a number for each label, adding up to 1, shape ``(rows, labels)``.

    A class that the model did not know has 0; scores that are no probabilities go through the softmax function; a
    model without scores is certain of what it says.

    Example:
        >>> as_probabilities(["b"], np.array([[0.3, 0.7]]), ["b", "c"], ["a", "b", "c"], probabilistic=True).tolist()
        [[0.0, 0.3, 0.7]]
    """
    place = {label: column for column, label in enumerate(labels)}
    probabilities = np.zeros((len(prediction), len(labels)))
    if scores is None:
        columns = [place[str(label)] for label in prediction]
        probabilities[np.arange(len(prediction)), columns] = 1.0
        return probabilities
    known = scores if probabilistic else softmax(scores)
    for column, label in enumerate(classes):
        probabilities[:, place[label]] = known[:, column]
    return probabilities

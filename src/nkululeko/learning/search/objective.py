"""What a search makes best: a measure on inner folds of the training set, each speaker in one fold only.

The predictions of all folds are pooled and measured once, as in a cross-validation.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import partial
from typing import Any, Literal

import numpy as np

from nkululeko.core import engine
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Metric, Scored, metrics
from nkululeko.learning.folds import Fold, held_out
from nkululeko.learning.pipeline import Part, Recipe
from nkululeko.learning.search.memo import Fit, Memo
from nkululeko.learning.search.space import Point
from nkululeko.learning.training import learn

#: fits that together take less (s) are not worth the start of other processes
_PATIENCE = 8.0

State = Literal["running", "complete", "pruned", "failed"]


@dataclass
class Trial:
    """One combination of values, and how it did.

    Args:
        number: from 1, in the order in which they were thought of
        point: the values
        recipe: with these values
        fits: of the folds so far
        share: of the training rows that it learned from
        state: ``pruned``: given up as hopeless; ``failed``: it cannot be fitted, ``message`` says why
        value: the measure over the folds so far; NaN where it failed
        message: why it failed
    """

    number: int
    point: Point
    recipe: Recipe
    fits: list[Fit] = field(default_factory=list)
    share: float = 1.0
    state: State = "running"
    value: float = float("nan")
    message: str = ""

    @property
    def seconds(self) -> float:
        """How long its fits took, when they were made."""
        return sum(fit.seconds for fit in self.fits)


@dataclass(frozen=True)
class _Task:
    """One fit: rows to learn from, rows to predict."""

    recipe: Recipe
    fit: np.ndarray
    test: np.ndarray


class Objective:
    """Fits recipes in inner folds, each once, in parallel where it pays.

    Args:
        data: the training set; nothing else is ever seen
        folds: inner folds of it
        metric: name of the measure
        labels: the classes in order; empty for regression
        memo: what was fitted before
        jobs: how many processor cores it may use
        seed: of the speakers that are drawn where only a share is learned from
        salt: further keys of the memo: versions of the libraries
        report: is told of every trial that ended
        with_scores: fits keep the scores of the classes, also where the measure does not need them
    """

    def __init__(
        self, data: Part, folds: Sequence[Fold], metric: str, labels: Sequence[str], memo: Memo, *,
        jobs: int = 1, seed: int = 42, salt: str = "", report: Callable[[Trial], None] = lambda trial: None,
        with_scores: bool = False,
    ) -> None:  # fmt: skip
        self.data, self.folds, self.labels, self.memo = data, list(folds), list(labels), memo
        self.metric: Metric = metrics.load(metric)()
        self.jobs, self.seed, self.report = jobs, seed, report
        #: fits made; fits known from before; fits that the whole search will want at most
        self.trained, self.known, self.expected = 0, 0, 0
        self.with_scores = with_scores or self.metric.needs_scores
        self._salt = _hash_of_data(data) + salt + str(self.with_scores)
        self._seconds: list[float] = []
        self._rows: dict[tuple[float, int], np.ndarray] = {}

    @property
    def sign(self) -> float:
        """What values are multiplied by so that more is better."""
        return 1.0 if self.metric.higher_is_better else -1.0

    def evaluate(self, trials: Sequence[Trial], share: float = 1.0) -> None:
        """Fit trials in all folds."""
        for trial in trials:
            trial.fits, trial.share, trial.state = [], share, "running"
        wanted = [(trial, number) for trial in trials for number in range(len(self.folds))]
        for (trial, _), fit in zip(wanted, self._fits(wanted), strict=True):
            trial.fits.append(fit)
        for trial in trials:
            self.close(trial)

    def extend(self, trials: Sequence[Trial]) -> None:
        """Fit trials in one more fold each; their values are those of the folds so far."""
        wanted = [(trial, len(trial.fits)) for trial in trials]
        for (trial, _), fit in zip(wanted, self._fits(wanted), strict=True):
            trial.fits.append(fit)
            self._value(trial)

    def close(self, trial: Trial, state: State = "complete") -> None:
        """End a trial."""
        self._value(trial)
        if np.isnan(trial.value) and trial.state != "failed":
            trial.state, trial.message = "failed", f"{self.metric.label} is undefined"
        if trial.state == "running":
            trial.state = state
        self.report(trial)

    def _value(self, trial: Trial) -> None:
        errors = [fit.error for fit in trial.fits if fit.error]
        if errors:
            trial.state, trial.message, trial.value = "failed", errors[0], float("nan")
            return
        trial.value = self.metric.value(self.scored(trial))

    def rows(self, trial: Trial) -> np.ndarray:
        """The rows of the training set that a trial's predictions are of, in their order."""
        return np.concatenate([fold.test for fold in self.folds[: len(trial.fits)]])

    def scored(self, trial: Trial) -> Scored:
        """Truth and predictions of all folds so far, in the order of :meth:`rows`."""
        truth = np.asarray(self.data.target)[self.rows(trial)]
        kind: Any = object if self.labels else float
        prediction = np.array([value for fit in trial.fits for value in fit.prediction], dtype=kind)
        scores = None
        if self.metric.needs_scores and all(fit.scores is not None for fit in trial.fits):
            scores = np.concatenate([_by_label(fit, self.labels) for fit in trial.fits])
        return Scored(truth.astype(kind), prediction, self.labels, scores)

    def _fits(self, wanted: Sequence[tuple[Trial, int]]) -> list[Fit]:
        """The fits of trials in folds, from the memo where they are known."""
        tasks = [
            _Task(trial.recipe, self.learned_from(number, trial.share), self.folds[number].test)
            for trial, number in wanted
        ]
        keys = [self._key(task) for task in tasks]
        found = {key: fit for key in set(keys) if (fit := self.memo.get(key)) is not None}
        self.known += len(found)
        missing = {key: task for key, task in zip(keys, tasks, strict=True) if key not in found}
        for key, fit in self._fitted(missing):
            self.memo.put(key, fit)
            found[key] = fit
            self.trained += 1
        return [found[key] for key in keys]

    def _fitted(self, tasks: dict[str, _Task]) -> Iterator[tuple[str, Fit]]:
        """Fit; the first ones tell whether other processes pay."""
        waiting = list(tasks.items())
        fit = partial(_fit, self.data, self.with_scores)
        while waiting and (self.jobs == 1 or self._soon(len(waiting))):
            key, task = waiting.pop(0)
            done = fit(self.jobs, (key, task))
            self._seconds.append(done[1].seconds)
            yield done
        if waiting:
            threads = max(1, self.jobs // len(waiting))
            for done in engine.unordered(
                partial(fit, threads), waiting, workers="processes", jobs=min(self.jobs, len(waiting))
            ):
                self._seconds.append(done[1].seconds)
                yield done

    def _soon(self, waiting: int) -> bool:
        # the first fit also imports the libraries: it says little
        seconds = self._seconds[1:]
        left = max(waiting, self.expected - self.known - len(self._seconds))
        return len(seconds) < 2 or float(np.mean(seconds)) * left < _PATIENCE

    def learned_from(self, number: int, share: float) -> np.ndarray:
        """The rows that a fold learns from; of a share: whole speakers, all classes where possible."""
        if (share, number) not in self._rows:
            rows = self.folds[number].train
            if share < 1.0:
                part = self.data.take(rows)
                task = "classification" if self.labels else "regression"
                watch = held_out(part.target, part.groups, share * 100, self.seed, task).watch  # type: ignore[arg-type]
                rows = rows[watch]
            self._rows[share, number] = rows
        return self._rows[share, number]

    def _key(self, task: _Task) -> str:
        recipe = asdict(task.recipe)
        del recipe["context"]["jobs"]  # changes nothing but the speed
        text = json.dumps(recipe, sort_keys=True, default=str)
        digest = hashlib.blake2b(f"{self._salt}\n{text}\n{len(task.fit)}".encode(), digest_size=20)
        digest.update(task.fit.astype(np.int64).tobytes() + task.test.astype(np.int64).tobytes())
        return digest.hexdigest()


def _fit(data: Part, with_scores: bool, threads: int, job: tuple[str, _Task]) -> tuple[str, Fit]:
    """Fit and predict, maybe in another process; what the data or the recipe do not allow is an answer too."""
    from dataclasses import replace

    key, task = job
    began = time.monotonic()
    recipe = replace(task.recipe, context=replace(task.recipe.context, jobs=threads))
    try:
        learned = learn(recipe, data.take(task.fit), data.take(task.test))
    except NkululekoError as problem:
        return key, Fit(error=str(problem), seconds=time.monotonic() - began)
    scores = None
    if with_scores and learned.scores is not None:
        # nobody needs more digits, and they are written as text
        scores = tuple(tuple(round(float(value), 7) for value in row) for row in learned.scores)
    values = learned.prediction.tolist()
    prediction = tuple(map(str, values)) if learned.classes else tuple(map(float, values))
    return key, Fit(prediction, learned.classes, scores, "", time.monotonic() - began)


def _by_label(fit: Fit, labels: Sequence[str]) -> np.ndarray:
    """Scores with a column for each label; labels that the model did not know are the least likely."""
    scores = np.asarray(fit.scores, dtype=float)
    columns = np.full((len(scores), len(labels)), scores.min(initial=0.0) - 1.0)
    for column, label in enumerate(fit.classes):
        columns[:, list(labels).index(label)] = scores[:, column]
    return columns


def _hash_of_data(data: Part) -> str:
    digest = hashlib.blake2b(digest_size=20)
    features = np.ascontiguousarray(data.features)
    digest.update(f"{features.shape} {features.dtype}".encode())
    digest.update(features.data)
    groups = [] if data.groups is None else [str(group) for group in data.groups]
    digest.update(json.dumps([[str(value) for value in data.target], groups]).encode())
    return digest.hexdigest()

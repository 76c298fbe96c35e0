"""Learning as plain functions that can run in another process: once, several times, or fold by fold."""

from __future__ import annotations

import importlib
import logging
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nkululeko.core import engine
from nkululeko.core.families import ModelContext, metrics, models
from nkululeko.core.progress import no_bars, progress
from nkululeko.core.quick import importing
from nkululeko.learning._threads import wait_patiently
from nkululeko.learning.folds import Fold
from nkululeko.learning.pipeline import Part, Pipeline, Recipe

if TYPE_CHECKING:
    import pandas as pd

logger = logging.getLogger("nkululeko")
#: folds that together take less (s) are not worth the start of other processes
_PATIENCE = 8.0


@dataclass(frozen=True)
class Learned:
    """What came of a recipe.

    Args:
        prediction: label (str) or number of each tested row, shape ``(samples,)``
        scores: a number for each tested row and class, columns as ``classes``, or None
        probabilistic: whether ``scores`` are probabilities
        classes: the labels that the model knows; empty for regression
        importance: a non-negative number for each feature, shape ``(features,)``, or None; the mean over folds
        notes: what the user should know, a line each
        warnings: what the user must know, a line each; not logged yet, that is the caller's part
        decided: which data decided what, a line each
        history: a row an epoch, see ``Model.history``; with a column ``fold`` where there are several
        watched: the measure on the data that the epoch was chosen on; NaN where nothing was chosen
        fold: the fold in which each row was tested, shape ``(samples,)``; None: there was one test set
        folds: the names of the folds
        seed: of the model
    """

    prediction: np.ndarray
    scores: np.ndarray | None
    probabilistic: bool
    classes: tuple[str, ...]
    importance: np.ndarray | None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()
    history: pd.DataFrame | None = None
    watched: float = float("nan")
    fold: np.ndarray | None = None
    folds: tuple[str, ...] = ()
    seed: int = 42


@dataclass(frozen=True)
class Fitted:
    """A pipeline that has learned.

    Args:
        pipeline: it
        warnings: what the user must know of it, a line each
    """

    pipeline: Pipeline
    warnings: tuple[str, ...]


#: fits a recipe on the training part, see :func:`fit`
Fitting = Callable[[Recipe, Part, Part | None, Sequence[str]], Fitted]


def fit(recipe: Recipe, train: Part, dev: Part | None, feature_names: Sequence[str]) -> Fitted:
    """Fit a recipe on the training part.

    Args:
        recipe: what to learn with
        train: the training set
        dev: the dev set, where there is one
        feature_names: the columns' names, in order

    Raises:
        NkululekoError: the data or the recipe do not allow it
    """
    with warnings_kept_back() as warnings:
        pipeline = Pipeline(recipe, feature_names)
        pipeline.fit(train.features, train.target, train.groups, dev, train.weights)
    return Fitted(pipeline, tuple(warnings))


def learn(
    recipe: Recipe,
    train: Part,
    test: Part,
    dev: Part | None = None,
    feature_names: Sequence[str] = (),
    folder: Path | None = None,
    fitting: Fitting = fit,
) -> Learned:
    """Fit a recipe on the training part, save it where a folder is given, and predict the test part.

    Args:
        recipe: what to learn with
        train: the training set
        test: the test set; its target is not looked at
        dev: the dev set, where there is one
        feature_names: the columns' names, in order
        folder: where to save the fitted pipeline; None: nowhere
        fitting: what fits it; another one may know some pipelines already

    Raises:
        NkululekoError: the data or the recipe do not allow it
    """
    fitted = fitting(recipe, train, dev, feature_names)
    pipeline = fitted.pipeline
    with warnings_kept_back() as warnings:
        if folder is not None:
            pipeline.save(folder)
        history = pipeline.model.history()
        return Learned(
            prediction=pipeline.predict(test.features, test.groups),
            scores=pipeline.scores(test.features, test.groups),
            probabilistic=pipeline.model.probabilistic,
            classes=tuple(pipeline.classes),
            importance=pipeline.importance(),
            notes=tuple(pipeline.notes),
            warnings=tuple(dict.fromkeys((*fitted.warnings, *warnings))),
            decided=tuple(pipeline.decided),
            history=history,
            watched=float("nan") if history is None else _chosen(history),
            seed=recipe.context.seed,
        )


def _chosen(history: pd.DataFrame) -> float:
    """The measure on the watched data at the epoch that was kept."""
    best = history.loc[history["best"], "watched"]
    return float(best.iloc[0]) if len(best) else float("nan")


def cross_validate(
    recipe: Recipe, data: Part, folds: Sequence[Fold], feature_names: Sequence[str] = (), jobs: int = 1
) -> Learned:
    """Each row predicted by a model that did not learn from its fold; everything that learns is fitted within it.

    Args:
        recipe: what to learn with
        data: all rows
        folds: each row stands in the test part of one
        feature_names: the columns' names, in order
        jobs: processes, where the folds take long enough to be worth them

    Raises:
        NkululekoError: a fold cannot be learned
    """
    learned: dict[int, Learned] = {}
    one = partial(_one_fold, recipe, data, folds, tuple(feature_names))
    began = time.monotonic()
    with progress("cross-validation", len(folds)) as advance:
        waiting = list(range(len(folds)))
        # the first folds tell how long the others will take
        while waiting and (jobs == 1 or _soon(began, len(learned), len(folds))):
            number, outcome = one(waiting.pop(0))
            learned[number] = outcome
            advance()
        for number, outcome in (
            engine.unordered(one, waiting, workers="processes", jobs=jobs) if waiting else ()
        ):
            learned[number] = outcome
            advance()
    return pooled([learned[number] for number in range(len(folds))], data, folds, recipe)


def _soon(began: float, done: int, all_: int) -> bool:
    return done == 0 or (time.monotonic() - began) / done * (all_ - done) < _PATIENCE


def _one_fold(
    recipe: Recipe, data: Part, folds: Sequence[Fold], names: Sequence[str], number: int
) -> tuple[int, Learned]:
    fold = folds[number]
    try:
        return number, learn(recipe, data.take(fold.train), data.take(fold.test), None, names)
    except Exception as problem:
        problem.add_note(f"in {fold.name}")
        raise


def pooled(parts: Sequence[Learned], data: Part, folds: Sequence[Fold], recipe: Recipe) -> Learned:
    """The predictions of all folds in the order of the rows."""
    import pandas as pd

    rows = len(data.target)
    classes = tuple(sorted({label for part in parts for label in part.classes}))
    prediction = np.empty(rows, dtype=parts[0].prediction.dtype if not classes else object)
    scores = None if any(part.scores is None for part in parts) else np.full((rows, len(classes)), np.nan)
    place = {label: column for column, label in enumerate(classes)}
    of = np.empty(rows, dtype=int)
    for number, (fold, part) in enumerate(zip(folds, parts, strict=True)):
        of[fold.test] = number
        prediction[fold.test] = part.prediction
        if scores is not None and part.scores is not None:
            columns = [place[label] for label in part.classes]
            scores[np.ix_(fold.test, np.array(columns))] = part.scores
    if (
        scores is not None and np.isnan(scores).any()
    ):  # a class that a fold could not learn is never likely there
        lowest = 0.0 if parts[0].probabilistic else float(np.nanmin(scores)) - 1.0
        scores = np.where(np.isnan(scores), lowest, scores)
    importances = [part.importance for part in parts if part.importance is not None]
    histories = [
        part.history.assign(fold=fold.name)
        for part, fold in zip(parts, folds, strict=True)
        if part.history is not None
    ]
    watched = [part.watched for part in parts]
    notes = _said_once([(fold.name, part.notes) for fold, part in zip(folds, parts, strict=True)])
    warnings = [line for fold in folds for line in fold.warnings]
    warnings += [line for part in parts for line in part.warnings]
    decided = _said_once([(fold.name, part.decided) for fold, part in zip(folds, parts, strict=True)])
    return Learned(
        prediction, scores, parts[0].probabilistic, classes,
        np.mean(importances, axis=0) if len(importances) == len(parts) else None,
        tuple(notes), tuple(dict.fromkeys(warnings)), tuple(decided),
        pd.concat(histories, ignore_index=True) if histories else None,
        float(np.mean(watched)), of, tuple(fold.name for fold in folds), recipe.context.seed,
    )  # fmt: skip


def _said_once(lines_of: Sequence[tuple[str, Sequence[str]]]) -> list[str]:
    """Lines of several folds: what all say is said once, else with the fold's name; the first three of a kind."""
    counts: dict[str, list[str]] = {}
    for name, lines in lines_of:
        for line in lines:
            counts.setdefault(line, []).append(name)
    said = [line for line, names in counts.items() if len(names) == len(lines_of)]
    single = [f"{names[0]}: {line}" for line, names in counts.items() if len(names) < len(lines_of)]
    more = [f"and {len(single) - 3} more lines of the kind"] if len(single) > 3 else []
    return [*said, *single[:3], *more]


@dataclass(frozen=True)
class Runs:
    """The same recipe learned with several seeds.

    Args:
        learned: one a run, in the order of the seeds
        best: the one whose model is kept: best on what was watched; the first, where nothing was
    """

    learned: tuple[Learned, ...]
    best: int = 0

    @property
    def chosen(self) -> Learned:
        """The best run."""
        return self.learned[self.best]


def repeat(
    once: Callable[[Recipe, Path | None], Learned], recipe: Recipe, runs: int, folder: Path | None = None
) -> Runs:
    """Learn with several seeds; the test set has no say in which model is kept.

    Args:
        once: learns a recipe, and saves the model into a folder if there is one
        recipe: with the seed of the first run; each further one has the next
        runs: how many
        folder: where the best model goes; None: nowhere
    """
    if runs == 1:
        return Runs((once(recipe, folder),))
    learned = []
    with tempfile.TemporaryDirectory(dir=folder) as temporary:
        places = [Path(temporary, str(number)) if folder else None for number in range(runs)]
        for number, place in enumerate(places):
            context = replace(recipe.context, seed=recipe.context.seed + number)
            learned.append(once(replace(recipe, context=context), place))
        found = Runs(tuple(learned), _best(learned, recipe))
        chosen = places[found.best]
        if folder and chosen:
            for file in chosen.iterdir():
                file.replace(folder / file.name)
    return found


def train_and_test(
    recipe: Recipe, train: Part, test: Part, dev: Part | None, feature_names: Sequence[str], folder: Path | None,
    runs: int = 1, fitting: Fitting = fit,
) -> Runs:  # fmt: skip
    """Fit on train, predict test, as often as there are runs; the best model is saved where a folder is given."""

    def once(seeded: Recipe, place: Path | None) -> Learned:
        return learn(seeded, train, test, dev, feature_names, place, fitting)

    return repeat(once, recipe, runs, folder)


def cross_validated(
    recipe: Recipe, data: Part, folds: Sequence[Fold], feature_names: Sequence[str], folder: Path | None,
    runs: int = 1, jobs: int = 1,
) -> Runs:  # fmt: skip
    """Cross-validate, as often as there are runs; where a folder is given, a model of all the data goes there."""

    def once(seeded: Recipe, _: Path | None) -> Learned:
        return cross_validate(seeded, data, folds, feature_names, jobs)

    found = repeat(once, recipe, runs)
    if folder is not None:
        context = replace(recipe.context, seed=found.chosen.seed)
        pipeline = Pipeline(replace(recipe, context=context), feature_names)
        with warnings_kept_back():
            pipeline.fit(data.features, data.target, data.groups, weights=data.weights)
        pipeline.save(folder)
    return found


def _best(learned: Sequence[Learned], recipe: Recipe) -> int:
    watched = np.array([outcome.watched for outcome in learned])
    if np.isnan(watched).any():
        return 0
    measure = recipe.context.measure or ("ccc" if recipe.context.task == "regression" else "uar")
    higher = metrics.load(measure).higher_is_better
    return int(np.argmax(watched if higher else -watched))


def warm(model: str, scaler: str = "auto") -> None:
    """Import all that :func:`learn` will need, by learning next to nothing, while the data are on the way.

    For a process of its own: packages that the model can do without stay away from its library. A name that is
    no model's is for others to complain about.
    """
    if not models.has(model):
        return
    wait_patiently()
    kind = models.load(model)
    with importing(kind.unneeded):
        importlib.import_module(kind.library)
    if kind.takes_recordings:  # there is nothing quick to learn
        return
    task = kind.tasks[0]
    shape = (4, 2) if kind.takes_sequences else None
    features = np.arange(64.0).reshape(8, 8)
    target = np.arange(8.0) if task == "regression" else np.array(["a", "b"] * 4)
    part = Part(features, target, np.array(["s", "t"] * 4))
    context = ModelContext(task, epochs=1, shape=shape)
    with tempfile.TemporaryDirectory() as folder, importing(), no_bars():
        dev = part if kind.watches else None
        learn(Recipe(model, context=context, scaler=scaler), part, part, dev, folder=Path(folder))


@contextmanager
def warnings_kept_back() -> Iterator[list[str]]:
    """Collect our own warnings: in another process nobody would see them."""
    messages: list[str] = []

    def keep_back(record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        messages.append(record.getMessage())
        return False

    logger.addFilter(keep_back)
    try:
        yield messages
    finally:
        logger.removeFilter(keep_back)

"""A search from beginning to end: inner folds, trials, the best of them, and how good it really is."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import metrics
from nkululeko.core.result import Score
from nkululeko.learning.folds import Fold, make_folds
from nkululeko.learning.pipeline import Part, Recipe
from nkululeko.learning.search.correction import corrected
from nkululeko.learning.search.memo import Memo
from nkululeko.learning.search.objective import Objective, Trial
from nkululeko.learning.search.space import Space
from nkululeko.learning.search.strategies import Plan, Strategy, grid, halving, random, rungs
from nkululeko.learning.search.tpe import tpe

log = logging.getLogger("nkululeko")

STRATEGIES: Mapping[str, Strategy] = {"tpe": tpe, "grid": grid, "random": random, "halving": halving}
#: inner folds where their number is not given
FOLDS = 5

#: is told: trials done (rounds of halving count each), how many there will be at most, the best value so far
Watch = Callable[[int, int, float], None]


@dataclass(frozen=True)
class Settings:
    """How to search.

    Args:
        strategy: ``tpe``, ``grid``, ``random``, ``halving``
        metric: name of the measure that is made best
        n_iter: trials; the grid has as many as it has
        folds: inner folds; None: five, or as many as there are speakers
        seed: of folds and draws
        timeout: no trial is begun after so long (s); None: never
        jobs: how many processor cores to use
        salt: what else a fit depends on: the versions of the libraries
    """

    strategy: str = "tpe"
    metric: str = "uar"
    n_iter: int = 50
    folds: int | None = None
    seed: int = 42
    timeout: float | None = None
    jobs: int = 1
    salt: str = ""


@dataclass(frozen=True)
class Found:
    """What a search found.

    Args:
        best: the trial that was chosen
        trials: all that were fitted, the best first; those given up or failed last
        corrected: the measure of the choice as a procedure, with its interval; not flattered, unlike ``best.value``
        folds: how many inner folds
        samples: how many training samples
        speakers: how many training speakers; 0: not known
        trained: fits made now; the others were known from before
        in_time: whether all trials were made before time was up
    """

    best: Trial
    trials: tuple[Trial, ...]
    corrected: Score
    folds: int
    samples: int
    speakers: int
    trained: int
    in_time: bool = True


def search(
    recipe: Recipe, data: Part, space: Space, settings: Settings, memo: Memo,
    watch: Watch = lambda done, total, best: None,
) -> Found:  # fmt: skip
    """Find the best values for a recipe, inside a training set.

    Args:
        recipe: what is not searched for
        data: the training set; nothing else is ever seen
        space: what may be tried
        settings: how
        memo: what was fitted before
        watch: is told how far it is

    Raises:
        NkululekoError: there are too few speakers for the folds, or no trial could be fitted
    """
    folds = inner_folds(data, recipe, settings)
    done, best = 0, float("nan")

    def report(trial: Trial) -> None:
        nonlocal done, best
        done += 1
        if trial.state == "complete" and not objective.sign * best >= objective.sign * trial.value:
            best = trial.value
        watch(done, total, best)

    objective = Objective(
        data, folds, settings.metric, recipe.labels, memo,
        jobs=settings.jobs, seed=settings.seed, salt=settings.salt, report=report,
    )  # fmt: skip
    total = _how_many(objective, space, settings)
    objective.expected = total * len(folds)
    watch(0, total, best)
    deadline = None if settings.timeout is None else time.monotonic() + settings.timeout
    plan = Plan(settings.n_iter, settings.seed, deadline)
    trials = STRATEGIES[settings.strategy](objective, space, recipe, plan)
    in_time = done >= total or not plan.is_over
    ordered = _ordered(objective, [trial for trial in trials if trial.fits])
    whole = [trial for trial in ordered if trial.state == "complete" and trial.share == 1.0]
    if not whole:
        raise _nothing_fitted(ordered)
    return Found(
        whole[0], tuple(ordered), _honest(objective, ordered, settings.seed), len(folds), len(data.target),
        0 if data.groups is None else len(set(data.groups)), objective.trained, in_time,
    )  # fmt: skip


def inner_folds(data: Part, recipe: Recipe, settings: Settings) -> list[Fold]:
    """Folds of whole speakers, classes in each as in the whole; of samples where speakers are not known.

    Raises:
        NkululekoError: more folds than speakers are asked for
    """
    units = len(data.target) if data.groups is None else len(set(data.groups))
    count = settings.folds or min(FOLDS, units)
    if data.groups is not None and units < 2:
        raise NkululekoError(
            "a search needs at least two training speakers, and there is one", "[OPTIM]", "change the split"
        )
    try:
        folds = make_folds(
            "k_fold_cross", data.target, data.groups, settings.seed, count, recipe.context.task
        )
    except NkululekoError as problem:
        raise NkululekoError(problem.what, "[OPTIM] cv_folds", problem.todo) from None
    if count < FOLDS and settings.folds is None:
        log.info("[OPTIM] cv_folds: %d, as there are %d training speakers only", count, units)
    for line in dict.fromkeys(line for fold in folds for line in fold.warnings):
        log.info("inner %s", line)
    return folds


def _how_many(objective: Objective, space: Space, settings: Settings) -> int:
    """How many trials there will be at most; in each round of halving the trials that are left."""
    count = settings.n_iter if space.size is None else min(space.size, settings.n_iter)
    if settings.strategy == "grid":
        return space.size or 0
    if settings.strategy != "halving":
        return count
    total, left = 0, count
    for _ in rungs(objective, count):
        total, left = total + left, max(1, left // 2)
    return total


def _ordered(objective: Objective, trials: Sequence[Trial]) -> list[Trial]:
    """The best first; those that saw fewer rows after them, then those given up, then those that failed."""
    states = ("complete", "running", "pruned", "failed")

    def rank(trial: Trial) -> tuple[int, float, float, int]:
        value = float("inf") if np.isnan(trial.value) else -objective.sign * trial.value
        return states.index(trial.state), -trial.share, value, trial.number

    return sorted(trials, key=rank)


def _nothing_fitted(trials: Sequence[Trial]) -> NkululekoError:
    if not trials or all(trial.state != "failed" for trial in trials):
        return NkululekoError("no trial was done in time", "[OPTIM] timeout", "raise it")
    reasons = list(dict.fromkeys(trial.message for trial in trials if trial.message))
    return NkululekoError(f"no trial could be fitted: {reasons[0]}", "[OPTIM]", "try other values")


def _honest(objective: Objective, trials: Sequence[Trial], seed: int) -> Score:
    """The measure of choosing the best of these trials; draws depend on who the speakers are, not on their order.

    Trials that halving left behind count too: those that went on were chosen by the same rows.
    """
    trials = [trial for trial in trials if trial.state == "complete"]
    rows = objective.rows(trials[0])
    groups = objective.data.groups
    keys = (
        [str(row) for row in rows]
        if groups is None
        else [str(group) for group in np.asarray(groups, object)[rows]]
    )
    units = np.unique(keys, return_inverse=True)[1]
    by_number = sorted(trials, key=lambda trial: trial.number)
    return corrected(metrics.load(objective.metric.plugin_name())(), [objective.scored(t) for t in by_number], units,
                     seed=seed)  # fmt: skip

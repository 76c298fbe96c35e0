"""TPE, the tree-structured Parzen estimator (Bergstra et al. 2011), by Optuna (Akiba et al. 2019).

It learns from the trials so far where good ones lie. A trial that after some folds is worse than the median of the
others at that fold is given up. Trials come in batches of a fixed size, whatever the number of cores, so
the same seed gives the same trials; a search that goes on asks for the same ones again and finds them in the memo.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from nkululeko.core.errors import missing_package
from nkululeko.learning.pipeline import Recipe
from nkululeko.learning.search.objective import Objective, Trial
from nkululeko.learning.search.space import Choices, Point, Space
from nkululeko.learning.search.strategies import Plan, new_trials, random

log = logging.getLogger("nkululeko")

#: trials that are thought of together
BATCH = 4
#: trials that are drawn before the estimator has a say, and that are never given up
STARTUP = 10
#: folds after which a trial may be given up
FOLDS_BEFORE_PRUNING = 2


def tpe(objective: Objective, space: Space, recipe: Recipe, plan: Plan) -> list[Trial]:
    """``n_iter`` combinations, those after the first ten where good ones were; hopeless ones are given up.

    Raises:
        NkululekoError: Optuna is not installed
    """
    require_optuna()
    if space.size is not None and space.size <= plan.n_iter:
        log.info("all %d combinations are tried: fewer than n_iter", space.size)
        return random(objective, space, recipe, plan)
    with _quiet_optuna() as optuna:
        sampler = optuna.samplers.TPESampler(n_startup_trials=STARTUP, seed=plan.seed)
        pruner = optuna.pruners.MedianPruner(STARTUP, n_warmup_steps=FOLDS_BEFORE_PRUNING)
        direction = "maximize" if objective.metric.higher_is_better else "minimize"
        study = optuna.create_study(sampler=sampler, pruner=pruner, direction=direction)
        trials: list[Trial] = []
        while len(trials) < plan.n_iter and not (trials and plan.is_over):
            asked = [study.ask() for _ in range(min(BATCH, plan.n_iter - len(trials)))]
            points = [_point(one, space) for one in asked]
            batch = new_trials(points, recipe, len(trials) + 1)
            _run(objective, dict(zip((trial.number for trial in batch), asked, strict=True)), batch)
            for one, trial in zip(asked, batch, strict=True):
                _tell(optuna, study, one, trial)
            trials += batch
    return trials


def require_optuna() -> Any:
    """The package.

    Raises:
        NkululekoError: it is not installed
    """
    try:
        import optuna
    except ImportError:
        raise missing_package("optuna", "search", "[OPTIM] search_strategy = tpe") from None
    return optuna


def _run(objective: Objective, asked: dict[int, Any], batch: list[Trial]) -> None:
    """Fold by fold, all trials of the batch together."""
    for step in range(1, len(objective.folds) + 1):
        objective.extend([trial for trial in batch if trial.state == "running"])
        for trial in batch:
            if trial.state != "running":
                continue
            if trial.value != trial.value:  # undefined on these few folds, e.g. all of one class
                continue
            asked[trial.number].report(trial.value, step)
            if step < len(objective.folds) and asked[trial.number].should_prune():
                trial.state = "pruned"
    for trial in batch:
        objective.close(trial)


def _point(one: Any, space: Space) -> Point:
    """The values that Optuna proposes."""
    point: Point = {}
    for parameter in space.parameters:
        name = parameter.name
        if isinstance(parameter, Choices):
            ordered = all(type(value) in (int, float) for value in parameter.values)
            places = range(len(parameter.values))
            # numbers have neighbours: the better place is between good ones
            place = (
                one.suggest_int(name, 0, places[-1])
                if ordered
                else one.suggest_categorical(name, list(places))
            )
            point[name] = parameter.values[place]
        elif parameter.whole:
            point[name] = one.suggest_int(name, int(parameter.low), int(parameter.high))
        else:
            proposed = one.suggest_float(name, parameter.low, parameter.high, log=parameter.log)
            point[name] = parameter.tidy(proposed)
    return point


def _tell(optuna: Any, study: Any, one: Any, trial: Trial) -> None:
    states = optuna.trial.TrialState
    if trial.state == "complete":
        study.tell(one, trial.value)
    else:
        study.tell(one, state=states.PRUNED if trial.state == "pruned" else states.FAIL)


class _Forward(logging.Handler):
    """What Optuna says goes into our own log."""

    def emit(self, record: logging.LogRecord) -> None:
        log.info("optuna: %s", record.getMessage())


@contextmanager
def _quiet_optuna() -> Iterator[Any]:
    """Optuna, whose messages go into our log, from warnings on."""
    optuna = require_optuna()
    optuna.logging.disable_default_handler()
    own, before, forward = logging.getLogger("optuna"), optuna.logging.get_verbosity(), _Forward()
    own.addHandler(forward)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
            yield optuna
    finally:
        own.removeHandler(forward)
        optuna.logging.set_verbosity(before)
        optuna.logging.enable_default_handler()

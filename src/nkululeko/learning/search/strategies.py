"""How to search: the whole grid, drawn combinations, or successive halving. TPE has a file of its own."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.learning.pipeline import Recipe
from nkululeko.learning.search.objective import Objective, Trial
from nkululeko.learning.search.space import Point, Range, Space, with_point

log = logging.getLogger("nkululeko")

#: of the smallest rung of halving: no fold learns from a smaller share of its speakers
SMALLEST = 1 / 8
#: speakers, or samples where these are not known, that a fold must keep to learn from
FEWEST_SPEAKERS, FEWEST_SAMPLES = 2, 20


@dataclass(frozen=True)
class Plan:
    """How long to search.

    Args:
        n_iter: how many combinations; the grid has as many as it has
        seed: of what is drawn
        deadline: ``time.monotonic()`` at which no further trial is begun; None: never
    """

    n_iter: int = 50
    seed: int = 42
    deadline: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether time is up."""
        return self.deadline is not None and time.monotonic() > self.deadline


Strategy = Callable[[Objective, Space, Recipe, Plan], list[Trial]]


def grid(objective: Objective, space: Space, recipe: Recipe, plan: Plan) -> list[Trial]:
    """All combinations.

    Raises:
        NkululekoError: a range has no step, so there is no end of them
    """
    check_grid(space)
    return _all(objective, list(space.grid()), recipe, plan)


def check_grid(space: Space) -> None:
    """An error where a range has no step; whole numbers need one too: (1, 100) is rarely meant as 100 values."""
    for parameter in space.parameters:
        if isinstance(parameter, Range):
            raise NkululekoError(
                f"[OPTIM] {parameter.name} = ({parameter.low}, {parameter.high}): a grid needs single values",
                todo="add a step, (min, max, step), write a list, or take another search_strategy",
            )


def random(objective: Objective, space: Space, recipe: Recipe, plan: Plan) -> list[Trial]:
    """``n_iter`` different combinations, each equally likely (Bergstra & Bengio 2012)."""
    return _all(objective, space.draws(plan.n_iter, plan.seed), recipe, plan)


def halving(objective: Objective, space: Space, recipe: Recipe, plan: Plan) -> list[Trial]:
    """Many combinations on few speakers, the better half of them on twice as many, and so on.

    Successive halving (Jamieson & Talwalkar 2016). The rows to predict are the same in all rounds.
    """
    trials = new_trials(space.draws(plan.n_iter, plan.seed), recipe)
    shares = rungs(objective, len(trials))
    if len(shares) == 1:
        log.info("halving: too few speakers, or trials, to begin with a part of them: as random")
    left = trials
    for share in shares:
        _evaluate(objective, left, plan, share)
        left = _better_half(objective, left)
    return trials


def rungs(objective: Objective, trials: int) -> list[float]:
    """The shares of the training rows in the rounds of halving, the last 1: ``[0.25, 0.5, 1]``.

    A share is left out where a fold would learn from too few speakers, or from fewer classes than it could.
    """
    shares = [1.0]
    while shares[0] / 2 >= SMALLEST and 2 ** len(shares) <= trials and _is_enough(objective, shares[0] / 2):
        shares.insert(0, shares[0] / 2)
    return shares


def _is_enough(objective: Objective, share: float) -> bool:
    data = objective.data
    for number, fold in enumerate(objective.folds):
        rows = objective.learned_from(number, share)
        units = rows if data.groups is None else np.asarray(data.groups, dtype=object)[rows]
        if len(set(units)) < (FEWEST_SAMPLES if data.groups is None else FEWEST_SPEAKERS):
            return False
        target = np.asarray(data.target)
        if objective.labels and set(target[rows]) != set(target[fold.train]):
            return False
    return True


def _better_half(objective: Objective, trials: Sequence[Trial]) -> list[Trial]:
    """Half of them, at least one; equal ones in their order."""
    able = [trial for trial in trials if trial.state == "complete"]
    able.sort(key=lambda trial: -objective.sign * trial.value)
    return able[: max(1, len(trials) // 2)]


def _all(objective: Objective, points: Sequence[Point], recipe: Recipe, plan: Plan) -> list[Trial]:
    trials = new_trials(points, recipe)
    _evaluate(objective, trials, plan)
    return trials


def _evaluate(objective: Objective, trials: Sequence[Trial], plan: Plan, share: float = 1.0) -> None:
    """Some trials at a time, until time is up, but the first ones in any case: a short time gives a result too."""
    batch = max(1, 2 * objective.jobs)
    for first in range(0, len(trials), batch):
        if first and plan.is_over:
            return
        objective.evaluate(trials[first : first + batch], share)


def new_trials(points: Sequence[Point], recipe: Recipe, first: int = 1) -> list[Trial]:
    """A trial for each combination, numbered."""
    return [
        Trial(number, point, with_point(recipe, point)) for number, point in enumerate(points, start=first)
    ]

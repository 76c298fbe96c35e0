"""A run whose hyperparameters are searched for in the training set, see ``[OPTIM]``."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from nkululeko.config import ini
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.load import load as load_config
from nkululeko.config.schema.optim import Optim, Span
from nkululeko.core.companion import Companion
from nkululeko.core.errors import ConfigError, NkululekoError
from nkululeko.core.families import ModelContext, metrics
from nkululeko.core.result import Result, Score
from nkululeko.core.rundir import RunDir
from nkululeko.learning.folds import make_folds
from nkululeko.learning.pipeline import Part, Recipe
from nkululeko.learning.search.memo import Memo
from nkululeko.learning.search.nested import nested
from nkululeko.learning.search.run import Found, Settings, search
from nkululeko.learning.search.space import OTHERS, Point, Space, make_space
from nkululeko.learning.search.strategies import check_grid
from nkululeko.learning.search.tpe import require_optuna
from nkululeko.learning.training import Runs
from nkululeko.steps.provenance import versions
from nkululeko.steps.search_bar import search_bar
from nkululeko.steps.train import Matrices, train

_log = logging.getLogger("nkululeko")

#: what was fitted, for a search that goes on; stands in the run's folder
STORAGE = "search.sqlite"
TRIALS, BEST = "trials.csv", "best.ini"


@dataclass(frozen=True)
class Searched:
    """A run, and the search that it began with.

    Args:
        result: of the run with the best values; the test set has been looked at once
        best: the best values, by the names of the parameters
        lines: the same as lines of an experiment file, with their sections
        measured: the measure of the search on the inner folds, corrected for the choice; not of the test set
        trials: a row a trial, the best first
    """

    result: Result
    best: Point
    lines: tuple[str, ...]
    measured: Score
    trials: pd.DataFrame


def space_of(config: ExperimentConfig, overrides: Sequence[str] = ()) -> Space:
    """What may be tried, checked before anything is loaded.

    Args:
        config: with the section [OPTIM]
        overrides: of the command line, for the places in messages

    Raises:
        ConfigError: all mistakes, a line each
        NkululekoError: a package is missing
    """
    optim, choice = config.section(Optim), config.model.choice
    given = {name: _plain(value) for name, value in optim.parameters.items()}
    recipe = Recipe(choice.name, choice.options.model_dump(), ModelContext(config.exp.type))
    places = _places(config, overrides)
    space, mistakes = make_space(given, recipe, places)
    if not given:
        mistakes = [NkululekoError(problem.what, str(config.source), problem.todo) for problem in mistakes]
    if optim.metric and config.exp.type not in metrics.load(optim.metric).tasks:
        what = f"[OPTIM] metric: '{optim.metric}' is not for {config.exp.type}"
        mistakes.append(NkululekoError(what, places.get("metric", "")))
    if optim.search_strategy == "grid" and not mistakes:
        try:
            check_grid(space)
        except NkululekoError as problem:
            mistakes.append(NkululekoError(problem.what, str(config.source), problem.todo))
    if mistakes:
        raise ConfigError(mistakes)
    if optim.search_strategy == "tpe":
        require_optuna()
    return space


def _plain(value: Any) -> Any:
    return value.ends if isinstance(value, Span) else value


def _places(config: ExperimentConfig, overrides: Sequence[str]) -> dict[str, str]:
    """Where the options of [OPTIM] stand: file and line, or the command line."""
    options = [*ini.read(config.source).options, *map(ini.overriding, overrides)]
    return {raw.name: raw.place for raw in options if raw.section == Optim.ini_section}


@dataclass
class Searcher:
    """Learns as :func:`nkululeko.steps.train.train` does, after a search for the best values.

    Args:
        config: with the section [OPTIM]
        space: what may be tried
        rundir: where the table of trials goes
        overrides: of the command line
    """

    config: ExperimentConfig
    space: Space
    rundir: RunDir
    overrides: Sequence[str] = ()
    found: list[tuple[str, Found]] = field(default_factory=list)

    def __call__(
        self, recipe: Recipe, parts: Matrices, config: ExperimentConfig, folder: Path | None,
        companion: Companion | None,
    ) -> Future[Runs]:  # fmt: skip
        """Search in the training set, fit the best recipe on all of it, and predict the test set, once.

        With a cross-validation the search is repeated in the training part of every fold.
        """
        with Memo(self.rundir.path(STORAGE)) as memo:
            if len(memo):
                _log.info("%s: %d fits are known from before", memo.path, len(memo))
            try:
                runs = self._learn(recipe, parts, folder, companion, memo)
            except KeyboardInterrupt:
                raise KeyboardInterrupt(f"{len(memo)} fits are kept in {memo.path}") from None
        self.rundir.write_table(TRIALS, self.table().to_csv(index=False))
        self.rundir.write(BEST, self.best_config().to_ini())
        done: Future[Runs] = Future()
        done.set_result(runs)
        return done

    def _learn(
        self, recipe: Recipe, parts: Matrices, folder: Path | None, companion: Companion | None, memo: Memo
    ) -> Runs:
        config = self.config

        def best_of(data: Part, name: str) -> tuple[Recipe, str]:
            with search_bar(f"search, {name}" if name else "search", self.label) as watch:
                found = search(recipe, data, self.space, self.settings(recipe), memo, watch)
            self.found.append((name, found))
            self._say(name, found)
            return found.best.recipe, self.line(found)

        if config.folds is None:
            best, line = best_of(parts.part("train"), "")
            runs = train(best, parts, config, folder, companion).result()
            learned = tuple(replace(one, decided=(line, *one.decided)) for one in runs.learned)
            return replace(runs, learned=learned)
        kind, count = config.folds
        target, groups, task = parts.data.target, parts.data.groups, recipe.context.task
        folds = make_folds(kind, target, groups, config.exp.random_seed, count, task)
        return nested(recipe, parts.data, folds, best_of, parts.columns, folder, config.exp.runs)[0]

    def settings(self, recipe: Recipe) -> Settings:
        """How to search."""
        optim = self.config.section(Optim)
        return Settings(
            optim.search_strategy, optim.metric or str(self.config.model.measure), optim.n_iter, optim.cv_folds,
            self.config.exp.random_seed, optim.timeout, recipe.context.jobs, str(sorted(versions().items())),
        )  # fmt: skip

    @property
    def label(self) -> str:
        """The measure as it is shown."""
        return metrics.load(self.config.section(Optim).metric or str(self.config.model.measure)).label

    def line(self, found: Found) -> str:
        """Which data decided."""
        values = ", ".join(f"{name} = {ini.written(value)}" for name, value in found.best.point.items())
        whom = f" of {found.speakers} speakers" if found.speakers else ""
        return (
            f"the hyperparameters ({values}): {found.folds} folds of {found.samples} training samples{whom}, by"
            f" {self.label}, the best of {len(found.trials)} trials"
        )

    def _say(self, name: str, found: Found) -> None:
        before = f"{name}: " if name else ""
        _log.info("%ssearch: %s", before, self.line(found))
        # the best trial's own value is flattered: it stands in the table only
        _log.info("%son the inner folds, corrected for having been chosen: %s", before, found.corrected)
        failed = [trial for trial in found.trials if trial.state == "failed"]
        if failed:
            _log.warning("%s%d trials could not be fitted, e.g.: %s", before, len(failed), failed[0].message)
        if not found.in_time:
            _log.warning("%sthe search ended by [OPTIM] timeout, after %d trials", before, len(found.trials))
        for edge in _edges(found.best.point, self.space):
            _log.info("%s%s", before, edge)

    def table(self) -> pd.DataFrame:
        """A row a trial, the best first; of a nested search, with the outer fold."""
        rows = []
        for name, found in self.found:
            for rank, trial in enumerate(found.trials, start=1):
                start: dict[str, Any] = {"outer_fold": name} if name else {}
                point = {key: ini.written(value) for key, value in trial.point.items()}
                rows.append(start | {
                    "rank": rank, "trial": trial.number, **point, "value": trial.value, "state": trial.state,
                    "folds": len(trial.fits), "share": trial.share, "seconds": round(trial.seconds, 2),
                    "message": trial.message,
                })  # fmt: skip
        return pd.DataFrame(rows)

    def best_lines(self) -> tuple[str, ...]:
        """The best values as lines of an experiment file; of a nested search: those of all data, the last."""
        lines = []
        for section, values in _by_section(self.found[-1][1].best.point).items():
            lines += [f"[{section}]", *(f"{name} = {text}" for name, text in values.items())]
        return tuple(lines)

    def best_config(self) -> ExperimentConfig:
        """The experiment with the best values, to be run without a search."""
        found = [
            f"{section}.{name}={text}"
            for section, values in _by_section(self.found[-1][1].best.point).items()
            for name, text in values.items()
        ]
        name = f"EXP.name={self.config.exp.name}_best"
        # options of the search, and of what is not read, are no part of it
        return load_config(self.config.source, [*self.overrides, *found, name])

    def searched(self, result: Result) -> Searched:
        """All that there is to tell."""
        last = self.found[-1][1]
        return Searched(result, last.best.point, self.best_lines(), last.corrected, self.table())


def _by_section(point: Point) -> dict[str, dict[str, str]]:
    """The values as they are written, by section."""
    sections: dict[str, dict[str, str]] = {}
    for name, value in point.items():
        section = OTHERS.get(name, "MODEL")
        text = "None" if section == "FEATS" and (name, value) == ("balancing", "none") else ini.written(value)
        sections.setdefault(section, {})[name] = text
    return sections


def _edges(point: Mapping[str, Any], space: Space) -> list[str]:
    """Values at the end of what was allowed: better ones may lie beyond."""
    lines = []
    for parameter in space.parameters:
        low, high = getattr(parameter, "low", None), getattr(parameter, "high", None)
        if low is None or high is None:
            continue
        value = point[parameter.name]
        if value in (low, high):
            lines.append(
                f"the best {parameter.name} = {value} is an end of ({low}, {high}): better ones may lie beyond"
            )
    return lines

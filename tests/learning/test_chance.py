"""Nothing to learn, so nothing may be found: random labels through every model, several runs, patience and a search.

Whatever is chosen on the way (the epoch, the run, the options) is chosen on data that are not the test set, so no
figure on the test set rises above chance beyond its interval. One figure in forty would, by chance: so the level of
the intervals is raised for as many figures (Bonferroni), and what is left is asked of their mean, which any leak
would lift.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from learners import OF_FEATURES
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import ModelContext, Scored, metrics, models
from nkululeko.core.result import Score
from nkululeko.evaluation.intervals import bootstrap_scores
from nkululeko.learning.folds import make_folds
from nkululeko.learning.pipeline import Part, Recipe
from nkululeko.learning.search.memo import Memo
from nkululeko.learning.search.run import Settings, search
from nkululeko.learning.search.space import make_space
from nkululeko.learning.training import Runs, cross_validated, train_and_test

RUNS, SEEDS, FRAMES = 3, (0, 1), 8
LABELS = ("calm", "tense")
#: chance of each task's measure
CHANCE = {"uar": 0.5, "ccc": 0.0}
#: as many figures as there are, of which none may be above chance: each has its share of the 2.5 % at one end
LEVEL = 1 - 0.05 / (len(OF_FEATURES) * RUNS * len(SEEDS))
#: options that a search tries, for a model of each kind
SEARCHED = {
    "svm": {"C_val": (0.01, 100.0), "scale": ["standard", "robust"]},
    "tree": {"max_depth": [1, 2, 4, 8]},
    "lgbm": {"min_child_samples": [2, 5, 10], "n_estimators": [5, 20]},
    "mlp": {"learning_rate": (0.001, 0.1), "drop": [0.0, 0.5], "layers": [[4], [8, 4]]},
}


@cache
def noise(speakers: int, seed: int, regression: bool = False) -> Part:
    """Features and labels that have nothing to do with each other; each speaker has a voice and habits of his own."""
    generator = np.random.default_rng([seed, speakers, regression])
    groups = np.repeat([f"s{speakers}-{number}" for number in range(speakers)], 12)
    features = generator.normal(size=(len(groups), FRAMES)) + 2 * np.repeat(
        generator.normal(size=(speakers, FRAMES)), 12, axis=0
    )
    habit = np.repeat(generator.uniform(0.3, 0.7, speakers), 12)
    target = generator.random(len(groups)) < habit
    if regression:
        return Part(features, habit + generator.normal(0, 0.5, len(groups)), groups)
    return Part(features, np.where(target, *LABELS).astype(object), groups)


def recipe(name: str, **context) -> Recipe:
    kind = models.load(name)
    task = kind.tasks[0]
    shape = (FRAMES, 1) if kind.takes_sequences else None
    options = {}
    if kind.watches:
        options = {"patience": 3, "layers": (8,), "learning_rate": 0.02}
    few = {"n_estimators": 10, "min_child_samples": 3}
    options |= {option: value for option, value in few.items() if option in kind.Options.model_fields}
    made = ModelContext(task, epochs=8, shape=shape, **context)
    return Recipe(name, options, made, labels=LABELS if task == "classification" else ())


def figures(runs: Runs, test: Part, what: Recipe) -> list[Score]:
    """The headline of each run, with its interval over speakers."""
    measure = "uar" if what.labels else "ccc"
    metric = {measure: metrics.load(measure)()}
    scored_runs = []
    for one in runs.learned:
        kind = object if what.labels else float
        scored = Scored(
            np.asarray(test.target, dtype=kind), np.asarray(one.prediction, dtype=kind), what.labels
        )
        scores, _ = bootstrap_scores(metric, scored, test.groups, resamples=4000, level=LEVEL, seed=1)
        scored_runs.append(scores[measure])
    return scored_runs


def above(score: Score) -> bool:
    """Whether the whole interval is better than guessing."""
    return score.low > CHANCE[score.name]


def learned(name: str, seed: int, leak: bool = False) -> tuple[Runs, Part, Recipe]:
    """Trained on some speakers, tested on others; with a leak the test speakers are those who are trained on."""
    what = recipe(name)
    train, test = (noise(speakers, seed, not what.labels) for speakers in (12, 20))
    return train_and_test(what, test if leak else train, test, None, (), None, RUNS), test, what


def is_missing(problem: NkululekoError) -> bool:
    """Whether a package, or a library of the system, is not there."""
    return "needs the" in str(problem)


@cache
def found(name: str, seed: int) -> tuple[list[Score], int] | str:
    """The figures of all runs of a model, and which run was chosen; or what is missing."""
    try:
        runs, test, what = learned(name, seed)
    except NkululekoError as problem:
        if is_missing(problem):
            return str(problem)
        raise
    return figures(runs, test, what), runs.best


@pytest.mark.parametrize("name", OF_FEATURES)
def test_no_model_finds_anything_in_any_run(name):
    for seed in SEEDS:
        outcome = found(name, seed)
        if isinstance(outcome, str):
            pytest.skip(outcome)
        scores, _ = outcome
        assert len(scores) == RUNS
        assert not any(map(above, scores)), list(map(str, scores))


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_nor_do_all_of_them_together(task):
    """The figures of the runs that are kept: were they chosen by the test set, this mean would be above chance."""
    gains = []
    for name in OF_FEATURES:
        for seed in SEEDS:
            outcome = found(name, seed)
            if task in models.load(name).tasks and not isinstance(outcome, str):
                score = outcome[0][outcome[1]]
                gains.append(score.value - CHANCE[score.name])
    assert len(gains) >= 10 and np.mean(gains) < 0.05


@pytest.mark.parametrize("name", ["tree", "lgbm", "tree_reg"])
def test_a_leak_would_be_found(name):
    runs, test, what = learned(name, 0, leak=True)
    assert all(map(above, figures(runs, test, what)))


@pytest.mark.parametrize("name", ["nb", "xgb", "mlp", "tree_reg"])
def test_cross_validation_finds_nothing(name):
    what = recipe(name)
    data = noise(20, 2, not what.labels)
    folds = make_folds("k_fold_cross", data.target, data.groups, 1, 4, what.context.task)
    runs = cross_validated(what, data, folds, (), None, RUNS)
    assert not any(map(above, figures(runs, data, what)))


@pytest.mark.parametrize("name", SEARCHED)
def test_a_search_finds_nothing(name):
    """Neither what it says of itself nor the test of what it chose is above chance; the best trial often is."""
    what = recipe(name)
    flattered = []
    for seed in (3, 4, 5):
        train, test = noise(12, seed), noise(20, seed)
        space, mistakes = make_space(SEARCHED[name], what)
        assert not mistakes
        plan = Settings("random", n_iter=6, folds=3, seed=seed)
        with Memo(None) as memo:
            try:
                outcome = search(what, train, space, plan, memo, lambda *_: None)
            except NkululekoError as problem:
                if is_missing(problem):
                    pytest.skip(str(problem))
                raise
        assert outcome.corrected.low <= 0.5
        best = replace(outcome.best.recipe, labels=LABELS)
        assert not any(map(above, figures(train_and_test(best, train, test, None, (), None, 1), test, best)))
        flattered.append(outcome.best.value - outcome.corrected.value)
    assert np.mean(flattered) > 0, (
        "the best of several trials is flattered, and the correction takes that away"
    )

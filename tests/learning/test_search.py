"""The search inside a training set: against scikit-learn, against chance, and whatever the number of cores."""

from __future__ import annotations

import sqlite3
import sys

import numpy as np
import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import ModelContext, Scored, metrics
from nkululeko.learning.folds import make_folds
from nkululeko.learning.pipeline import Part, Recipe
from nkululeko.learning.search import objective as objective_module
from nkululeko.learning.search.correction import corrected
from nkululeko.learning.search.memo import Fit, Memo
from nkululeko.learning.search.nested import nested
from nkululeko.learning.search.objective import Objective, Trial
from nkululeko.learning.search.run import Settings, search
from nkululeko.learning.search.space import make_space
from nkululeko.learning.search.strategies import Plan, halving, new_trials, rungs

LABELS = ("calm", "tense")


def part(speakers: int = 8, each: int = 12, features: int = 6, seed: int = 1, effect: float = 1.0) -> Part:
    """Two classes that differ in the first feature by so many deviations; 0: nothing can be learned."""
    generator = np.random.default_rng(seed)
    groups = np.repeat([f"s{number}" for number in range(speakers)], each)
    target = generator.choice(LABELS, len(groups)).astype(object)
    values = generator.normal(size=(len(groups), features))
    values[:, 0] += effect * (target == "tense")
    return Part(values, target, groups)


def recipe(model: str = "svm", **options) -> Recipe:
    return Recipe(model, options, labels=LABELS)


def space(what: Recipe, **given):
    found, mistakes = make_space(given, what)
    assert not mistakes
    return found


def found_by(
    strategy: str, data: Part, what: Recipe | None = None, memo: Memo | None = None, watch=None, **settings
):
    what = what or recipe()
    given = settings.pop("given", {"C_val": (0.01, 100.0), "kernel": ["rbf", "linear"]})
    plan = Settings(**{"strategy": strategy, "n_iter": 8, "folds": 4, **settings})
    with Memo(None) if memo is None else memo as store:
        return search(what, data, space(what, **given), plan, store, watch or (lambda *_: None))


def told(found) -> list[tuple]:
    return [(trial.number, str(trial.point), trial.value, trial.state, trial.share) for trial in found.trials]


def test_value_is_that_of_scikit_learn():
    from sklearn.metrics import balanced_accuracy_score
    from sklearn.model_selection import PredefinedSplit, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    data = part()
    found = found_by("grid", data, given={"C_val": [0.1, 1, 10]}, seed=3)
    number = np.empty(len(data.target), dtype=int)
    for place, fold in enumerate(make_folds("k_fold_cross", data.target, data.groups, 3, 4)):
        assert not set(data.groups[fold.test]) & set(data.groups[fold.train])
        number[fold.test] = place
    values = {}
    for c in (0.1, 1, 10):
        model = make_pipeline(StandardScaler(), SVC(C=c))
        predicted = cross_val_predict(model, data.features, data.target, cv=PredefinedSplit(number))
        values[c] = balanced_accuracy_score(data.target, predicted)
    assert {trial.point["C_val"]: trial.value for trial in found.trials} == pytest.approx(values)
    assert found.best.value == max(values.values())


@pytest.mark.parametrize("strategy", ["random", "halving", "tpe"])
def test_same_seed_same_trials_whatever_the_cores(strategy, monkeypatch):
    if strategy == "tpe":
        pytest.importorskip("optuna", reason="NOT TESTED: optuna is not installed")
    data = part()
    alone = told(found_by(strategy, data))
    monkeypatch.setattr(objective_module, "_PATIENCE", 0.0)  # other processes from the third fit on
    assert told(found_by(strategy, data, jobs=2)) == alone
    assert told(found_by(strategy, data, seed=5)) != alone


def test_grid_tries_all_and_says_the_best():
    seen = []
    found = found_by("grid", part(), given={"C_val": [0.1, 1, 10], "kernel": ["rbf", "linear"]},
                     watch=lambda *now: seen.append(now))  # fmt: skip
    assert len({str(trial.point) for trial in found.trials}) == 6
    assert seen[0][:2] == (0, 6) and seen[-1][:2] == (6, 6)
    assert seen[-1][2] == found.best.value == max(trial.value for trial in found.trials)


def test_less_is_better_where_the_measure_says_so():
    generator = np.random.default_rng(1)
    values = generator.normal(size=(80, 3))
    data = Part(values, values[:, 0] + generator.normal(size=80) * 0.1, np.repeat(np.arange(8), 10))
    what = Recipe("knn_reg", context=ModelContext("regression"))
    for strategy in ("random", "halving"):
        found = found_by(strategy, data, what, metric="mae", given={"K_val": (1, 40)})
        whole = [trial.value for trial in found.trials if trial.share == 1.0]
        assert found.best.value == min(whole) < max(whole)
        assert not found.corrected.higher_is_better
        assert found.corrected.low < found.best.value < found.corrected.high


def test_halving_goes_from_few_speakers_to_all():
    data = part(speakers=16, each=6)
    with Memo(None) as memo:
        objective = Objective(
            data, make_folds("k_fold_cross", data.target, data.groups, 1, 4), "uar", LABELS, memo
        )
        assert rungs(objective, 16) == [0.25, 0.5, 1.0]  # an eighth of 12 speakers is too few
        assert rungs(objective, 3) == [0.5, 1.0]
        whole = objective.folds[0].train
        for share in (0.25, 0.5):
            rows = objective.learned_from(0, share)
            assert set(rows) < set(whole)
            heard = set(data.groups[rows])
            assert len(heard) == pytest.approx(share * 12, abs=1)
            assert not heard & set(data.groups[objective.folds[0].test])
            assert len(rows) == sum(group in heard for group in data.groups[whole])  # whole speakers
        what = recipe()
        trials = halving(objective, space(what, C_val=(0.01, 100.0)), what, Plan(16, 1))
    assert sorted(trial.share for trial in trials) == [0.25] * 8 + [0.5] * 4 + [1.0] * 4
    assert rungs_of_two_speakers() == [1.0]


def rungs_of_two_speakers() -> list[float]:
    data = part(speakers=3)
    folds = make_folds("k_fold_cross", data.target, data.groups, 1, 3)
    return rungs(Objective(data, folds, "uar", LABELS, Memo(None)), 16)


def test_tpe_looks_where_good_trials_lie_and_gives_up_hopeless_ones():
    pytest.importorskip("optuna", reason="NOT TESTED: optuna is not installed")
    generator = np.random.default_rng(2)
    values = generator.normal(size=(96, 2))
    target = np.where((values**2).sum(axis=1) > 1.4, "tense", "calm").astype(object)
    data = Part(values, target, np.repeat(np.arange(8), 12))
    found = found_by("tpe", data, n_iter=32, given={"gamma": (1e-6, 1e3)})
    by_number = sorted(found.trials, key=lambda trial: trial.number)
    gammas = np.log10([trial.point["gamma"] for trial in by_number])
    best = np.log10(found.best.point["gamma"])
    assert found.best.value > 0.85
    assert np.abs(gammas[16:] - best).mean() < 0.7 * np.abs(gammas[:10] - best).mean()
    pruned = [trial for trial in found.trials if trial.state == "pruned"]
    assert pruned and all(2 <= len(trial.fits) < 4 and trial.number > 10 for trial in pruned)
    assert len(found.trials) == 32


def test_tpe_without_optuna_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "optuna", None)
    with pytest.raises(NkululekoError, match=r'pip install "nkululeko\[search\]"'):
        found_by("tpe", part())


def test_grid_of_a_range_is_an_error():
    with pytest.raises(NkululekoError, match=r"C_val = \(1, 10\): a grid needs single values; add a step"):
        found_by("grid", part(), given={"C_val": (1, 10)})


def test_more_folds_than_speakers_is_an_error():
    with pytest.raises(
        NkululekoError, match=r"\[OPTIM\] cv_folds: 9 folds cannot be made of 8 speakers; use at most 8"
    ):
        found_by("random", part(), folds=9)
    assert found_by("random", part(speakers=3), folds=None, n_iter=2).folds == 3
    with pytest.raises(NkululekoError, match="at least two training speakers"):
        found_by("random", part(speakers=1), folds=None)


def test_a_trial_that_fails_costs_itself_only():
    data = part(speakers=4, each=6)
    data.target[:] = "calm"
    data.target[::6] = "tense"  # four of them: too few for smote's neighbours, enough to be repeated
    found = found_by("grid", data, given={"balancing": ["smote", "ros"]}, folds=2)
    assert [trial.point["balancing"] for trial in found.trials] == ["ros", "smote"]
    assert found.trials[1].state == "failed" and found.trials[1].message
    with pytest.raises(NkululekoError, match="no trial could be fitted: "):
        found_by("grid", data, given={"balancing": ["smote"]}, folds=2)


def test_time_that_is_up_ends_the_search():
    data = part()
    found = found_by("random", data, n_iter=5000, timeout=0.5)
    assert not found.in_time and 1 <= len(found.trials) < 5000
    assert all(trial.fits for trial in found.trials)
    assert found_by("random", data).in_time
    assert not found_by("halving", part(speakers=16), n_iter=200, timeout=1e-6).in_time


# what was fitted before


def test_nothing_is_fitted_twice(tmp_path):
    path, data = tmp_path / "search.sqlite", part()
    first = found_by("random", data, memo=Memo(path))
    again = found_by("random", data, memo=Memo(path))
    more = found_by("random", data, memo=Memo(path), n_iter=10)
    assert (first.trained, again.trained, more.trained) == (32, 0, 8)
    assert told(first) == told(again)
    pytest.importorskip("optuna", reason="NOT TESTED: optuna is not installed")
    cut = found_by("tpe", data, memo=Memo(path), n_iter=12)
    on = found_by("tpe", data, memo=Memo(path), n_iter=16)
    assert told(on) == told(found_by("tpe", data, n_iter=16))
    assert on.trained == sum(len(t.fits) for t in on.trials) - sum(len(t.fits) for t in cut.trials)


@pytest.mark.parametrize(
    "change",
    [
        lambda data: data.features.__setitem__((0, 0), 9.0),
        lambda data: data.target.__setitem__(0, "calm" if data.target[0] == "tense" else "tense"),
    ],
)
def test_other_data_are_fitted_anew(tmp_path, change):
    path, data = tmp_path / "search.sqlite", part()
    found_by("grid", data, memo=Memo(path), given={"C_val": [1.0]})
    change(data)
    assert found_by("grid", data, memo=Memo(path), given={"C_val": [1.0]}).trained == 4
    assert found_by("grid", data, memo=Memo(path), given={"C_val": [1.0]}).trained == 0
    assert found_by("grid", data, memo=Memo(path), given={"C_val": [1.0]}, salt="1.1").trained == 4


def test_a_broken_file_is_an_error(tmp_path):
    path = tmp_path / "search.sqlite"
    path.write_bytes(b"no table at all" * 100)
    with pytest.raises(NkululekoError, match="delete the file to start anew"):
        Memo(path)
    path.unlink()
    with Memo(path) as memo:
        memo.put("a", Fit((1.5, float("nan")), (), ((0.1, 0.9),), "", 2.0))
        assert memo.get("a").scores == ((0.1, 0.9),)
    with sqlite3.connect(path) as base:
        base.execute("UPDATE fits SET fit = '[]'")
    with Memo(path) as memo, pytest.raises(NkululekoError, match="delete the file"):
        memo.get("a")


def test_scores_are_kept_where_the_measure_needs_them():
    data = part(effect=2.0)
    found = found_by("grid", data, metric="eer", given={"C_val": [1.0]})
    assert 0.0 < found.best.value < 0.4


# chance


def test_correction_takes_the_flattery_out():
    """Fifty trials that guess: the best of them looks good, the choice as a procedure does not."""
    generator = np.random.default_rng(4)
    uar, units = metrics.load("uar")(), np.repeat(np.arange(12), 10)
    best, fair, covered = [], [], 0
    for seed in range(12):
        truth = generator.choice(LABELS, 120)
        trials = [Scored(truth, generator.choice(LABELS, 120), list(LABELS)) for _ in range(50)]
        score = corrected(uar, trials, units, seed=seed)
        best.append(max(uar.value(trial) for trial in trials))
        fair.append(score.value)
        covered += score.low <= 0.5 <= score.high
    assert np.mean(best) > 0.57
    assert abs(np.mean(fair) - 0.5) < 0.03
    assert covered == 12


def test_correction_without_a_choice_is_about_the_value_itself():
    generator = np.random.default_rng(4)
    uar, truth = metrics.load("uar")(), generator.choice(LABELS, 400)
    one = Scored(truth, np.where(generator.random(400) < 0.8, truth, truth[::-1]), list(LABELS))
    score = corrected(uar, [one], np.repeat(np.arange(40), 10), seed=1)
    assert score.value == pytest.approx(uar.value(one), abs=0.01)
    assert score.low < score.value < score.high
    alone = corrected(uar, [one], np.zeros(400, dtype=int), seed=1)
    assert np.isnan(alone.value) and np.isnan(alone.low)


@pytest.mark.parametrize("strategy", ["random", "halving", "tpe"])
def test_random_labels_stay_at_chance(strategy):
    """No figure of the search rises above chance beyond its interval; the naive one would, on average."""
    if strategy == "tpe":
        pytest.importorskip("optuna", reason="NOT TESTED: optuna is not installed")
    given = {"C_val": (0.001, 1000.0), "gamma": (0.0001, 10.0)}
    figures, naive = [], []
    for seed in range(3):
        found = found_by(strategy, part(each=8, seed=seed, effect=0.0), n_iter=14, given=given, seed=seed)
        assert found.corrected.low <= 0.5
        figures.append(found.corrected.value)
        naive.append(found.best.value)
    assert np.mean(figures) < 0.54
    assert np.mean(naive) > np.mean(figures) + 0.02


# nested


def test_nested_search_does_not_see_who_is_tested():
    data = part(speakers=6)
    outer = make_folds("k_fold_cross", data.target, data.groups, 1, 3)
    what, chosen = recipe(), {}

    def best_of(train: Part, name: str):
        found = search(
            what, train, space(what, C_val=(0.01, 100.0)), Settings("random", n_iter=6, folds=3), Memo(None)
        )
        chosen.setdefault(name, []).append(found.best.point)
        return found.best.recipe, f"C_val of {name}"

    runs, kept = nested(what, data, outer, best_of, [], None)
    other = Part(data.features.copy(), data.target.copy(), data.groups)
    tested = outer[0].test
    other.target[tested] = np.where(other.target[tested] == "calm", "tense", "calm")
    other.features[tested] += 5
    nested(what, other, outer, best_of, [], None)
    assert chosen[outer[0].name][0] == chosen[outer[0].name][1]
    assert set(chosen) == {fold.name for fold in outer} | {"all data"}
    assert kept.options == chosen["all data"][0]
    assert len(runs.chosen.prediction) == len(data.target) and runs.chosen.folds == tuple(
        f.name for f in outer
    )
    assert any("C_val of fold 1 of 3" in line for line in runs.chosen.decided)


def test_numbers_of_trials_go_on():
    trials = new_trials([{"C_val": 1.0}], recipe(), 5)
    assert isinstance(trials[0], Trial) and trials[0].number == 5

"""Trying many recipes: nobody who chooses has seen those who are tested, and random labels stay random."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import recall_score

from nkululeko.core.families import ModelContext, metrics, models, scalers
from nkululeko.learning.auto import outcome, pool
from nkululeko.learning.auto.choosing import choose
from nkululeko.learning.auto.fusion import balanced_log_likelihood, fuse_best, softmax
from nkululeko.learning.auto.scheme import blocks_of, nested, plain
from nkululeko.learning.auto.trying import Settings, Tried, answers, as_probabilities, try_all
from nkululeko.learning.folds import make_folds
from nkululeko.learning.pipeline import Part, Recipe
from nkululeko.learning.search.memo import Memo

LABELS = ("a", "b", "c")


def some(speakers: int = 8, each: int = 12, seed: int = 0, signal: float = 0.0) -> Part:
    """Speakers with three classes; ``signal``: how far these are apart."""
    generator = np.random.default_rng(seed)
    target = np.tile(np.array(LABELS, dtype=object), speakers * each // 3)
    groups = np.repeat([f"s{number}" for number in range(speakers)], each).astype(object)
    features = generator.normal(size=(len(target), 6)) + generator.normal(size=(speakers, 6)).repeat(
        each, axis=0
    )
    features[:, :3] += signal * (target[:, None] == np.array(LABELS)[None])
    return Part(features.astype(np.float32), target, groups)


def candidates(
    part: Part, names: tuple[str, ...] = ("logreg", "lda", "knn"), sets: str = "x"
) -> list[pool.Candidate]:
    context = pool.context_for(ModelContext(measure="uar"))
    base = Recipe("", context=context, nan_strategy="mean", labels=LABELS)
    return pool.candidates(
        {sets: part.features.shape[1]}, names, ["standard", "speaker"], base, speakers_known=True
    )


@settings(max_examples=40, deadline=None)
@given(speakers=st.integers(3, 14), blocks=st.integers(3, 6), seed=st.integers(0, 999), shuffle=st.booleans())
def test_a_choice_never_hears_whom_it_is_tested_on(speakers, blocks, seed, shuffle):
    """Neither in what its fits learned from, nor in what they were judged by."""
    part = some(speakers, 6, seed)
    if shuffle:
        part = part.take(np.random.default_rng(seed).permutation(len(part.target)))
    folds = make_folds("loso", part.target, part.groups, seed)
    scheme = nested(blocks_of(folds, part, seed, "classification", blocks))
    everyone = set(range(len(part.target)))
    tested: list[int] = []
    for decision in scheme.decisions:
        out = set(decision.left_out.tolist())
        tested += sorted(out)
        assert {part.groups[row] for row in out}.isdisjoint(part.groups[row] for row in everyone - out)
        assert sorted(decision.rows.tolist()) == sorted(everyone - out), (
            "the choice is made on all others, each once"
        )
        for number, rows in decision.pieces:
            learned = set(scheme.fits[number].train.tolist())
            assert learned and not learned & out
            assert not learned & set(rows.tolist())
            heard = {part.groups[row] for row in learned}
            assert heard.isdisjoint(part.groups[row] for row in [*rows, *out])
    assert sorted(tested) == sorted(everyone)
    assert [
        fold for block in scheme.decisions[:-1] for fold in folds if set(fold.test) <= set(block.left_out)
    ]


def test_answers_are_those_of_fits_that_had_not_heard_the_row():
    """A model that knows its training speakers by heart: what is asked of it must be of others."""
    part = some(6, 6, signal=1.0)
    folds = make_folds("loso", part.target, part.groups, 1)
    scheme = nested(folds)
    recipe = Recipe("knn", {"K_val": 1}, labels=LABELS, scaler="none")
    tried = try_all([pool.Candidate("x", recipe)], {"x": part}, scheme, Settings("uar", LABELS), Memo(None))
    from sklearn.neighbors import KNeighborsClassifier

    for decision in scheme.decisions:
        said = answers(tried[0], decision, scheme.fits, LABELS).argmax(axis=1)
        for number, rows in decision.pieces:
            rest = scheme.fits[number].train
            expected = KNeighborsClassifier(1).fit(
                part.features[rest].astype(float), part.target[rest].astype(str)
            )
            found = said[np.isin(decision.rows, rows)]
            assert list(expected.predict(part.features[rows].astype(float))) == [
                LABELS[column] for column in found
            ]


def _nested_uar(part: Part, seed: int, most: int = 5) -> tuple[float, float]:
    """The honest figure, and the flattered one of the best candidate where it was chosen."""
    folds = make_folds("loso", part.target, part.groups, seed)
    scheme = nested(blocks_of(folds, part, seed, "classification", 4))
    memo, how, metric = Memo(None), Settings("uar", LABELS, seed=seed), metrics.load("uar")()
    tried = try_all(candidates(part), {"x": part}, scheme, how, memo)
    chosen = [
        choose(tried, decision, scheme, part.target, metric, LABELS, most) for decision in scheme.decisions
    ]
    prediction = np.empty(len(part.target), dtype=object)
    for committee in chosen[:-1]:
        mine = [fold for fold in folds if np.isin(fold.test, committee.decision.left_out).all()]
        for fold, said in zip(
            mine, outcome.predicted(tried, committee, mine, {"x": part}, how, memo), strict=True
        ):
            prediction[fold.test] = np.array(LABELS, dtype=object)[said.argmax(axis=1)]
    return recall_score(part.target.astype(str), prediction.astype(str), average="macro"), max(
        chosen[-1].singles
    )


def test_random_labels_stay_at_chance_though_the_choice_is_flattered():
    honest, flattered = np.transpose([_nested_uar(some(seed=seed), seed) for seed in range(6)])
    assert abs(honest.mean() - 1 / 3) < 3 * 0.5 / np.sqrt(6 * 96), "standard error of some 600 coin throws"
    assert flattered.mean() > honest.mean() + 0.03, "the best of many looks better than it is"


def test_what_can_be_learned_is_found():
    honest, _ = _nested_uar(some(signal=2.0), 1)
    assert honest > 0.6


def test_time_that_is_up_leaves_the_quickest_and_says_so():
    part = some()
    scheme = plain(make_folds("k_fold_cross", part.target, part.groups, 1, 4))
    tried = try_all(candidates(part), {"x": part}, scheme, Settings("uar", LABELS), Memo(None), deadline=0.0)
    assert sum(bool(each.fits) for each in tried) == 1
    assert {each.reason for each in tried if not each.fits} == {"the time was up"}


def test_a_candidate_that_cannot_be_fitted_costs_only_itself():
    part = some()
    scheme = plain(make_folds("k_fold_cross", part.target, part.groups, 1, 4))
    recipes = [
        Recipe("knn", context=ModelContext(class_weight=True), labels=LABELS),
        Recipe("nb", labels=LABELS),
    ]
    tried = try_all(
        [pool.Candidate("x", recipe) for recipe in recipes],
        {"x": part},
        scheme,
        Settings("uar", LABELS),
        Memo(None),
    )
    assert "knn" in tried[0].reason and not tried[0].fits
    committee = choose(tried, scheme.decisions[0], scheme, part.target, metrics.load("uar")(), LABELS, 3)
    assert committee.weights == {1: 1.0} and np.isnan(committee.singles[0])


def test_what_was_fitted_is_not_fitted_again(tmp_path):
    part = some(4, 6)
    scheme = plain(make_folds("k_fold_cross", part.target, part.groups, 1, 2))
    pooled, how = candidates(part, ("logreg",)), Settings("uar", LABELS)
    with Memo(tmp_path / "fits.sqlite") as memo:
        first = try_all(pooled, {"x": part}, scheme, how, memo)
        known = len(memo)
    with Memo(tmp_path / "fits.sqlite") as memo:
        again = try_all(pooled, {"x": part}, scheme, how, memo)
        assert len(memo) == known == 2 * len(pooled)
    assert again == first, "to the last digit: what is read back is what was used"


@settings(max_examples=30, deadline=None)
@given(count=st.integers(1, 7), rows=st.integers(3, 30), most=st.integers(1, 4), seed=st.integers(0, 999))
def test_a_committee_is_at_least_as_good_as_its_best_member(count, rows, most, seed):
    generator = np.random.default_rng(seed)
    truth = generator.integers(3, size=rows)
    said = [softmax(generator.normal(size=(rows, 3))) for _ in range(count)]
    goodness = balanced_log_likelihood(truth)
    fused = fuse_best(said, goodness, most)
    assert sum(fused.weights.values()) == pytest.approx(1) and 1 <= len(fused.weights) <= most
    together = sum(weight * said[number] for number, weight in fused.weights.items())
    assert goodness(together) == pytest.approx(fused.value)
    assert fused.value >= max(map(goodness, said)) - 1e-12


def test_scores_of_all_kinds_become_probabilities():
    decisions = as_probabilities(["a"], np.array([[1.0, 0.0]]), ["a", "b"], LABELS, probabilistic=False)
    assert decisions.round(3).tolist() == [[0.731, 0.269, 0.0]]
    assert as_probabilities(["c"], None, [], LABELS, probabilistic=False).tolist() == [[0.0, 0.0, 1.0]]


def test_a_model_that_cannot_weight_classes_is_tried_without():
    weighted = {one.recipe.model: one.recipe.context.class_weight for one in candidates(some())}
    assert weighted == {"logreg": True, "lda": True, "knn": False}


def test_who_is_tried_of_its_own_accord_says_so_itself():
    assert {"logreg", "lda", "svm"} <= set(pool.usual_models("classification"))
    assert {"svr", "lin_reg"} <= set(pool.usual_models("regression"))
    assert set(pool.usual_scalers()) == {"standard", "speaker"}
    for family, task in ((models, "classification"), (models, "regression"), (scalers, "")):
        for name in pool.own_accord(family, task):
            for settings_ in family.load(name).tried:
                family.load(name).Options(**settings_)  # its options know them


def test_trees_are_not_tried_twice_for_a_scale_that_they_do_not_mind():
    names = [(one.recipe.model, one.recipe.scaler) for one in candidates(some(), ("rf", "logreg"))]
    assert ("rf", "none") in names and ("rf", "standard") not in names and ("logreg", "standard") in names


def test_numbers_are_fused_too():
    part = some(signal=1.0)
    target = part.features[:, 0] * 2 + part.features[:, 1]
    part = Part(part.features, target.astype(float), part.groups)
    scheme = plain(make_folds("k_fold_cross", part.target, part.groups, 1, 4, "regression"))
    context = ModelContext("regression", measure="ccc")
    recipes = [Recipe("lin_reg", {"alpha": alpha}, context) for alpha in (1.0, 1000.0)]
    tried = try_all(
        [pool.Candidate("x", recipe) for recipe in recipes], {"x": part}, scheme, Settings("ccc"), Memo(None)
    )
    committee = choose(tried, scheme.decisions[0], scheme, part.target, metrics.load("ccc")(), (), 2)
    assert committee.weights.get(0, 0) > 0.5 and committee.value > 0.95
    assert isinstance(tried[0], Tried)

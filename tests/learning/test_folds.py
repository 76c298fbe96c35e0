"""Folds: whole speakers, every row once, the same for any order of the rows, classes as in the whole."""

from __future__ import annotations

import logging
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from nkululeko.core.errors import NkululekoError
from nkululeko.learning.folds import Fold, held_out, make_folds

LABELS = np.array(["anger", "boredom", "fear"], dtype=object)


@st.composite
def corpora(draw: st.DrawFn, least: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Target and speaker of some rows; speakers differ in size and in the classes they have."""
    speakers = draw(st.integers(least, 12))
    sizes = draw(st.lists(st.integers(1, 8), min_size=speakers, max_size=speakers))
    groups = np.repeat([f"s{number:02d}" for number in range(speakers)], sizes).astype(object)
    codes = draw(st.lists(st.integers(0, 2), min_size=len(groups), max_size=len(groups)))
    return LABELS[codes], groups


def corpus(speakers: int = 20, rows: int = 400, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Speakers of unequal size, classes of unequal size, each speaker with a mixture of its own."""
    random = np.random.default_rng(seed)
    groups = random.choice(speakers, rows, p=random.dirichlet(np.full(speakers, 3)))
    mixture = random.dirichlet((6, 3, 1), speakers)
    codes = [random.choice(3, p=mixture[speaker]) for speaker in groups]
    return LABELS[codes], groups


def rows_of(folds: list[Fold]) -> list[list[int]]:
    return [fold.test.tolist() for fold in folds]


def worst_deviation(parts: list[np.ndarray], target: np.ndarray) -> float:
    """How far, at most, a class's share of a fold is from its fair share, relative to that."""
    shares = [
        np.mean(np.isin(np.flatnonzero(target == label), part)) for part in parts for label in set(target)
    ]
    return float(np.max(np.abs(np.array(shares) * len(parts) - 1)))


@settings(deadline=None, max_examples=60)
@given(corpora(), st.sampled_from(["loso", "logo", "k_fold_cross"]), st.integers(2, 12), st.integers(0, 9))
def test_every_row_is_tested_once_by_whole_speakers(case, kind, count, seed):
    target, groups = case
    assume(count <= len(set(groups)))
    folds = make_folds(kind, target, groups, seed, count)
    assert len(folds) == (len(set(groups)) if kind == "loso" else count)
    assert sorted(row for fold in folds for row in fold.test) == list(range(len(target)))
    for fold in folds:
        assert fold.test.dtype.kind == fold.train.dtype.kind == "i"
        assert sorted([*fold.train, *fold.test]) == list(range(len(target)))
        assert not set(groups[fold.train]) & set(groups[fold.test])
        assert len(fold.test) and len(fold.train)
        lost = set(target[fold.test]) - set(target[fold.train])
        assert len(fold.warnings) == bool(lost)
        assert all(f"'{label}'" in fold.warnings[0] for label in lost)


@settings(deadline=None, max_examples=60)
@given(corpora(), st.sampled_from(["loso", "logo", "k_fold_cross"]), st.integers(2, 6), st.randoms())
def test_order_of_the_rows_does_not_matter(case, kind, count, random):
    target, groups = case
    assume(count <= len(set(groups)))
    order = list(range(len(target)))
    random.shuffle(order)
    once = make_folds(kind, target, groups, 5, count)
    again = make_folds(kind, target[order], groups[order], 5, count)
    for fold, other in zip(once, again, strict=True):
        assert fold.test.tolist() == sorted(order[row] for row in other.test)
        assert (fold.name, fold.warnings) == (other.name, other.warnings)


@pytest.mark.parametrize("task", ["classification", "regression"])
def test_without_speakers_the_order_of_the_rows_does_not_matter_if_it_is_told(task):
    random = np.random.default_rng(2)
    target = random.normal(size=60) if task == "regression" else LABELS[random.integers(0, 3, 60)]
    rank = random.permutation(60)  # of each row, e.g. by file name
    once = make_folds("k_fold_cross", target, None, 5, 4, task, order=np.argsort(rank))
    shuffled = random.permutation(60)
    again = make_folds("k_fold_cross", target[shuffled], None, 5, 4, task, order=np.argsort(rank[shuffled]))
    assert rows_of(once) == [sorted(shuffled[fold.test].tolist()) for fold in again]
    parts = held_out(target, None, 30, 5, task, order=np.argsort(rank))
    other = held_out(target[shuffled], None, 30, 5, task, order=np.argsort(rank[shuffled]))
    assert parts.watch.tolist() == sorted(shuffled[other.watch].tolist())


@pytest.mark.parametrize("kind", ["logo", "k_fold_cross"])
def test_the_seed_draws_the_folds(kind):
    target, groups = corpus()
    assert rows_of(make_folds(kind, target, groups, 1, 5)) == rows_of(make_folds(kind, target, groups, 1, 5))
    drawn = {str(rows_of(make_folds(kind, target, groups, seed, 5))) for seed in range(10)}
    assert len(drawn) >= 9


def test_loso_goes_by_the_sorted_speakers():
    groups = np.array(["b", "a", "b", "c"], dtype=object)
    folds = make_folds("loso", np.array(["x", "y", "x", "y"]), groups, 1)
    assert [fold.name for fold in folds] == ["speaker a", "speaker b", "speaker c"]
    assert rows_of(folds) == [[1], [0, 2], [3]]
    assert folds[1].train.tolist() == [1, 3]


def test_speakers_of_two_databases_are_two():
    groups = np.empty(4, dtype=object)
    groups[:] = [("emodb", "3"), ("urdu", "3"), ("emodb", "3"), ("urdu", "4")]
    folds = make_folds("loso", LABELS[[0, 0, 1, 1]], groups, 1)
    assert [fold.name for fold in folds] == ["speaker emodb/3", "speaker urdu/3", "speaker urdu/4"]


def test_groups_of_speakers_are_about_equally_large():
    for seed in range(10):
        target, groups = corpus(30, 600, seed)
        sizes = [len(fold.test) for fold in make_folds("logo", target, groups, seed, 5)]
        assert max(sizes) - min(sizes) <= np.bincount(groups).max() / 2


def test_classes_are_in_each_fold_as_in_the_whole_no_worse_than_scikit_learn():
    from sklearn.model_selection import StratifiedGroupKFold

    ours, theirs = [], []
    for seed in range(6):
        target, groups = corpus(60, 1500, seed)
        ours.append(
            worst_deviation(
                [fold.test for fold in make_folds("k_fold_cross", target, groups, seed, 5)], target
            )
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            split = StratifiedGroupKFold(5, shuffle=True, random_state=seed).split(target, target, groups)
            theirs.append(worst_deviation([test for _, test in split], target))
    assert np.mean(ours) <= 1.1 * np.mean(theirs)
    assert np.mean(ours) < 0.2


def test_patients_and_controls_are_in_every_fold():
    groups = np.repeat(np.arange(20), 4)
    target = np.where(groups < 6, "patient", "control")
    for seed in range(10):
        for fold in make_folds("k_fold_cross", target, groups, seed, 5):
            assert set(target[fold.test]) == {"patient", "control"}


def test_regression_is_stratified_by_the_size_of_the_numbers():
    random = np.random.default_rng(3)
    groups = np.arange(300) // 3
    target = random.gamma(2, 10, 100)[groups]
    means = [
        target[fold.test].mean() for fold in make_folds("k_fold_cross", target, groups, 1, 5, "regression")
    ]
    by_chance = [target[np.isin(groups, part)].mean() for part in np.split(random.permutation(100), 5)]
    assert np.ptp(means) < np.ptp(by_chance) / 2


def test_without_speakers_samples_are_stratified_with_a_warning(caplog):
    target = LABELS[np.repeat([0, 1, 2], [50, 25, 10])]
    with caplog.at_level(logging.WARNING, "nkululeko"):
        folds = make_folds("k_fold_cross", target, None, 1, 5)
    assert caplog.messages == ["MODEL.k_fold_cross: the speakers are not known, so folds may share speakers"]
    for fold in folds:
        assert [np.sum(target[fold.test] == label) for label in LABELS] == [10, 5, 2]


def test_samples_without_a_speaker_stand_for_themselves(caplog):
    target, groups = corpus()
    keys = groups.astype(object)
    for row, gap in zip((3, 8, 13, 18), (None, np.nan, pd.NA, pd.NaT), strict=True):
        keys[row] = gap
    with caplog.at_level(logging.WARNING, "nkululeko"):
        folds = make_folds("k_fold_cross", target, keys, 1, 4)
    assert "4 samples without a speaker" in caplog.text
    assert sorted(row for fold in folds for row in fold.test) == list(range(len(target)))


@pytest.mark.parametrize("kind", ["loso", "logo"])
def test_leaving_speakers_out_needs_speakers(kind):
    target, groups = corpus()
    gaps = groups.astype(object)
    gaps[:7] = None
    for given_groups, text in ((None, "400 of 400"), (gaps, "7 of 400")):
        with pytest.raises(NkululekoError, match=f"MODEL.{kind}.*{text} samples have none"):
            make_folds(kind, target, given_groups, 1, 3)


@pytest.mark.parametrize("kind", ["logo", "k_fold_cross"])
def test_more_folds_than_speakers_is_an_error_with_the_numbers(kind):
    target, groups = corpus(4)
    with pytest.raises(NkululekoError, match="5 folds cannot be made of 4 speakers; use at most 4"):
        make_folds(kind, target, groups, 1, 5)
    with pytest.raises(NkululekoError, match="at least 2 folds, not 1"):
        make_folds(kind, target, groups, 1, 1)
    with pytest.raises(NkululekoError, match="2 folds cannot be made of 1 speaker;"):
        make_folds("loso", target, np.zeros(len(target)), 1)
    with pytest.raises(NkululekoError, match="5 folds cannot be made of 3 samples"):
        make_folds("k_fold_cross", target[:3], None, 1, 5)


def test_unknown_kind_names_the_nearest():
    with pytest.raises(NkululekoError, match="did you mean 'loso'"):
        make_folds("losso", *corpus(), 1)


def test_a_class_of_one_speaker_is_warned_of():
    groups = np.repeat(["s1", "s2", "s3"], 2)
    target = np.array(["a", "b", "a", "b", "a", "c"])
    by_name = {fold.name: fold.warnings for fold in make_folds("loso", target, groups, 1)}
    assert by_name["speaker s1"] == by_name["speaker s2"] == ()
    assert by_name["speaker s3"] == ("speaker s3: no training sample of 'c', which its test samples have",)


@settings(deadline=None, max_examples=60)
@given(corpora(), st.integers(5, 60), st.integers(0, 5))
def test_held_out_speakers_are_others(case, percent, seed):
    target, groups = case
    parts = held_out(target, groups, percent, seed)
    assert sorted([*parts.fit, *parts.watch]) == list(range(len(target)))
    assert len(parts.fit) and len(parts.watch)
    assert not set(groups[parts.fit]) & set(groups[parts.watch])
    assert parts.warnings == ()
    order = np.random.default_rng(seed).permutation(len(target))
    again = held_out(target[order], groups[order], percent, seed)
    assert parts.watch.tolist() == sorted(order[again.watch].tolist())


def test_held_out_has_about_the_wanted_size_and_all_classes():
    watched = []
    for seed in range(20):
        target, groups = corpus(30, 600, seed)
        parts = held_out(target, groups, 20, seed)
        watched.append(len(parts.watch) / 600)
        assert set(target[parts.fit]) == set(target[parts.watch]) == set(target)
    assert 0.17 < np.mean(watched) < 0.25 and np.ptp(watched) < 0.15


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 2), min_size=4, max_size=12), st.integers(5, 60))
def test_held_out_has_every_class_that_two_speakers_have(classes, percent):
    """Speakers of one class each: patients and controls."""
    assume(len(set(classes)) < len(classes))
    target, groups = np.repeat(LABELS[classes], 3), np.repeat(np.arange(len(classes)), 3)
    parts = held_out(target, groups, percent, 1)
    for code in set(classes):
        in_fit, in_watch = (LABELS[code] in target[rows] for rows in (parts.fit, parts.watch))
        assert in_fit
        assert in_watch or classes.count(code) == 1


@pytest.mark.parametrize("groups", [None, np.array(["s1"] * 100, dtype=object)])
def test_one_speaker_only_gives_stratified_samples_and_says_so(groups):
    target = LABELS[np.repeat([0, 1, 2], [70, 28, 2])]
    parts = held_out(target, groups, 20, 1)
    assert len(parts.watch) == pytest.approx(20, abs=1)
    watched = [int(np.sum(target[parts.watch] == label)) for label in LABELS]
    assert (
        watched[0] == pytest.approx(14, abs=1) and watched[1] == pytest.approx(5.6, abs=1) and watched[2] == 1
    )
    (warning,) = parts.warnings
    assert ("one speaker" in warning) == (groups is not None)
    assert held_out(target, groups, 20, 1).watch.tolist() == parts.watch.tolist()
    assert held_out(target, groups, 20, 2).watch.tolist() != parts.watch.tolist()


def test_held_out_of_very_little():
    parts = held_out(np.array(["a", "a"]), np.array([1, 2]), 20, 1)
    assert len(parts.fit) == len(parts.watch) == 1
    parts = held_out(np.array(["a", "b"]), None, 1, 1)
    assert len(parts.fit) == len(parts.watch) == 1
    parts = held_out(np.arange(30.0), np.arange(30) // 3, 20, 1, "regression")
    assert len(parts.watch) in (3, 6, 9)
    with pytest.raises(NkululekoError, match="cannot be divided"):
        held_out(np.array(["a"]), None, 20, 1)
    with pytest.raises(ValueError, match="percent"):
        held_out(np.array(["a", "b"]), None, 100, 1)

"""Missing values against scikit-learn's SimpleImputer."""

from __future__ import annotations

import numpy as np
import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.learning.imputation import STRATEGIES, complete_rows, fit_imputer

rng = np.random.default_rng(4)
TRAIN, TEST = rng.normal(3, 2, size=(30, 4)), rng.normal(size=(10, 4))
TRAIN[::4, 1] = TRAIN[::3, 2] = TEST[::2, 1] = TEST[3] = np.nan


@pytest.mark.parametrize(
    ("strategy", "golden"),
    [("zero", {"strategy": "constant", "fill_value": 0.0}), ("mean", {}), ("median", {"strategy": "median"})],
)
def test_equals_scikit_learn(strategy, golden):
    from sklearn.impute import SimpleImputer

    expected = SimpleImputer(**golden).fit(TRAIN).transform(TEST)
    np.testing.assert_allclose(fit_imputer(strategy, TRAIN).apply(TEST), expected, rtol=1e-14)


def test_the_fill_comes_from_the_training_part_alone():
    filled = fit_imputer("mean", np.array([[1.0], [3.0]])).apply(np.array([[np.nan], [100.0]]))
    assert filled.tolist() == [[2.0], [100.0]]


@pytest.mark.parametrize("strategy", ["mean", "median"])
def test_a_feature_without_any_value_becomes_zero_and_is_named(strategy):
    train = np.array([[1.0, np.nan], [2.0, np.nan]])
    imputer = fit_imputer(strategy, train, ["loudness", "F0"])
    assert imputer.apply(train)[:, 1].tolist() == [0, 0]
    assert len(imputer.notes) == 1
    assert "F0" in imputer.notes[0]
    assert "loudness" not in imputer.notes[0]
    assert "feature 2" in fit_imputer(strategy, train).notes[0]


@pytest.mark.parametrize(
    ("strategy", "what"),
    [("mean", "the mean of the training samples"), ("median", "the median of"), ("zero", "with 0")],
)
def test_what_is_filled_is_said(strategy, what):
    train = np.array([[1.0, np.nan, np.nan], [2.0, 5.0, np.inf], [3.0, 4.0, 1.0], [4.0, 4.0, 2.0]])
    (note,) = fit_imputer(strategy, train, ["loudness", "F0", "jitter"]).notes
    assert note.startswith("2 of 4 training samples have missing values, most in jitter: filled with ")
    assert what in note
    assert fit_imputer(strategy, train[2:]).notes == ()


def test_many_features_without_values_are_counted():
    note = fit_imputer("mean", np.full((2, 9), np.nan), list("abcdefghi")).notes[0]
    assert "a, b, c, d, e and 4 more" in note


@pytest.mark.parametrize("strategy", ["drop", "none"])
def test_nothing_is_filled(strategy):
    values = np.array([[1.0, np.inf, -np.inf, np.nan]])
    np.testing.assert_array_equal(fit_imputer(strategy, values).apply(values), [[1, np.nan, np.nan, np.nan]])


@pytest.mark.parametrize("strategy", ["zero", "mean", "median"])
def test_infinite_values_count_as_missing(strategy):
    train = np.array([[1.0], [np.inf], [3.0]])
    assert fit_imputer(strategy, train).apply(train)[1, 0] == (0 if strategy == "zero" else 2)


def test_complete_rows():
    assert complete_rows(np.array([[1, 2], [np.nan, 2], [1, np.inf]])).tolist() == [True, False, False]


def test_a_typo_is_an_error():
    with pytest.raises(NkululekoError, match="did you mean 'median'"):
        fit_imputer("medain", TRAIN)
    assert set(STRATEGIES) == {"zero", "mean", "median", "drop", "none"}

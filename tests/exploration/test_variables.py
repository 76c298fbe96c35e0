"""What is a category, what a number; and bins against pandas' own."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nkululeko.core.errors import NkululekoError
from nkululeko.core.exploration import Variable
from nkululeko.exploration.variables import OTHER, binned, variable


def of(values, name="x", **more) -> Variable:
    return variable(pd.DataFrame({name: values}), name, **more)


@pytest.mark.parametrize(
    ("values", "kind", "levels"),
    [
        ([1.5, 2.5, None], "number", ()),
        ([1, 2, 3], "number", ()),
        (["1", "2.5", " 3 ", ""], "number", ()),
        ([pd.Timedelta(seconds=s) for s in (1, 2, 4)], "number", ()),
        (pd.array([1, 2, 3, None], dtype="Int64"), "number", ()),
        ([0.25, 0.75, 0.25], "number", ()),
        ([0, 1, 0], "category", ("0", "1")),
        ([0.0, 1.0, None], "category", ("0", "1")),
        (["1", "0"], "category", ("0", "1")),
        ([True, False, None], "category", ("False", "True")),
        ([True, False], "category", ("False", "True")),
        (["b", "a", None, " "], "category", ("a", "b")),
        (["007", "008", "009"], "category", ("007", "008", "009")),
        (["1", "2", "x"], "category", ("1", "2", "x")),
        (["1", "inf", "3"], "category", ("1", "3", "inf")),
        (pd.Categorical(["low", "high"], ["low", "high"], ordered=True), "category", ("low", "high")),
    ],
)
def test_kinds(values, kind, levels):
    found = of(values)
    assert (found.kind, found.levels) == (kind, levels)
    assert not found.note


def test_numbers_in_text_and_durations_are_floats_in_seconds():
    assert of(["1", "2.5", None]).values.tolist()[:2] == [1.0, 2.5]
    assert of([pd.Timedelta(seconds=1.5), pd.NaT]).values.iloc[0] == 1.5
    assert of([1.0, np.inf, 2.0, 3.0]).values.isna().tolist() == [False, True, False, False]


def test_names_stay_names():
    assert of(["3", "10", "9"], "speaker").levels == ("3", "9", "10")
    assert of([3, 10, 9], "speaker").is_category


def test_labels_give_the_order_and_make_categories():
    found = of([2, 0, 1, 5], labels=["2", "1", "0", "unused"])
    assert found.levels == ("2", "1", "0", "5")
    assert found.values.tolist() == ["2", "0", "1", "5"]


def test_too_many_categories_become_other():
    values = [f"name {i}" for i in range(500)] + ["name 7"] * 5 + ["name 3"] * 4 + ["name 400"] * 3
    found = of(values, most=3)
    assert found.levels == ("name 3", "name 400", "name 7", OTHER)
    assert (found.values == OTHER).sum() == 497
    assert found.note == "the 3 most frequent of 500 values; 'other' are the 497 samples of all others"


def test_odd_columns_are_told_not_refused():
    assert of([None, None]).note == "all values are missing"
    assert of([np.nan, np.nan]).note == "all values are missing"
    assert of(["a", "a"]).note == "it has only one value: 'a'"
    assert of([1.5, 1.5]).note == "it has only one value"
    assert len(variable(pd.DataFrame({"x": []}), "x").values) == 0


def test_an_unknown_column_names_the_nearest():
    with pytest.raises(NkululekoError, match=r"no column 'gendre'; did you mean 'gender'\?"):
        variable(pd.DataFrame({"gender": ["f"]}), "gendre")


def test_the_index_is_kept():
    samples = pd.DataFrame({"x": ["a", "b"], "y": [1.5, 2.5]}, index=[7, 9])
    for name in ("x", "y"):
        made = variable(samples, name)
        assert made.values.index.tolist() == binned(made).values.index.tolist() == [7, 9]


def test_bins_of_different_values_are_those_of_pandas():
    values = pd.Series(np.random.default_rng(0).normal(size=999))
    found = binned(Variable("x", "number", values), 3)
    expected = pd.qcut(values, 3, labels=list(found.levels))
    assert (found.values.to_numpy() == expected.astype(str).to_numpy()).all()
    assert found.note == "in 3 bins with about as many samples each"


def test_bins_are_called_after_what_is_in_them():
    ages = Variable("age", "number", pd.Series([20.0, 21, 27, 30, 31, 41, np.nan]))
    assert binned(ages, 2).levels == ("20 to 27", "30 to 41")
    assert binned(ages, 2).values.isna().tolist() == [False] * 6 + [True]
    seconds = Variable("s", "number", pd.Series([1.23456, 1.5, 2.34567, 2.6]))
    assert binned(seconds, 2).levels == ("1.23 to 1.5", "2.35 to 2.6")
    large = Variable("l", "number", pd.Series([1234567.0, 1234568, 1234569, 1234570]))
    assert binned(large, 2).levels == ("1234567 to 1234568", "1234569 to 1234570")


def test_few_different_values_make_fewer_bins():
    found = binned(Variable("x", "number", pd.Series([1.0, 1, 1, 5])), 3)
    assert found.levels == ("1", "5")
    assert found.note == "in 2 bins, not 3: there are too few different values"


def test_given_borders():
    ages = Variable("age", "number", pd.Series([10.0, 30, 45, 60, 100, np.nan]))
    found = binned(ages, borders=[-1000, 30, 60, 1000])
    assert found.levels == ("below 30", "30 to 60", "60 and more")
    assert found.values.tolist()[:5] == ["below 30", "30 to 60", "30 to 60", "60 and more", "60 and more"]
    cut = binned(ages, borders=[30, 45, 60])
    assert cut.values.tolist()[1:4] == ["30 to 45", "45 to 60", "45 to 60"]
    assert cut.note.endswith("2 values outside are left out")


def test_bins_of_odd_variables():
    category = of(["a", "b"])
    assert binned(category) is category
    assert binned(of([np.nan, np.nan])).levels == ()
    assert binned(of([1.5, 1.5])).note == "it has only one value"


@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6)), max_size=40), st.integers(1, 6))
def test_bins_never_divide_equal_values_and_keep_the_order(values, bins):
    series = pd.Series(values, dtype=float)
    found = binned(Variable("x", "number", series), bins)
    assert found.values.isna().equals(series.isna())
    assert len(set(found.levels)) == len(found.levels) <= max(bins, 1)
    places = found.values.map({level: place for place, level in enumerate(found.levels)})
    frame = pd.DataFrame({"value": series, "place": places}).dropna().sort_values("value")
    assert frame["place"].is_monotonic_increasing
    assert (frame.groupby("value")["place"].nunique() == 1).all()

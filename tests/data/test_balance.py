"""How alike the parts of a split are."""

from __future__ import annotations

import math

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays
from scipy.spatial.distance import jensenshannon

from nkululeko.core.errors import NkululekoError
from nkululeko.data import balance

counts = arrays.arrays(np.int64, st.integers(1, 6), elements=st.integers(0, 50)).filter(lambda a: a.sum() > 0)
numbers = st.lists(st.integers(-20, 20).map(lambda n: n / 2), min_size=1, max_size=60)


# --- Jensen-Shannon divergence


@settings(max_examples=60, deadline=None)
@given(counts, st.data())
def test_divergence_is_that_of_scipy(whole: np.ndarray, data: st.DataObject) -> None:
    part = data.draw(
        arrays.arrays(np.int64, whole.shape, elements=st.integers(0, 50)).filter(lambda a: a.sum() > 0)
    )
    value = float(balance.jensen_shannon(part.astype(float), whole))
    assert math.isclose(value, jensenshannon(part, whole, base=2) ** 2, abs_tol=1e-9)
    assert 0 <= value <= 1 + 1e-12
    scaled = float(balance.jensen_shannon(7.0 * part, whole))
    assert math.isclose(value, scaled, abs_tol=1e-12), "shares count, not sizes"


def test_many_at_once_and_none() -> None:
    values = balance.jensen_shannon(np.array([[3, 1], [0, 4], [0, 0]]), np.array([6, 2]))
    assert values[0] == 0
    assert math.isclose(values[1], jensenshannon([0, 1], [0.75, 0.25], base=2) ** 2)
    assert math.isnan(values[2])
    assert balance.jensen_shannon(np.array([5, 0]), np.array([0, 3])) == 1


# --- categories


@settings(max_examples=60, deadline=None)
@given(numbers, st.integers(2, 8))
def test_bins(values: list[float], bins: int) -> None:
    found = balance.categories(pd.Series(values), bins)
    table = pd.DataFrame({"value": values, "bin": found.codes})
    assert (table.groupby("value")["bin"].nunique() == 1).all(), "equal values stand in one bin"
    spans = table.groupby("bin")["value"].agg(["min", "max"])
    assert (spans["max"].to_numpy()[:-1] < spans["min"].to_numpy()[1:]).all(), "bins do not overlap"
    assert sorted(spans.index) == list(range(len(found.labels))), "no bin is empty"
    different = len(set(values))
    assert min(2, different) <= len(found.labels) <= min(bins, different)
    for (low, high), label in zip(spans.to_numpy(), found.labels, strict=True):
        assert label == (f"{low:g} to {high:g}" if low < high else f"{low:g}")


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 60), st.integers(2, 8))
def test_bins_of_different_values_are_of_one_size(count: int, bins: int) -> None:
    sizes = np.bincount(balance.categories(pd.Series(np.arange(count) * 1.5), bins).codes)
    assert len(sizes) == min(bins, count)
    assert sizes.max() - sizes.min() <= 1


@pytest.mark.parametrize(
    ("values", "bins", "codes", "labels"),
    [
        ([1, 1, 1, 2], 2, [0, 0, 0, 1], ["1", "2"]),  # the median is the lowest value: still two bins
        ([5, None, 7, 6, 8], 2, [0, 2, 1, 0, 1], ["5 to 6", "7 to 8", "(missing)"]),
        ([10.0, 9.0, None], None, [1, 0, 2], ["9", "10", "(missing)"]),  # numbers in order, not text
        (["b", "a", " a", ""], None, [1, 0, 0, 2], ["a", "b", "(missing)"]),
        ([True, False, True], None, [1, 0, 1], ["False", "True"]),
        ([True, False, True], 2, [1, 0, 1], ["False", "True"]),
        (["b", "a"], 2, [1, 0], ["a", "b"]),  # no numbers: bins mean nothing
        ([None, None], 3, [0, 0], ["(missing)"]),
        (pd.to_timedelta([1, 2, 3, 4], unit="s"), 2, [0, 0, 1, 1], ["1 to 2", "3 to 4"]),
        (pd.array([1, None, 3], dtype="Int64"), 2, [0, 2, 1], ["1", "3", "(missing)"]),
        (pd.Categorical(["x", "y", "x"]), None, [0, 1, 0], ["x", "y"]),
    ],
)
def test_categories(values: object, bins: int | None, codes: list[int], labels: list[str]) -> None:
    found = balance.categories(pd.Series(values), bins)
    assert (found.codes.tolist(), found.labels) == (codes, labels)


@pytest.mark.parametrize(
    ("values", "needed"),
    [
        (range(6), False),
        (range(7), True),
        ([*range(6), None], False),
        (list("abcdefgh"), False),
        (["1", "2", "3", "4", "5", "6", "7"], False),
        (pd.to_timedelta(range(7), unit="s"), True),
    ],
)
def test_which_columns_need_bins(values: object, needed: bool) -> None:
    assert balance.needs_bins(pd.Series(values)) == needed


# --- parts of a split


def eight() -> tuple[pd.DataFrame, pd.Series]:
    samples = pd.DataFrame(
        {"gender": [*"ffffmmm", None], "age": [20, 30, 40, 50, 60, 70, 80, 90]}, index=list("abcdefgh")
    )
    split = pd.Series(["train", "test"] * 3 + ["train", None], index=samples.index, dtype="str")
    return samples, split


def test_divergence_of_parts() -> None:
    """Only rows of the split are the whole; its bins are made from them too."""
    samples, split = eight()
    found = balance.divergence(samples, split, {"gender": 2, "age": 0.5}, {"age": 7})
    assert found[["split", "variable", "weight"]].to_numpy().tolist() == [
        ["train", "gender", 2.0],
        ["train", "age", 0.5],
        ["test", "gender", 2.0],
        ["test", "age", 0.5],
    ]
    expected = [
        jensenshannon([2, 2], [4, 3], base=2) ** 2,
        jensenshannon([1, 0, 1, 0, 1, 0, 1], np.ones(7), base=2) ** 2,
        jensenshannon([2, 1], [4, 3], base=2) ** 2,
        jensenshannon([0, 1, 0, 1, 0, 1, 0], np.ones(7), base=2) ** 2,
    ]
    np.testing.assert_allclose(found["divergence"], expected, atol=1e-12)


def test_distributions_for_tables() -> None:
    samples, split = eight()
    found = balance.distributions(samples, split, {"gender": 1, "age": 1}, {"age": 2})
    assert found.columns.tolist() == ["variable", "category", "whole", "train", "test"]
    assert found.to_numpy().tolist() == [
        ["gender", "f", 4, 2, 2],
        ["gender", "m", 3, 2, 1],
        ["age", "20 to 40", 3, 2, 1],
        ["age", "50 to 80", 4, 2, 2],
    ]
    assert balance.distributions(samples, split, {}, {}).empty
    assert balance.divergence(samples, split, {}, {}).empty


def test_a_part_without_a_category_of_the_whole() -> None:
    samples = pd.DataFrame({"x": list("aabb")})
    found = balance.divergence(samples, pd.Series(["train", "train", "dev", "dev"]), {"x": 1}, {})
    assert found["split"].tolist() == ["train", "dev"]
    np.testing.assert_allclose(found["divergence"], jensenshannon([1, 0], [1, 1], base=2) ** 2)


@pytest.mark.parametrize(
    ("variable", "message"),
    [
        ("gendr", "balance: no column 'gendr'; did you mean 'gender'?"),
        (
            "age",
            r"balance: 'age' holds numbers \(7 different values\); set age_bins = 3, say, to put them into bins",
        ),
    ],
)
def test_mistakes(variable: str, message: str) -> None:
    with pytest.raises(NkululekoError, match=message):
        balance.divergence(*eight(), {variable: 1}, {})

"""The target: mapping, numbers, bins, labels; missing values stay missing throughout."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from nkululeko.core.errors import NkululekoError
from nkululeko.core.samples import segmented_index
from nkululeko.data.dropped import Dropped
from nkululeko.data.targets import (
    apply_mapping,
    as_labels,
    as_numbers,
    choose_labels,
    compare_labels,
    to_bins,
    tweak_numbers,
)

MISSING = [None, np.nan, pd.NA]


def samples(**columns: list) -> pd.DataFrame:
    count = len(next(iter(columns.values())))
    return pd.DataFrame(columns, index=segmented_index([f"{n}.wav" for n in range(count)]))


# --- labels


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["anger", " joy ", None, ""], ["anger", "joy", None, None]),
        ([1, 2], ["1", "2"]),
        ([1.0, 2.0, np.nan], ["1", "2", None]),
        ([1.5, 2.0], ["1.5", "2.0"]),
        ([True, False], ["True", "False"]),
        ([1, None, "x"], ["1", None, "x"]),
        ([np.nan, np.nan], [None, None]),
        (pd.array([1, None], "Int64"), ["1", None]),
        (pd.array([True, None], "boolean"), ["True", None]),
        (pd.Categorical(["b", None, "a"]), ["b", None, "a"]),
        (pd.Categorical([3, None, 8]), ["3", None, "8"]),
        (pd.Series(["x", None], dtype="string"), ["x", None]),
    ],
)
def test_as_labels(values: object, expected: list) -> None:
    found = as_labels(pd.Series(values))
    assert found.isna().tolist() == [value is None for value in expected]
    assert [v for v in found if not pd.isna(v)] == [v for v in expected if v is not None]


@pytest.mark.parametrize("missing", MISSING)
def test_a_missing_value_is_no_class(missing: object) -> None:
    column = as_labels(pd.Series(["a", missing, "b"]))
    labels, warnings = choose_labels(column.to_frame("t"), "t", [])
    assert (labels, warnings) == (["a", "b"], [])


# --- mapping


def test_flat_mapping() -> None:
    data = samples(emotion=["anger", "happiness", "fear", None, "anger"], speaker=list("abcde"))
    found, dropped = apply_mapping(data, "emotion", {"anger": "angry", "happiness": "happy"}, "emodb")
    assert found["emotion"].tolist()[:2] == ["angry", "happy"]
    assert found["speaker"].tolist() == ["a", "b", "d", "e"]
    assert found["emotion"].isna().tolist() == [
        False,
        False,
        True,
        False,
    ]  # a missing one falls out later, as missing
    assert [(d.stage, d.reason, d.examples()) for d in dropped] == [
        ("emodb, mapping", "label not in the mapping: fear", ["2.wav"])
    ]


def test_nested_mapping_renames_labels_of_other_columns_too() -> None:
    data = samples(emotion=["a", "b"], gender=["m", "x"])
    mapping = {"emotion": {"a": "A", "b": "B"}, "gender": {"m": "male"}}
    found, dropped = apply_mapping(data, "emotion", mapping, "db")
    assert found["emotion"].tolist() == ["A", "B"]
    assert found["gender"].tolist() == ["male", "x"], "only the target drops samples"
    assert dropped == []
    assert data["gender"].tolist() == ["m", "x"], "the caller's samples are left alone"


def test_numbers_as_labels() -> None:
    data = samples(rating=[1.0, 2.0, np.nan, 3.0])
    found, dropped = apply_mapping(data, "rating", {"1": "low", 3: "high"}, "db")
    assert found["rating"].dropna().tolist() == ["low", "high"]
    assert dropped[0].reason == "label not in the mapping: 2"


def test_no_mapping_changes_nothing() -> None:
    data = samples(emotion=["a"])
    found, dropped = apply_mapping(data, "emotion", {}, "db")
    assert found is data and dropped == []


@pytest.mark.parametrize(
    ("mapping", "message"),
    [
        ({"Anger": "angry"}, r"mapping fits no label of 'emotion' \(there are: anger, joy\)"),
        ({"emotion": {"Anger": "angry"}}, "mapping fits no label"),
        ({"gendr": {"m": "male"}}, r"mapping: no column 'gendr'.*did you mean 'gender'"),
        ({"emotion": {"anger": "angry"}, "joy": "happy"}, r"mapping: 'joy'.*neither"),
    ],
)
def test_mappings_that_cannot_be_meant(mapping: dict, message: str) -> None:
    with pytest.raises(NkululekoError, match=message) as error:
        apply_mapping(samples(emotion=["anger", "joy"], gender=["m", "f"]), "emotion", mapping, "db")
    assert error.value.where == "database 'db'"


# --- numbers


def test_as_numbers() -> None:
    found = as_numbers(samples(age=["31", " 42.5", None])["age"], "age", "db")
    np.testing.assert_array_equal(found, [31, 42.5, np.nan])
    found = as_numbers(samples(duration=pd.to_timedelta([1.5, None], unit="s"))["duration"], "duration", "db")
    np.testing.assert_array_equal(found, [1.5, np.nan])
    np.testing.assert_array_equal(
        as_numbers(samples(x=[1, np.inf, -np.inf])["x"], "x", "db"), [1, np.nan, np.nan]
    )
    assert as_numbers(samples(x=[1, 2])["x"], "x", "db").dtype == float


def test_text_is_no_number() -> None:
    with pytest.raises(
        NkululekoError, match=r"database 'db', 1\.wav: 'age' is no number: 'old' \(1 of 3 values\)"
    ):
        as_numbers(samples(age=["31", "old", None])["age"], "age", "db")


def tweak(values: list, **changes: object) -> list[float]:
    settings: dict = {"reverse": False, "reverse_max": None, "divide_by": None, "scale": False} | changes
    return tweak_numbers(pd.Series(values, dtype=float), **settings).tolist()


def test_reverse_divide_and_scale() -> None:
    assert tweak([1, 10]) == [1, 10]
    assert tweak([1, 4, 7], reverse=True) == [6, 3, 0]
    assert tweak([1, 4, 7], reverse=True, reverse_max=10) == [9, 6, 3]
    assert tweak([10, 40], divide_by=10) == [1, 4]
    assert tweak([1, 4, 7], reverse=True, reverse_max=10, divide_by=3) == [3, 2, 1]
    np.testing.assert_allclose(tweak([1, 2, 3], scale=True), [-np.sqrt(1.5), 0, np.sqrt(1.5)])
    assert tweak([5, 5], scale=True) == [0, 0]
    assert tweak([5], scale=True) == [0]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e6, 1e6) | st.just(np.nan), min_size=2, max_size=30))
def test_missing_numbers_do_not_count(values: list[float]) -> None:
    array = np.array(values)
    found = np.array(tweak(values, reverse=True, divide_by=2.0, scale=True))
    assert (np.isnan(found) == np.isnan(array)).all()
    known = found[~np.isnan(found)]
    if len(known):
        assert abs(known.mean()) < 1e-6
        assert known.std() < 1e-6 or abs(known.std() - 1) < 1e-6


# --- bins


def test_a_bin_holds_its_lower_border() -> None:
    values = pd.Series([-5, 39.9, 40, 49.99, 50, 1000, np.nan])
    found, names, note = to_bins(values, [-1000, 40, 50, 1000], ["young", "middle", "old"])
    assert found.tolist()[:5] == ["young", "young", "middle", "middle", "old"]
    assert found.isna().tolist() == [False] * 6 + [True]
    assert found.iloc[5] == "old"  # on the very top: still in the last bin
    assert (names, note) == (["young", "middle", "old"], "bins -1000, 40, 50, 1000")
    assert found.iloc[0] == "young" and isinstance(found.iloc[0], str)


def test_bins_of_equal_size() -> None:
    values = pd.Series([*range(30), np.nan])
    for bins in (None, ()):
        found, names, note = to_bins(values, bins, [])
        assert found.value_counts().to_dict() == {"low": 10, "middle": 10, "high": 10}
        assert found.isna().tolist() == [False] * 30 + [True]
        assert names == ["low", "middle", "high"]
        assert note.startswith("bins of equal size, borders 9.667, 19.33")
    assert to_bins(values, None, ["a", "b"])[0].value_counts().to_dict() == {"a": 15, "b": 15}


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(-1e3, 1e3), min_size=4, max_size=40, unique=True), st.integers(2, 4))
def test_bins_of_equal_size_differ_by_little(values: list[float], bins: int) -> None:
    found, _, _ = to_bins(pd.Series(values), None, [str(n) for n in range(bins)])
    counts = found.value_counts().reindex([str(n) for n in range(bins)])
    assert found.notna().all()
    assert counts.max() - counts.min() <= 2
    order = np.argsort(values)
    assert [*map(int, found.iloc[order])] == sorted(map(int, found))


@pytest.mark.parametrize("values", [[1, 1, 1, 1], [], [np.nan]])
def test_too_few_different_values(values: list) -> None:
    with pytest.raises(NkululekoError, match=r"too few different values for 3 bins.*set bins"):
        to_bins(pd.Series(values, dtype=float), None, [])


def test_bins_and_labels_must_fit() -> None:
    with pytest.raises(NkululekoError, match=r"DATA\.bins: 4 borders make 3 bins, and there are 2 labels"):
        to_bins(pd.Series([1.0]), [0, 1, 2, 3], ["a", "b"])
    with pytest.raises(NkululekoError, match=r"DATA\.bins: 3 borders make 2 bins.*set labels"):
        to_bins(pd.Series([1.0]), [0, 1, 2], [])


# --- choice of labels


def test_labels() -> None:
    data = samples(emotion=["b", "c", "a", None])
    assert choose_labels(data, "emotion", []) == (["a", "b", "c"], [])
    assert choose_labels(data, "emotion", ["c", "a"]) == (["c", "a"], [])
    present, warnings = choose_labels(data, "emotion", ["b", "d"])
    assert present == ["b"]
    assert warnings == ["DATA.labels: no sample has the label 'd'; it is left out"]


def test_a_label_with_a_typo_gets_a_hint() -> None:
    data = samples(emotion=["anger", "sadness", "neutral"])
    _, warnings = choose_labels(data, "emotion", ["angre", "sadness"])
    assert warnings == ["DATA.labels: no sample has the label 'angre'; it is left out; did you mean 'anger'?"]
    with pytest.raises(
        NkululekoError, match=r"none of the labels is a value of 'emotion' \(there are: anger, neutral"
    ):
        choose_labels(data, "emotion", ["Anger", "Sadness"])


def test_a_dropped_row_is_named() -> None:
    index = segmented_index([f"{n}.wav" for n in range(9)])
    dropped = Dropped("emodb", "audio", "file does not exist", index)
    assert dropped.stage == "emodb, audio"
    assert dropped.examples() == ["0.wav", "1.wav", "2.wav", "3.wav", "4.wav"]


def test_databases_without_a_common_label_are_told() -> None:
    column = pd.Series(["angry", "sad", "Angry", "Sad"])
    owners = pd.Series(["a", "a", "b", "b"])
    (first, second) = compare_labels(column, owners, "emotion")
    assert "'a' has no 'emotion' in common" in first and "a.mapping" in first and "'b'" in second
    assert compare_labels(column.str.lower(), owners, "emotion") == []
    assert compare_labels(column[:2], owners[:2], "emotion") == []

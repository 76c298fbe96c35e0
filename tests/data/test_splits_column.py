"""Splits by values that the user names: of a column, or speakers."""

from __future__ import annotations

import logging

import pandas as pd
import pytest
from pydantic import ValidationError

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, SplitContext, splits


def loaded(**columns: object) -> Loaded:
    """One file a sample."""
    frame = pd.DataFrame(columns)
    return Loaded(frame.set_axis(contract.segmented_index([f"/{n}.wav" for n in range(len(frame))]), axis=0))


def assign(strategy: str, data: Loaded, **options: object) -> list[str]:
    plugin = splits.load(strategy)
    split = plugin(plugin.Options(**options)).assign(data, SplitContext("db"))
    assert split.index.equals(data.samples.index)
    return split.fillna("-").tolist()


def column(values: object, **options: object) -> list[str]:
    return assign("column", loaded(part=values, speaker="s"), split_column="part", **options)


# --- column


@pytest.mark.parametrize(
    ("values", "options", "expected"),
    [
        (["a", "b", "c", "d"], {"train_vals": ["a", "b"], "test_vals": ["d"]}, ["train", "train", "-", "test"]),
        (["a", "b", "c"], {"train_vals": ["a"], "dev_vals": ["c"], "test_vals": ["b"]}, ["train", "test", "dev"]),
        ([2019.0, 2020.0, None], {"train_vals": ["2019"], "test_vals": ["2020"]}, ["train", "test", "-"]),
        ([1, 2, 2], {"train_vals": ["1"], "test_vals": ["2"]}, ["train", "test", "test"]),
        ([0.5, 1.0], {"train_vals": ["0.5"], "test_vals": ["1.0"]}, ["train", "test"]),
        ([True, False], {"train_vals": ["False"], "test_vals": ["True"]}, ["test", "train"]),
        ([" a", "b "], {"train_vals": ["a "], "test_vals": [" b"]}, ["train", "test"]),
        (pd.Categorical(["a", "b"]), {"train_vals": ["a"], "test_vals": ["b"]}, ["train", "test"]),
        (["A", "a"], {"train_vals": ["A"], "test_vals": ["a"]}, ["train", "test"]),  # as named: capitals count
    ],
)  # fmt: skip
def test_named_values(values: object, options: dict, expected: list[str]) -> None:
    assert column(values, **options) == expected


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (["train", "dev", "test", None, ""], ["train", "dev", "test", "-", "-"]),
        (["Training", "VALIDATION", "Testing", "other"], ["train", "dev", "test", "-"]),
        (["trn", "devel", "tst"], ["train", "dev", "test"]),
        (["train", "development", "eval"], ["train", "dev", "test"]),
        (["Train", "val", "Evaluation"], ["train", "dev", "test"]),
        (["train", "valid"], ["train", "dev"]),
    ],
)
def test_usual_words(values: list, expected: list[str]) -> None:
    assert column(values) == expected


def test_eval_beside_test_is_not_clear() -> None:
    """In some corpora it is a second test set, in others the dev set."""
    message = r"database 'db', column 'part': 'eval' beside 'test': it is not clear which means what; set train_vals"
    with pytest.raises(NkululekoError, match=message):
        column(["train", "eval", "test"])
    options = {"train_vals": ["train"], "dev_vals": ["eval"], "test_vals": ["test"]}
    assert column(["train", "eval", "test"], **options) == ["train", "dev", "test"]


def test_lists_replace_the_usual_words() -> None:
    assert column(["train", "dev", "test"], test_vals=["dev"], train_vals=["test"]) == ["-", "test", "train"]


def test_what_is_not_used_is_told(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "nkululeko"):
        column(["a", "b", "c", "c", None], train_vals=["a", "aa"], test_vals=["xyz"])
    assert caplog.messages == [
        "db.train_vals: no sample has the value 'aa'; did you mean 'a'?",
        "db.test_vals: no sample has the value 'xyz'; there are: a, b, c",
        "db: not used: 3 samples with part = b, c",
    ]
    caplog.clear()
    column(["train", "tests"], train_vals=["train"], test_vals=["test"])
    assert caplog.messages == ["db.test_vals: no sample has the value 'test'; did you mean 'tests'?"]


def test_mistakes_in_column() -> None:
    with pytest.raises(
        NkululekoError, match=r"database 'db': .* needs the name of a column; set db\.split_column"
    ):
        assign("column", loaded(part=["a"]))
    with pytest.raises(NkululekoError, match=r"no column 'prt' \(split_column\); did you mean 'part'\?"):
        assign("column", loaded(part=["a"]), split_column="prt")
    many = [f"v{n:02}" for n in range(30)]
    with pytest.raises(
        NkululekoError, match=r"has none of the values .* \(there are: v00, .*v19 \.\.\. \(30\)\)"
    ):
        column(many)
    with pytest.raises(
        NkululekoError, match=r"has none of the values .* \(there are: a\); set db\.train_vals"
    ):
        column(["a"], train_vals=["b"])


@pytest.mark.parametrize(
    ("strategy", "options", "message"),
    [
        ("column", {"train_vals": ["a", "b"], "test_vals": ["b"]}, "'b' stands in train_vals too"),
        ("column", {"dev_vals": ["b "], "test_vals": ["b"]}, "'b' stands in dev_vals too"),
        ("speakers_stated", {"train": ["a"], "dev": ["c", "a"]}, "'a' stands in train too"),
    ],
)
def test_a_value_in_two_lists(strategy: str, options: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        splits.load(strategy).Options(**options)


# --- speakers_stated


def speakers(*names: object, **options: object) -> list[str]:
    return assign("speakers_stated", loaded(speaker=list(names)), **options)


def test_named_speakers(caplog: pytest.LogCaptureFixture) -> None:
    assert speakers(*"abca", test=["a"]) == ["test", "train", "train", "test"]
    assert speakers(*"abca", test=["a"], dev=["c"]) == ["test", "train", "dev", "test"]
    assert speakers(*"abcd", train=["b"], test=["a"]) == ["test", "train", "-", "-"]
    assert speakers(*"abc", train=["b", "c"]) == ["-", "train", "train"]
    assert speakers(3, 8, 3, test=["8"]) == ["train", "test", "train"]
    assert speakers(3.0, None, 8.0, test=["8"]) == ["train", "-", "test"]
    assert caplog.messages == ["db: 1 samples without a speaker are used neither for training nor for test"]


def test_mistakes_in_speakers() -> None:
    with pytest.raises(NkululekoError, match=r"speakers_stated needs speakers; set db\.test = \['\.\.\.'\]"):
        speakers("a", "b")
    with pytest.raises(
        NkululekoError,
        match=r"db\.dev: there is no speaker '03' \(there are: 3, 8\); did you mean '3'\?",
    ):
        speakers(3, 8, test=["3"], dev=["03"])
    with pytest.raises(NkululekoError, match=r"no speaker 'anne' .*; did you mean 'anna'\?"):
        speakers("anna", "bert", test=["anne"])
    with pytest.raises(NkululekoError, match=r"\(there are: s00, .*s19 \.\.\. \(25\)\)"):
        speakers(*[f"s{n:02}" for n in range(25)], test=["xyz"])
    with pytest.raises(NkululekoError, match="has no column 'speaker'"):
        assign("speakers_stated", loaded(part=["a"]), test=["a"])

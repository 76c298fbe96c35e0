"""Splits that are given: tables, the data's own, that of the last run."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, SplitContext, splits

speakers_lists = st.lists(st.sampled_from(["a", "b", "c", "d", "e", None]), min_size=2, max_size=30)
seeds = st.integers(0, 2**32 - 1)


def loaded(speakers: list[str | None], tables: Mapping[str, list[int]] | None = None) -> Loaded:
    """One file a sample; tables name rows by their number."""
    index = contract.segmented_index(
        [f"/{n}.wav" for n in range(len(speakers))], None, pd.to_timedelta(np.ones(len(speakers)), unit="s")
    )
    samples = pd.DataFrame(
        {"database": "db", "speaker": pd.Series(speakers, dtype="str").to_numpy()}, index=index
    )
    return Loaded(samples, {name: index[rows] for name, rows in (tables or {}).items()})


def assign(strategy: str, data: Loaded, context: SplitContext | None = None, **options: object) -> pd.Series:
    plugin = splits.load(strategy)
    split = plugin(plugin.Options(**options)).assign(data, context or SplitContext("db"))
    assert split.index.equals(data.samples.index), "as many rows as there are samples, in their order"
    assert set(split.dropna()) <= set(contract.SPLITS)
    return split


def previous(data: Loaded, split: pd.Series) -> pd.DataFrame:
    return data.samples.assign(split=split.to_numpy())[split.notna().to_numpy()]


# --- tables


def test_rows_in_no_table_are_not_used() -> None:
    data = loaded(list("abcdef"), {"one": [0], "two": [2, 3], "three": [5]})
    split = assign("specified", data, train_tables=["one", "two"], test_tables=["three"])
    assert split.fillna("-").tolist() == ["train", "-", "train", "train", "-", "test"]


def test_what_is_tested_is_not_trained() -> None:
    data = loaded(list("abcd"), {"one": [0, 1, 2], "two": [1, 2, 3], "three": [2, 3]})
    split = assign("specified", data, train_tables=["one"], dev_tables=["two"], test_tables=["three"])
    assert split.tolist() == ["train", "dev", "test", "test"]


def segments() -> Loaded:
    """Three files with two segments each; tables name files as wholes, or segments."""
    files = [f"/{name}.wav" for name in "aabbcc"]
    starts, ends = pd.to_timedelta([0, 1] * 3, unit="s"), pd.to_timedelta([1, 2] * 3, unit="s")
    index = contract.segmented_index(files, starts, ends)
    tables = {
        "files": contract.segmented_index(["/a.wav", "/c.wav"]),
        "segments": index[[2]],
        "rest": contract.segmented_index(
            ["/b.wav"], pd.to_timedelta([1], unit="s"), pd.to_timedelta([2], unit="s")
        ),
    }
    return Loaded(pd.DataFrame({"speaker": "x"}, index=index), tables)


def test_a_table_of_whole_files_names_all_their_segments() -> None:
    split = assign(
        "specified", segments(), train_tables=["files"], test_tables=["segments"], dev_tables=["rest"]
    )
    assert split.tolist() == ["train", "train", "test", "dev", "train", "train"]


def test_the_same_for_the_datas_own_split() -> None:
    data = segments()
    data = replace(
        data,
        splits={
            "train": data.tables["files"],
            "test": data.tables["segments"],
            "dev": data.tables["rest"][:0],
        },
    )
    assert assign("database", data).fillna("-").tolist() == ["train", "train", "test", "-", "train", "train"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {},
            r"database 'db': split_strategy = specified needs tables; set db\.train_tables and db\.test_tables",
        ),
        ({"train_tables": ["oen"]}, r"no table 'oen' \(train_tables\); did you mean 'one'"),
        (
            {"train_tables": ["one"], "dev_tables": ["xyz"]},
            r"no table 'xyz' \(dev_tables\); expected one of: one",
        ),
    ],
)
def test_mistakes_in_tables(options: dict, message: str) -> None:
    with pytest.raises(NkululekoError, match=message):
        assign("specified", loaded(["a"], {"one": [0]}), **options)
    if options:
        with pytest.raises(NkululekoError, match="only audformat databases have tables"):
            assign("specified", loaded(["a"]), **options)


def test_data_without_a_split_of_their_own() -> None:
    for parts in ({}, {"train": contract.segmented_index([])}):
        with pytest.raises(
            NkululekoError, match=r"database 'db' brings no split of its own; use speaker_split"
        ):
            assign("database", replace(loaded(["a"]), splits=parts))


# --- reuse


@settings(max_examples=25, deadline=None)
@given(speakers_lists.filter(lambda s: len({x for x in s if x}) > 1), seeds, st.randoms())
def test_reuse(tmp_path_factory: pytest.TempPathFactory, speakers: list, seed: int, random) -> None:  # type: ignore[no-untyped-def]
    """Through the file that a run leaves, whatever the order of the rows."""
    data = loaded(speakers)
    split = assign("speaker_split", data, SplitContext("db", seed))
    path = tmp_path_factory.mktemp("run") / "split.csv"
    path.write_text(contract.to_csv_text(previous(data, split)))
    order = list(range(len(speakers)))
    random.shuffle(order)
    again = assign(
        "reuse",
        Loaded(data.samples.iloc[order]),
        SplitContext("db", seed + 1, previous=contract.from_csv(path)),
    )
    pd.testing.assert_series_equal(again.sort_index(), split.sort_index(), check_names=False)


def test_new_rows_follow_their_speaker(caplog: pytest.LogCaptureFixture) -> None:
    old = loaded(["a", "b", "c", "c"])
    last = previous(old, pd.Series(["train", "test", "train", "test"], index=old.samples.index))
    new = loaded(["a", "b", "c", "c", "a", "b", "c", "d", None])
    with caplog.at_level(logging.INFO, "nkululeko"):
        split = assign("reuse", new, SplitContext("db", previous=last))
    assert split.fillna("-").tolist() == ["train", "test", "train", "test", "train", "test", "-", "-", "-"]
    assert caplog.messages == ["db.split_strategy = reuse: 3 samples are not in split.csv and are not used"]


def test_another_segment_of_a_file_is_a_new_row() -> None:
    old = loaded(["a", "b"])
    last = previous(old, pd.Series(["train", "test"], index=old.samples.index))
    moved = contract.segmented_index(["/0.wav", "/1.wav"], None, pd.to_timedelta([1, 0.5], unit="s"))
    assert assign(
        "reuse", Loaded(old.samples.set_axis(moved)), SplitContext("db", previous=last)
    ).tolist() == ["train", "test"]
    nobody = old.samples.set_axis(moved).drop(columns="speaker")
    assert assign("reuse", Loaded(nobody), SplitContext("db", previous=last)).fillna("-").tolist() == [
        "train",
        "-",
    ]


def test_dev_comes_back_and_strange_words_do_not() -> None:
    data = loaded(["a", "b", "c", "d"])
    last = previous(data, pd.Series(["train", "dev", "test", pd.NA], index=data.samples.index, dtype="str"))
    split = assign("reuse", data, SplitContext("db", previous=last))
    assert split.fillna("-").tolist() == ["train", "dev", "test", "-"]
    with pytest.raises(
        NkululekoError, match=r"split\.csv has 'tset' in its column 'split'; use train, dev or"
    ):
        assign("reuse", data, SplitContext("db", previous=last.replace({"split": {"test": "tset"}})))


def test_nothing_to_reuse() -> None:
    data = loaded(["a"])
    with pytest.raises(
        NkululekoError, match=r"db\.split_strategy = reuse: there is no split\.csv of an earlier run"
    ):
        assign("reuse", data)
    other = previous(data, pd.Series(["test"], index=data.samples.index)).assign(database="other")
    with pytest.raises(NkululekoError, match=r"split\.csv knows no database 'db'"):
        assign("reuse", data, SplitContext("db", previous=other))


def test_a_split_file_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "split.csv").write_text("file,start,end,split\n/0.wav,0 days,0 days 00:00:01,test\n")
    with pytest.raises(NkululekoError, match=r"split\.csv has no column 'database'"):
        assign("reuse", loaded(["a"]), SplitContext("db", previous=contract.from_csv(tmp_path / "split.csv")))

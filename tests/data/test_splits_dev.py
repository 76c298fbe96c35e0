"""A dev set, cut out of the training set of splits that name none."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from nkululeko.core import samples as contract
from nkululeko.core.families import Loaded, SplitContext
from nkululeko.data.splits._dev import with_dev

speaker_lists = st.lists(st.sampled_from([*"abcdefgh", None]), min_size=1, max_size=40)


def database(speakers: list | None, count: int = 0) -> Loaded:
    count = count or len(speakers or [])
    index = contract.segmented_index([f"/{n:03}.wav" for n in range(count)])
    columns = {} if speakers is None else {"speaker": pd.Series(speakers, dtype="str").to_numpy()}
    return Loaded(pd.DataFrame(columns, index=index))


def split_of(data: Loaded, parts: list) -> pd.Series:
    return pd.Series(parts, index=data.samples.index, dtype="str")


def context(dev_size: float | None = 20.0, seed: int = 42) -> SplitContext:
    return SplitContext("db", seed, dev_size=dev_size)


@settings(max_examples=40, deadline=None)
@given(speaker_lists, st.data(), st.floats(1, 99), st.integers(0, 9))
def test_speakers_of_dev_do_not_train(speakers: list, data: st.DataObject, percent: float, seed: int) -> None:
    loaded = database(speakers)
    rows = st.sampled_from(["train", "train", "test", None])
    split = split_of(loaded, data.draw(st.lists(rows, min_size=len(speakers), max_size=len(speakers))))
    found = with_dev(loaded, split, context(percent, seed))
    changed = (found != split) & split.notna()
    assert set(found[changed]) <= {"dev"} and set(split[changed]) <= {"train"}
    assert found.isna().tolist() == split.isna().tolist()
    who = loaded.samples["speaker"]
    training = set(who[split == "train"].dropna())
    dev = set(who[found == "dev"].dropna())
    if training:
        assert not dev & set(who[found == "train"].dropna())
        wanted = who[split.notna()].nunique() * percent / 100
        assert abs(len(dev) - min(max(wanted, 1), len(training) - 1)) <= 0.5
        assert len(training) == 1 or len(dev) >= 1
    else:  # nobody is known who trains: samples
        rows = int((split == "train").sum())
        wanted = split.notna().sum() * percent / 100
        assert rows < 2 or abs((found == "dev").sum() - min(max(wanted, 1), rows - 1)) <= 0.5


def test_nothing_changes_where_nothing_is_to_do() -> None:
    data = database(list("abcdef"))
    for parts, size in (
        (["train"] * 5 + ["test"], None),
        (["train", "dev", "train", "train", "train", "test"], 20.0),
        (["test"] * 6, 20.0),
        ([None] * 6, 20.0),
    ):
        split = split_of(data, parts)
        pd.testing.assert_series_equal(with_dev(data, split, context(size)), split)


@pytest.mark.parametrize("seed", range(4))
def test_the_share_is_of_the_whole(seed: int) -> None:
    """20 % of ten speakers are two, though only six of them train."""
    data = database(list("abcdefghij") * 2)
    found = with_dev(data, split_of(data, (["train"] * 6 + ["test"] * 4) * 2), context(seed=seed))
    assert found.value_counts().to_dict() == {"train": 8, "test": 8, "dev": 4}
    assert data.samples["speaker"][found == "dev"].nunique() == 2


def test_one_speaker_is_too_few(caplog: pytest.LogCaptureFixture) -> None:
    data = database(["a", "a", "b"])
    split = split_of(data, ["train", "train", "test"])
    pd.testing.assert_series_equal(with_dev(data, split, context()), split)
    assert caplog.messages == ["db: no dev set: the training set has one speaker only (a)"]


def test_unknown_speakers_are_told(caplog: pytest.LogCaptureFixture) -> None:
    data = database(["a", "b", None, "c"])
    found = with_dev(data, split_of(data, ["train", "train", "train", "test"]), context())
    assert found.iloc[2] == "train"
    assert (found == "dev").sum() == 1
    assert caplog.messages == [
        "db: 1 training samples have no speaker: they may share voices with the dev set"
    ]


@pytest.mark.parametrize("speakers", [None, [None] * 50])
def test_samples_where_nobody_is_known(speakers: list | None, caplog: pytest.LogCaptureFixture) -> None:
    data = database(speakers, 50)
    split = split_of(data, ["train"] * 30 + ["test"] * 10 + [None] * 10)
    found = with_dev(data, split, context())
    assert found.value_counts().to_dict() == {"train": 22, "test": 10, "dev": 8}
    order = np.random.default_rng(0).permutation(50)
    shuffled = with_dev(Loaded(data.samples.iloc[order]), split.iloc[order], context())
    pd.testing.assert_series_equal(shuffled, found.iloc[order])
    one = split_of(data, ["train"] + ["test"] * 49)
    assert not caplog.messages
    pd.testing.assert_series_equal(with_dev(data, one, context()), one)
    assert caplog.messages == ["db: no dev set: 1 training samples are too few"]


def test_the_seed_decides() -> None:
    data = database([f"s{n}" for n in range(20)])
    split = split_of(data, ["train"] * 20)
    found = {tuple(with_dev(data, split, context(seed=seed))) for seed in range(10)}
    assert len(found) > 5


def test_the_dev_set_of_a_seed_is_this_one() -> None:
    """Papers name their seed: whoever changes the drawing changes their results."""
    data = database([f"s{n:02}" for n in range(10)])
    found = with_dev(data, split_of(data, ["train"] * 10), context(30))
    assert data.samples["speaker"][found == "dev"].tolist() == ["s00", "s07", "s08"]

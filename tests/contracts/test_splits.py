"""Every split strategy: each row is assigned or missing, the same seed gives the same split, nothing leaks."""

from __future__ import annotations

import logging
from dataclasses import dataclass, replace

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, SplitContext, splits
from nkululeko.data.splits._dev import with_dev

#: speaker of each sample: a few names, unknown ones among them
speakers_lists = st.lists(st.sampled_from(["a", "b", "c", "d", "e", None]), min_size=2, max_size=30)
percents = st.floats(1, 99)
seeds = st.integers(0, 2**32 - 1)


def loaded(speakers: list[str | None]) -> Loaded:
    """One file of one second a sample."""
    index = contract.segmented_index(
        [f"/{n}.wav" for n in range(len(speakers))], None, pd.to_timedelta(np.ones(len(speakers)), unit="s")
    )
    speaker = pd.Series(speakers, dtype="str").to_numpy()
    return Loaded(pd.DataFrame({"database": "db", "speaker": speaker}, index=index))


def assign(strategy: str, data: Loaded, context: SplitContext | None = None, **options: object) -> pd.Series:
    plugin = splits.load(strategy)
    split = plugin(plugin.Options(**options)).assign(data, context or SplitContext("db"))
    assert split.index.equals(data.samples.index), "as many rows as there are samples, in their order"
    assert set(split.dropna()) <= set(contract.SPLITS)
    return split


# --- every strategy


@dataclass(frozen=True)
class Promise:
    """What a strategy takes, and what it promises.

    Args:
        options: that make it work on :func:`databases`
        uses: ``all`` rows, those of ``known`` speakers, or only those that are ``named``
        apart: no speaker is in two parts
        own_dev: it finds a dev set itself, where one is wanted
        given: it tells dev from train itself, whatever is wanted
    """

    options: dict
    uses: str
    apart: bool = False
    own_dev: bool = False
    given: bool = False


#: a new strategy says here what it takes and promises, and is tested
PROMISES = {
    "train": Promise({}, "all"),
    "dev": Promise({}, "all"),
    "test": Promise({}, "all"),
    "random": Promise({}, "all", own_dev=True),
    "speaker_split": Promise({}, "known", apart=True),
    "balanced": Promise(
        {"balance": {"emotion": 2, "age": 1}, "bins": {"age": 2}}, "known", apart=True, own_dev=True
    ),
    "speakers_stated": Promise({"test": ["b"]}, "known", apart=True),
    "database": Promise({}, "named", given=True),
    "reuse": Promise({}, "named", given=True),
    "specified": Promise(
        {"train_tables": ["train"], "dev_tables": ["dev"], "test_tables": ["test"]}, "named", given=True
    ),
    "column": Promise({"split_column": "part"}, "named", given=True),
}


@st.composite
def databases(draw: st.DrawFn) -> Loaded:
    """Five speakers at most, three at least; the part that each row is given to stands in the column ``part``."""
    count = draw(st.integers(6, 25))
    some = lambda values: draw(st.lists(st.sampled_from(values), min_size=count - 3, max_size=count - 3))  # noqa: E731
    data = loaded(["a", "b", "c", *some(["a", "b", "c", "d", "e", None])])
    part = pd.Series(["train", "dev", "test", *some(["train", "dev", "test", None])], dtype="str").to_numpy()
    samples = data.samples.assign(
        emotion=["x", "y", "z", *some(["x", "y", "z"])],
        age=[20, 30, 40, *some([20, 25, 30, None])],
        part=part,
    )
    rows = {name: samples.index[part == name] for name in contract.SPLITS}
    return Loaded(samples, tables=rows, splits=rows)


def context_of(data: Loaded, seed: int, test_size: float, dev_size: float | None) -> SplitContext:
    named = data.samples["part"].notna().to_numpy()
    # without speakers: new rows would follow them, see the tests of reuse
    previous = data.samples[["database"]].assign(split=data.samples["part"])[named]
    return SplitContext("db", seed, "emotion", test_size, dev_size, previous)


def whole(strategy: str, data: Loaded, context: SplitContext) -> pd.Series:
    """As the steps do it: the strategy, then dev."""
    return with_dev(data, assign(strategy, data, context, **PROMISES[strategy].options), context)


def speakers_in_two(data: Loaded, split: pd.Series) -> list[str]:
    parts = split.groupby(data.samples["speaker"]).nunique()
    return parts.index[parts > 1].tolist()


def can_give(strategy: str, data: Loaded, split: pd.Series) -> bool:
    """Whether the training set, before dev was cut out of it, has two speakers; else, if none is known, two rows."""
    before = split.isin(["train", "dev"]).to_numpy()
    speakers = data.samples["speaker"][before].nunique()
    return before.sum() > 1 if strategy == "random" or not speakers else speakers > 1


@pytest.mark.parametrize("strategy", splits.names())
@settings(max_examples=15, deadline=None)
@given(data=databases(), seed=seeds, test_size=percents, dev_size=st.none() | percents, random=st.randoms())
def test_every_strategy(  # type: ignore[no-untyped-def]
    strategy: str, data: Loaded, seed: int, test_size: float, dev_size: float | None, random
) -> None:
    promise, context = PROMISES[strategy], context_of(data, seed, test_size, dev_size)
    before = data.samples.copy()
    split = whole(strategy, data, context)
    pd.testing.assert_frame_equal(data.samples, before)
    pd.testing.assert_series_equal(whole(strategy, data, context), split)

    used = {
        "all": np.ones(len(split), dtype=bool),
        "known": data.samples["speaker"].notna().to_numpy(),
        "named": data.samples["part"].notna().to_numpy(),
    }
    assert split.notna().tolist() == used[promise.uses].tolist()
    if promise.apart:
        assert not speakers_in_two(data, split)
    if promise.given:
        assert split.fillna("-").tolist() == data.samples["part"].fillna("-").tolist()
    elif strategy not in ("dev", "test"):
        assert "train" in set(split)
        wanted = dev_size is not None and (strategy == "balanced" or can_give(strategy, data, split))
        assert ("dev" in set(split)) == wanted, "dev is there where it is wanted and possible, and only there"

    order = list(range(len(split)))
    random.shuffle(order)
    shuffled = whole(strategy, replace(data, samples=data.samples.iloc[order]), context)
    pd.testing.assert_series_equal(
        shuffled, split.iloc[order], obj="the split of the same rows in another order"
    )


@pytest.mark.parametrize("strategy", [name for name in PROMISES if not PROMISES[name].given])
@settings(max_examples=15, deadline=None)
@given(data=databases(), seed=seeds, test_size=percents, dev_size=percents)
def test_dev_is_cut_out_of_train(
    strategy: str, data: Loaded, seed: int, test_size: float, dev_size: float
) -> None:
    """So a figure on the test set can be compared with one that was found without dev."""
    split = whole(strategy, data, context_of(data, seed, test_size, dev_size))
    without = whole(strategy, data, context_of(data, seed, test_size, None))
    training = data.samples["speaker"][(without == "train").to_numpy()].nunique()
    if strategy == "balanced" and training < 2:
        return  # it takes fewer speakers for test, so that some are left for dev
    assert without[(split != without).to_numpy() & split.notna().to_numpy()].isin(["train"]).all()
    assert set(split[(split != without).to_numpy() & split.notna().to_numpy()]) <= {"dev"}


def test_all_strategies_are_tested() -> None:
    assert sorted(PROMISES) == splits.names()


@pytest.mark.parametrize("name", contract.SPLITS)
def test_the_whole_database(name: str) -> None:
    assert set(assign(name, loaded(["a", None]))) == {name}


# --- speaker_split


@settings(max_examples=30, deadline=None)
@given(speakers_lists, percents, seeds)
def test_speaker_split(speakers: list[str | None], percent: float, seed: int) -> None:
    known = sorted({speaker for speaker in speakers if speaker})
    data, context = loaded(speakers), SplitContext("db", seed, test_size=percent)
    if len(known) < 2:
        with pytest.raises(NkululekoError, match=r"needs two speakers|needs to know the speakers"):
            assign("speaker_split", data, context)
        return
    split = assign("speaker_split", data, context)
    by_speaker = split.groupby(data.samples["speaker"]).agg(set)
    assert all(len(sides) == 1 for sides in by_speaker), "speaker-disjoint"
    assert split.isna().tolist() == [speaker is None for speaker in speakers]
    test = [speaker for speaker, sides in by_speaker.items() if sides == {"test"}]
    assert 1 <= len(test) <= len(known) - 1
    wanted = len(known) * percent / 100
    assert abs(len(test) - min(max(wanted, 1), len(known) - 1)) <= 0.5


def test_the_seed_decides() -> None:
    data = loaded([f"s{n % 20}" for n in range(60)])
    found = {tuple(assign("speaker_split", data, SplitContext("db", seed))) for seed in range(10)}
    assert len(found) > 5


def test_the_split_of_a_seed_is_this_one() -> None:
    """Papers name their seed: whoever changes the drawing changes their results."""
    data = loaded([f"s{n:02}" for n in range(10)])
    split = assign("speaker_split", data, SplitContext("db", 42, test_size=30))
    assert data.samples["speaker"][(split == "test").to_numpy()].tolist() == ["s00", "s05", "s06"]


def test_samples_without_a_speaker_are_named(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "nkululeko"):
        assign("speaker_split", loaded(["a", "b", None]))
    assert caplog.messages == ["db: 1 samples without a speaker are used neither for training nor for test"]
    with pytest.raises(
        NkululekoError,
        match=r"db\.split_strategy: speaker_split needs to know .* use db\.split_strategy = random",
    ):
        assign("speaker_split", loaded([None, None]))
    data = loaded(["a", "b"])
    with pytest.raises(NkululekoError, match="has no column 'speaker'"):
        assign("speaker_split", Loaded(data.samples.drop(columns="speaker")))


# --- random


@settings(max_examples=40, deadline=None)
@given(st.integers(2, 60), percents, seeds)
def test_random(count: int, percent: float, seed: int) -> None:
    split = assign("random", loaded([None] * count), SplitContext("db", seed, test_size=percent))
    sizes = split.value_counts()
    assert sizes.sum() == count
    assert 1 <= sizes["test"] < count
    assert abs(sizes["test"] - min(max(count * percent / 100, 1), count - 1)) <= 0.5


def test_random_needs_two_samples() -> None:
    with pytest.raises(NkululekoError, match="database 'db' has 1 samples, too few to split"):
        assign("random", loaded(["a"]))


def test_random_draws_dev_by_samples(caplog: pytest.LogCaptureFixture) -> None:
    """Though the speakers are known: test is drawn that way too."""
    split = assign("random", loaded(["a", "b"] * 50), SplitContext("db", 3, test_size=20, dev_size=10))
    assert split.value_counts().to_dict() == {"train": 70, "test": 20, "dev": 10}
    split = assign("random", loaded(["a", "b", "c"]), SplitContext("db", 3, test_size=99, dev_size=10))
    assert split.value_counts().to_dict() == {"test": 2, "train": 1}
    assert caplog.messages == ["db: no dev set: 1 training samples are too few"]

"""Filters, roles and dev sets: who takes part, in which order, and what is told of the others."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab import Lab
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import splits
from nkululeko.steps.load import Data


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.chdir(tmp_path)
    return Lab(tmp_path)


def told(data: Data) -> list[tuple[str, str, int]]:
    return [(drop.database, drop.step, len(drop.rows)) for drop in data.dropped]


def with_gender(lab: Lab, count: int = 12) -> list[dict]:
    rows = lab.rows(count)
    for number, row in enumerate(rows):
        row["gender"] = "female" if number % 2 else "male"
    return rows


def test_filters_of_columns_work_on_mapped_labels_and_before_numbers_are_scaled(lab: Lab) -> None:
    rows = with_gender(lab)
    for number, row in enumerate(rows):
        row["age"] = 20.0 + number
    text = (
        lab.csv(rows)
        + "db.filter = {'gender': 'F'}\ndb.mapping = {'gender': {'female': 'F'}}\ndb.scale = True\n"
    )
    data = lab.load(text + "db.split_strategy = random", exp="type = regression", target="age")
    assert told(data) == [("db", "filter", 6)]
    assert np.isclose(data.samples["age"].mean(), 0) and np.isclose(data.samples["age"].std(ddof=0), 1)


def test_filters_of_a_split_leave_the_others_alone(lab: Lab) -> None:
    text = lab.csv(with_gender(lab)) + "db.test_size = 50\n"
    whole = lab.load(text)
    part = lab.load(text + "db.filter = {'gender': ['female']}\ndb.filter.sample_selection = test\n")
    counts = part.samples.groupby("split")["gender"].agg(set).to_dict()
    assert counts["test"] == {"female"} and counts["train"] == {"female", "male"}
    same = whole.samples.loc[part.samples.index, "split"]
    assert (same == part.samples["split"]).all(), "the split is that of the whole"


def test_limits_of_all_databases_together_and_of_one(lab: Lab) -> None:
    other = [row | {"file": lab.audio(f"b/{n}.wav")} for n, row in enumerate(lab.rows())]
    text = lab.csv(lab.rows()) + lab.csv(other, "b")
    names = "['db', 'b']"
    together = lab.load(text + "limit_samples = 20", names=names)
    assert len(together.samples) == 20
    one = lab.load(text + "b.limit_samples_per_speaker = 1", names=names)
    assert one.samples["database"].value_counts().to_dict() == {"db": 12, "b": 6}


def test_audio_filters(lab: Lab) -> None:
    rows = lab.rows()
    rows[0]["file"] = lab.audio("short.wav", frames=400)
    rows[1]["file"] = lab.audio("long.wav", frames=16000)
    text = lab.csv(rows) + "min_duration_of_sample = .1\ndb.max_duration_of_sample = 1\n"
    assert told(lab.load(text)) == [("db", "max_duration_of_sample", 1), ("db", "min_duration_of_sample", 1)]
    assert told(lab.load(lab.csv(rows) + "check_size = 2000")) == [("db", "check_size", 1)]


def test_a_database_that_ends_up_empty_names_the_rule(lab: Lab) -> None:
    rows = lab.rows()
    rows[0]["emotion"] = None
    with pytest.raises(NkululekoError) as caught:
        lab.load(lab.csv(rows) + "min_duration_of_sample = 9")
    text = str(caught.value)
    assert "database 'db' has no samples left: the last 11 fell out by min_duration_of_sample" in text
    assert "before that, of 12: 1 by target" in text


def test_labels_without_anything_in_common_are_told(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    other = [
        row | {"file": lab.audio(f"b/{n}.wav"), "emotion": row["emotion"].upper()}
        for n, row in enumerate(lab.rows())
    ]
    text = lab.csv(lab.rows()) + lab.csv(other, "b") + "b.split_strategy = test\ndb.split_strategy = train"
    with caplog.at_level(logging.WARNING, "nkululeko"):
        lab.load(text, names="['db', 'b']")
    assert "database 'b' has no 'emotion' in common" in caplog.text and "b.mapping" in caplog.text
    with pytest.raises(
        NkululekoError, match="database 'b' has no samples left: the last 12 fell out by labels"
    ):
        lab.load(text + "\nlabels = ['a', 'b']", names="['db', 'b']")


def test_as_train_and_as_test(lab: Lab) -> None:
    other = [row | {"file": lab.audio(f"b/{n}.wav")} for n, row in enumerate(lab.rows())]
    text = (
        lab.csv(lab.rows())
        + lab.csv(other, "b")
        + "db.as_train = True\nb.as_test = True\ndb.test_size = 33\n"
    )
    data = lab.load(text + "b.test_size = 33", names="['db', 'b']")
    assert data.samples.groupby("database")["split"].agg(set).to_dict() == {"db": {"train"}, "b": {"test"}}
    assert told(data) == [("db", "as_train", 4), ("b", "as_test", 8)]


def test_cross_data_with_a_dev_set(lab: Lab) -> None:
    other = [row | {"file": lab.audio(f"b/{n}.wav")} for n, row in enumerate(lab.rows())]
    text = (
        lab.csv(lab.rows()) + lab.csv(other, "b") + "strategy = cross_data\ntrains = ['db']\ntests = ['b']\n"
    )
    data = lab.load(text, names="['db', 'b']", exp="traindevtest = True")
    assert data.samples.groupby("database")["split"].agg(set).to_dict() == {
        "db": {"train", "dev"},
        "b": {"test"},
    }
    parts = data.speakers.groupby(data.samples["split"]).agg(set)
    assert not parts["train"] & parts["dev"]


STRATEGY = {
    "column": "db.split_column = part\n",
    "speakers_stated": "db.test = ['s1', 's4']\n",
    "balanced": "",
    "speaker_split": "",
    "random": "",
    "train": "",
    "database": "",
}


@pytest.mark.parametrize("strategy", STRATEGY)
def test_every_strategy_makes_a_dev_set_where_one_is_wanted(lab: Lab, strategy: str) -> None:
    rows = lab.rows(24)
    for row in rows:
        row["part"] = row["split"] = "test" if row["speaker"] in ("s0", "s5") else "train"
    other = [row | {"file": lab.audio(f"b/{n}.wav")} for n, row in enumerate(lab.rows())]
    text = lab.csv(rows) + lab.csv(other, "b") + "b.split_strategy = test\n"
    text += f"db.split_strategy = {strategy}\n{STRATEGY[strategy]}"
    two = lab.load(text, names="['db', 'b']")
    three = lab.load(text, names="['db', 'b']", exp="traindevtest = True")
    assert "dev" not in set(two.samples["split"])
    mine = three.samples[three.samples["database"] == "db"]
    assert {"train", "dev"} <= set(mine["split"])
    if strategy != "balanced":  # it chooses all parts at once
        test = two.samples["split"] == "test"
        assert (three.samples.loc[two.samples.index[test], "split"] == "test").all(), "the test set stays"
    if strategy != "random":
        assert mine.groupby("speaker")["split"].nunique().max() == 1


def test_all_strategies_are_tried() -> None:
    others = {
        "specified",
        "reuse",
        "test",
        "dev",
    }  # these need tables, an earlier run, or have nothing to cut from
    assert set(splits.names()) == set(STRATEGY) | others


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    speakers=st.lists(st.sampled_from("abcdefgh"), min_size=12, max_size=30),
    strategy=st.sampled_from(["speaker_split", "random", "balanced"]),
    dev=st.booleans(),
    seed=st.integers(0, 5),
)
def test_splits_are_disjoint_and_complete(
    tmp_path: Path, speakers: list[str], strategy: str, dev: bool, seed: int
) -> None:
    lab = Lab(tmp_path)
    needed = 2 + dev
    speakers = [*speakers, *"abc"]
    rows = [
        {"file": lab.audio(f"{n:02}.wav", frames=80), "speaker": who, "emotion": "xy"[n % 2]}
        for n, who in enumerate(speakers)
    ]
    assert len(set(speakers)) >= needed
    try:
        data = lab.load(
            lab.csv(rows) + f"db.split_strategy = {strategy}\n",
            exp=f"random_seed = {seed}\ntraindevtest = {dev}",
        )
    except NkululekoError as problem:
        # few speakers may leave one class for training
        assert "one class only" in str(problem)
        return
    split = data.samples["split"]
    assert len(split) == len(rows) and set(split) == ({"train", "dev", "test"} if dev else {"train", "test"})
    assert data.samples.index.is_unique
    if strategy != "random":
        assert data.samples.groupby("speaker")["split"].nunique().max() == 1

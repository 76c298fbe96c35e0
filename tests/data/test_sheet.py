"""The data sheet against plain loops over the rows, and each rule on data made for it."""

from __future__ import annotations

import itertools
import statistics
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkululeko.core.samples import segmented_index, speaker_keys
from nkululeko.core.sheet import Sheet
from nkululeko.data.coded import unique
from nkululeko.data.dropped import Dropped
from nkululeko.data.sheet import MOST_BINS, borders, make_sheet, nice_step


@dataclass(frozen=True)
class Info:
    content: bytes = b""
    sampling_rate: int = 16000
    channels: int = 1


def frame(rows: list[dict], **columns) -> pd.DataFrame:
    """Samples of rows that name ``file``, ``database``, ``split`` and more; each lasts 2 s from ``start`` on."""
    table = pd.DataFrame([{"file": f"{i}.wav", "database": "db", "split": "train", "start": 0.0, **columns, **row}
                          for i, row in enumerate(rows)])  # fmt: skip
    length = table.pop("seconds") if "seconds" in table else 2.0
    starts = table.pop("start")
    index = segmented_index(
        table.pop("file"), pd.to_timedelta(starts, unit="s"), pd.to_timedelta(starts + length, unit="s")
    )
    return table.set_axis(index, axis=0)


def sheet(samples: pd.DataFrame, labels=(), target="emotion", shared=False, audio=None, **more) -> Sheet:
    files = samples.index.get_level_values("file")
    given = {
        "loaded": dict.fromkeys(samples["database"].unique(), 0),
        "dropped": [],
        "audio": {file: Info(file.encode()) for file in files} if audio is None else audio,
        "balance": None,
        "wanted": [],
    }
    return make_sheet(samples, speaker_keys(samples, shared), target, list(labels), **{**given, **more})


def rows(table: pd.DataFrame, **wanted) -> list[dict]:
    found = table.to_dict("records")
    return [row for row in found if all(row[name] == value for name, value in wanted.items())]


@pytest.fixture(scope="module")
def many() -> pd.DataFrame:
    """400 samples of two databases in 60 files, much of it missing; the rows are in no order."""
    random = np.random.default_rng(7)
    made = []
    for i in range(400):
        database = ["zeta", "alpha"][i % 2]
        made.append(
            {
                "file": f"{database}/{random.integers(30)}.wav",
                "start": float(i),
                "seconds": float(random.uniform(0.5, 9)),
                "database": database,
                "split": str(random.choice(["test", "train", "dev"])),
                "emotion": str(random.choice(["sad", "calm", "mad"])),
                "speaker": None if random.random() < 0.1 else str(random.integers(12)),
                "gender": None if random.random() < 0.3 else str(random.choice(["f", "m"])),
                "age": None if random.random() < 0.3 else str(random.integers(18, 90)),
                "only_alpha": "x" if database == "alpha" and random.random() < 0.5 else None,
            }
        )
    return frame(made)


@pytest.fixture(scope="module")
def counted(many) -> Sheet:
    names = {file: i for i, file in enumerate(many.index.get_level_values("file").unique())}
    audio = {file: Info(bytes([i]), 8000 * (1 + i % 2), 1 + i % 3) for file, i in names.items()}
    return sheet(many, ["mad", "sad", "calm"], loaded={"zeta": 210, "alpha": 200}, audio=audio)


def part_of(many: pd.DataFrame, row: dict) -> list[tuple]:
    """The samples of a part, one tuple each, found by looking at every row."""
    found = []
    for (file, start, end), values in zip(many.index, many.to_dict("records"), strict=True):
        if (values["database"], values["split"]) == (row["database"], row["split"]):
            found.append((file, (end - start).total_seconds(), values))
    return found


def known(values) -> list:
    return [value for value in values if value == value and value is not None]


def test_parts_are_what_loops_count(many, counted):
    order = [(row["database"], row["split"]) for row in rows(counted.parts)]
    assert order == list(itertools.product(["zeta", "alpha"], ["train", "dev", "test"]))
    for row in rows(counted.parts):
        mine = part_of(many, row)
        lengths = [length for _, length, _ in mine]
        assert row["samples"] == len(mine)
        assert row["files"] == len({file for file, _, _ in mine})
        assert row["speakers"] == len(set(known(values["speaker"] for _, _, values in mine)))
        assert row["hours"] == pytest.approx(sum(lengths) / 3600)
        found = (row["shortest"], row["mean"], row["longest"])
        assert found == pytest.approx((min(lengths), statistics.mean(lengths), max(lengths)))


@pytest.mark.parametrize(("variable", "order"), [("emotion", ["mad", "sad", "calm"]), ("gender", ["f", "m"])])
def test_values_are_what_loops_count(many, counted, variable, order):
    for part in rows(counted.parts):
        mine = part_of(many, part)
        found = rows(counted.values, variable=variable, database=part["database"], split=part["split"])
        assert [row["value"] for row in found] == order
        for row in found:
            having = [values for _, _, values in mine if values[variable] == row["value"]]
            assert row["samples"] == len(having)
            assert row["speakers"] == len(set(known(values["speaker"] for values in having)))


def test_numbers_of_text_are_what_numpy_computes(many, counted):
    assert len(counted.numbers) == 6 and set(counted.numbers["variable"]) == {"age"}
    for row in rows(counted.numbers):
        ages = np.array([float(age) for age in known(v["age"] for _, _, v in part_of(many, row))])
        low, middle, high = np.quantile(ages, [0.25, 0.5, 0.75])
        expected = [len(ages), ages.mean(), ages.std(ddof=1), ages.min(), low, middle, high, ages.max()]
        names = ("samples", "mean", "deviation", "least", "quartile_1", "median", "quartile_3", "most")
        assert [row[name] for name in names] == pytest.approx(expected)


def test_histogram_counts_every_known_value_once(many, counted):
    lows = {(row["low"], row["high"]) for row in rows(counted.histogram)}
    assert len(counted.histogram) == 6 * len(lows)
    last = max(high for _, high in lows)
    for row in rows(counted.histogram):
        ages = [float(age) for age in known(values["age"] for _, _, values in part_of(many, row))]
        inside = [age for age in ages if row["low"] <= age < row["high"] or age == row["high"] == last]
        assert row["samples"] == len(inside)
    assert counted.histogram["samples"].sum() == many["age"].notna().sum()


def test_audio_counts_files_not_samples(many, counted):
    names = {file: i for i, file in enumerate(many.index.get_level_values("file").unique())}
    for row in rows(counted.audio):
        files = {file for file, _, _ in part_of(many, row)}
        kind = (row["sampling_rate"], row["channels"])
        alike = [f for f in files if (8000 * (1 + names[f] % 2), 1 + names[f] % 3) == kind]
        assert row["files"] == len(alike) > 0
    assert counted.audio["files"].sum() == counted.parts["files"].sum()


def test_missing_values(many, counted):
    found = {(row["database"], row["column"]): row["missing"] for row in rows(counted.missing)}
    expected = {}
    for database, column in itertools.product(["zeta", "alpha"], ["speaker", "gender", "age", "only_alpha"]):
        expected[database, column] = int(many.loc[many["database"] == database, column].isna().sum())
    assert expected.pop(("zeta", "only_alpha")) == 200  # the column of another database is not missed
    assert found == expected
    assert set(counted.missing["samples"]) == {200}


def test_an_empty_column_of_all_databases_is_missing():
    found = sheet(frame([{"accent": None}, {"accent": None, "database": "b"}], emotion="a"), ["a"]).missing
    assert found[["database", "column", "missing"]].to_numpy().tolist() == [
        ["db", "accent", 1], ["b", "accent", 1],
    ]  # fmt: skip


@given(st.lists(st.integers(0, 40) | st.integers(0, 10**12), max_size=40))
def test_different_numbers_are_found_whatever_their_range(numbers):
    assert unique(np.array(numbers, dtype=np.int64)).tolist() == sorted(set(numbers))


def test_order_of_the_rows_does_not_matter(many, counted):
    names = {file: i for i, file in enumerate(many.index.get_level_values("file").unique())}
    audio = {file: Info(bytes([i]), 8000 * (1 + i % 2), 1 + i % 3) for file, i in names.items()}
    turned = many.sample(frac=1, random_state=3)
    again = sheet(turned, ["mad", "sad", "calm"], loaded={"zeta": 210, "alpha": 200}, audio=audio)
    for name, table in vars(counted).items():
        if isinstance(table, pd.DataFrame):
            pd.testing.assert_frame_equal(table, getattr(again, name))


def test_unknown_speakers_are_missing_not_zero():
    without = sheet(frame([{}, {}], emotion="a"), ["a"])
    assert without.parts["speakers"].isna().all() and without.values["speakers"].isna().all()
    some = sheet(frame([{"speaker": "s"}, {"split": "test", "speaker": None}], emotion="a"), ["a"])
    assert some.parts["speakers"].tolist() == [1, pd.NA]
    assert rows(some.missing) == [{"database": "db", "column": "speaker", "missing": 1, "samples": 2}]


def test_class_that_a_part_lacks_is_counted_as_none():
    found = sheet(frame([{"emotion": "a"}, {"emotion": "b", "split": "test"}]), ["b", "a"]).values
    assert found[["split", "value", "samples"]].to_numpy().tolist() == [
        ["train", "b", 0], ["train", "a", 1], ["test", "b", 1], ["test", "a", 0],
    ]  # fmt: skip


def test_gender_of_many_values_is_no_category():
    for count, there in ((20, True), (21, False)):
        found = sheet(frame([{"gender": f"g{i}"} for i in range(count)], emotion="a"), ["a"]).values
        assert ("gender" in set(found["variable"])) == there


def test_gender_as_the_target_is_told_once():
    found = sheet(frame([{"gender": "f"}, {"gender": "m"}]), ["m", "f"], target="gender").values
    assert found["value"].tolist() == ["m", "f"]


def test_age_is_read_where_it_is_a_number():
    ages = ["23", " 25 ", "unknown", None, "inf", "27"]
    found = sheet(frame([{"age": age} for age in ages], emotion="a"), ["a"])
    assert rows(found.numbers)[0]["samples"] == 3 and rows(found.numbers)[0]["mean"] == 25
    none = sheet(frame([{"age": "old"}], emotion="a"), ["a"])
    assert none.numbers.empty and none.histogram.empty
    category = frame([{"age": 30}, {"age": 40}], emotion="a")
    category["age"] = category["age"].astype("category")
    assert rows(sheet(category, ["a"]).numbers)[0]["median"] == 35


def test_regression_has_numbers_in_place_of_values():
    found = sheet(frame([{"mos": 1.5}, {"mos": 4.0}, {"mos": 2.0, "split": "test"}], age=30.0), target="mos")
    assert found.values.empty and found.labels == []
    assert found.numbers["variable"].tolist() == ["mos", "mos", "age", "age"]
    assert np.isnan(rows(found.numbers, variable="mos", split="test")[0]["deviation"])
    assert found.histogram.loc[found.histogram["variable"] == "mos", "samples"].sum() == 3


@given(st.lists(st.floats(-1e6, 1e6).filter(lambda v: v == 0 or abs(v) > 1e-6), min_size=1, max_size=60))
def test_borders_hold_every_value_in_few_bins_that_read_well(values):
    edges = borders(np.array(values))
    assert edges[0] <= min(values) and max(values) <= edges[-1]
    assert np.all(np.diff(edges) > 0) and 2 <= len(edges) <= MOST_BINS + 1


@given(st.floats(1e-9, 1e9))
def test_steps_are_round_and_not_too_wide(width):
    step = nice_step(width)
    assert width * (1 - 1e-6) <= step <= 2.6 * width
    digits = f"{step:.6e}".split("e")[0].rstrip("0").rstrip(".")
    assert digits in ("1", "2", "2.5", "5")


def test_chain_goes_from_what_was_loaded_to_what_is_left():
    samples = frame([{}, {}, {"database": "b"}], emotion="a")
    drops = [
        Dropped("db", "mapping", "not mapped", segmented_index([f"{i}.wav" for i in range(7)])),
        Dropped("b", "audio", "broken", segmented_index(["x.wav"])),
        Dropped("db", "split", "in none", segmented_index(["y.wav"])),
    ]
    chain = sheet(samples, ["a"], loaded={"b": 2, "db": 10}, dropped=drops).chain
    assert chain[["database", "step", "reason", "dropped", "left"]].to_numpy().tolist() == [
        ["b", "loaded", "", 0, 2],
        ["b", "audio", "broken", 1, 1],
        ["db", "loaded", "", 0, 10],
        ["db", "mapping", "not mapped", 7, 3],
        ["db", "split", "in none", 1, 2],
    ]
    assert chain["examples"].tolist()[3] == [f"{i}.wav" for i in range(5)]


def test_speakers_in_several_splits():
    samples = frame(
        [
            {"speaker": "1"}, {"speaker": "1"}, {"speaker": "1", "split": "test"}, {"speaker": "2"},
            {"speaker": "3", "split": "dev"}, {"speaker": "3", "split": "test"}, {"speaker": None},
            {"speaker": None, "split": "test"},
        ],
        emotion="a",
    )  # fmt: skip
    assert rows(sheet(samples, ["a"]).shared_speakers) == [
        {"speaker": "db/1", "parts": "db train, db test", "samples": 3, "between": "splits"},
        {"speaker": "db/3", "parts": "db dev, db test", "samples": 2, "between": "splits"},
    ]


def test_equal_names_in_several_databases():
    samples = frame(
        [
            {"speaker": "1"}, {"speaker": "1", "database": "other", "split": "test"},
            {"speaker": "2", "database": "other"}, {"speaker": "3"}, {"speaker": None, "database": "other"},
        ],
        emotion="a",
    )  # fmt: skip
    assert rows(sheet(samples, ["a"]).shared_speakers) == [
        {"speaker": "1", "parts": "db train, other test", "samples": 2, "between": "databases"}
    ]
    # where equal names mean the same person, it is that person who is in train and test
    assert rows(sheet(samples, ["a"], shared=True).shared_speakers) == [
        {"speaker": "1", "parts": "db train, other test", "samples": 2, "between": "splits"}
    ]


def test_copies_are_found_by_content():
    samples = frame(
        [
            {"file": "a.wav"}, {"file": "b.wav", "database": "other"},  # in two databases, same label
            {"file": "c.wav"}, {"file": "d.wav", "split": "test", "emotion": "b"},  # in two splits, other label
            {"file": "e.wav"}, {"file": "f.wav", "split": "test", "database": "other"},
            {"file": "g.wav"}, {"file": "h.wav"},  # in one part
            {"file": "i.wav"}, {"file": "i.wav", "start": 2.0, "split": "test"},  # one file is no copy
            {"file": "j.wav"}, {"file": "k.wav"},  # not known: not the same
        ],
        emotion="a",
    )  # fmt: skip
    files = samples.index.get_level_values("file")
    content = {file: Info(f"{i // 2}".encode()) for i, file in enumerate(files)}
    audio = {**content, "j.wav": Info(b"", 0, 0), "k.wav": Info(b"", 0, 0)}
    samples["emotion"] = samples["emotion"].fillna("a")
    found = sheet(samples, ["a", "b"], loaded={"db": 10, "other": 2}, audio=audio)
    assert rows(found.copies) == [
        {"files": "c.wav; d.wav", "count": 2, "parts": "db train, db test", "labels": "a, b", "across": "splits"},
        {"files": "e.wav; f.wav", "count": 2, "parts": "db train, other test", "labels": "a", "across": "both"},
        {"files": "a.wav; b.wav", "count": 2, "parts": "db train, other train", "labels": "a", "across": "databases"},
        {"files": "g.wav; h.wav", "count": 2, "parts": "db train", "labels": "a", "across": ""},
    ]  # fmt: skip
    assert found.audio["files"].sum() == 10  # i.wav is in train and in test, j.wav and k.wav are not known


def test_copies_with_numbers_for_labels():
    audio = {"0.wav": Info(b"same"), "1.wav": Info(b"same"), "2.wav": Info(b"other")}
    found = sheet(frame([{"mos": 1.5}, {"mos": 3.0}, {"mos": 2.0}]), target="mos", audio=audio)
    assert found.copies["labels"].tolist() == ["1.5, 3"]


def test_balanced_splits_bring_their_variables():
    samples = frame(
        [{"dialect": "x", "age": 20.0}, {"dialect": "y", "age": 60.0, "split": "test"}, {"dialect": None, "age": 30.0}],
        emotion="a", gender="f",
    )  # fmt: skip
    names = ["dialect", "age", "emotion", "gone"]
    balance = pd.DataFrame(
        {"database": "db", "split": "test", "variable": names, "weight": 1.0, "divergence": 0.5, "more": 1}
    )
    found = sheet(samples, ["a"], balance=balance, bins={"db": {"age": 2}})
    assert found.balance.columns.tolist() == ["database", "split", "variable", "weight", "divergence"]
    values = {(row["variable"], row["value"]): 0 for row in rows(found.values)}
    for row in rows(found.values):
        values[row["variable"], row["value"]] += row["samples"]
    assert {name for name, _ in values} == {"emotion", "gender", "dialect", "age"}
    assert [values["dialect", value] for value in ("x", "y", "(missing)")] == [1, 1, 1]
    assert sum(count for (name, _), count in values.items() if name == "age") == 3
    # numbers without bins have a histogram only
    assert "age" not in set(sheet(samples, ["a"], balance=balance).values["variable"])


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_totals_agree_whatever_the_data(data):
    choose = lambda *values: data.draw(st.sampled_from(values))  # noqa: E731
    made = [
        {"database": choose("a", "b"), "split": choose("train", "dev", "test"), "emotion": choose("x", "y"),
         "speaker": choose("1", "2", None), "gender": choose("f", None), "age": choose(20.0, 33.5, None)}
        for _ in range(data.draw(st.integers(1, 12)))
    ]  # fmt: skip
    found = sheet(frame(made), ["x", "y"])
    assert found.parts["samples"].sum() == len(made)
    assert found.values.loc[found.values["variable"] == "emotion", "samples"].sum() == len(made)
    ages = sum(row["age"] is not None for row in made)
    assert found.numbers["samples"].sum() == found.histogram["samples"].sum() == ages
    keys = {(row["database"], row["speaker"]) for row in made if row["speaker"]}
    between = found.shared_speakers[found.shared_speakers["between"] == "splits"]
    repeated = between["parts"].str.count(", ").sum() if len(between) else 0
    assert found.parts["speakers"].fillna(0).sum() == len(keys) + repeated

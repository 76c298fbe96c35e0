"""What each filter keeps, and what it says of values that do not fit; tests/contracts has what they share."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import FilterContext, filters


def frame(number: int | None = None, **columns: Any) -> pd.DataFrame:
    """One file a row, 1 s each."""
    size = number if number is not None else len(next(iter(columns.values())))
    index = contract.segmented_index(
        [f"/{n:05}.wav" for n in range(size)], None, pd.to_timedelta(np.ones(size), unit="s")
    )
    return pd.DataFrame(columns, index=pd.RangeIndex(size)).set_axis(index, axis=0)


def spans(*pairs: tuple[str, str | None]) -> pd.DataFrame:
    """Segments of one file from start to end."""
    starts, ends = zip(*pairs, strict=True)
    index = contract.segmented_index(["/a.wav"] * len(pairs), pd.to_timedelta(starts), pd.to_timedelta(ends))
    return pd.DataFrame({"n": range(len(pairs))}, index=index)


def no_measure(name: str, index: pd.MultiIndex) -> pd.DataFrame:
    raise AssertionError("nothing is to be measured")


def keep(
    name: str,
    samples: pd.DataFrame,
    value: Any,
    seed: int = 42,
    speakers: Any = None,
    measure: Any = no_measure,
) -> list[bool]:
    who = pd.Series(speakers if speakers is not None else ["a"] * len(samples), dtype="str")
    return filters.load(name)().keep(samples, value, FilterContext("db", seed, who, measure))[0].tolist()


def reason(name: str, samples: pd.DataFrame, value: Any) -> str:
    who = pd.Series(["a"] * len(samples), dtype="str")
    return filters.load(name)().keep(samples, value, FilterContext("db", 42, who, no_measure))[1]


# --- filter

PEOPLE = {
    "gender": pd.array(["female", "male", None, " female ", ""], dtype="str"),
    "age": [25.0, 30.0, np.nan, 41.5, 25.0],
    "group": pd.Categorical(["1", "2", "1", None, "2"]),
    "ill": [True, False, True, False, True],
    "code": pd.array(["03", "3", "3.0", "x", None], dtype="str"),
    "half": np.array([0.1, 0.2, 0.3, np.nan, 0.1], dtype=np.float32),
    "count": pd.array([1, 2, None, 4, 1], dtype="Int64"),
}


@pytest.mark.parametrize(
    ("value", "rows"),
    [
        ({"gender": "female"}, [0, 3]),
        ({"gender": ["female", "male"]}, [0, 1, 3]),
        ({"gender": ("male",)}, [1]),
        ({"age": 25}, [0, 4]),
        ({"age": "25"}, [0, 4]),
        ({"age": [25.0, "41.5"]}, [0, 3, 4]),
        ({"group": 1}, [0, 2]),
        ({"group": "2"}, [1, 4]),
        ({"ill": True}, [0, 2, 4]),
        ({"ill": "False"}, [1, 3]),
        ({"code": "03"}, [0]),
        ({"code": 3}, [1]),
        ({"code": 3.0}, [1]),  # a text column: as text, whole numbers without .0
        ({"half": 0.1}, [0, 4]),
        ({"half": ["0.3"]}, [2]),
        ({"count": [1, "4"]}, [0, 3, 4]),
        ({"gender": "female", "age": 25}, [0]),
        ({"gender": "male", "age": 25}, []),  # each is there, both together are not
        ({}, [0, 1, 2, 3, 4]),
    ],
)
def test_filter_keeps_what_is_wanted(value: dict, rows: list[int]) -> None:
    assert np.flatnonzero(keep("filter", frame(**PEOPLE), value)).tolist() == rows


def test_filter_says_why() -> None:
    found = reason("filter", frame(**PEOPLE), {"gender": "female", "age": [25, 30.0]})
    assert found == "outside the filter: gender = female, age = 25 or 30"


def test_filter_of_an_unknown_column() -> None:
    with pytest.raises(NkululekoError) as problem:
        keep("filter", frame(**PEOPLE), {"gendr": "female"})
    assert str(problem.value) == "db.filter: no column 'gendr'; did you mean 'gender'?"
    with pytest.raises(NkululekoError, match="no column"):
        keep("filter", frame(**PEOPLE)[:0], {"gendr": "female"})


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            {"gender": ["femal", "f"]},
            "db.filter: no sample has femal or f in the column 'gender'; there are: female, male",
        ),
        ({"age": 26}, "db.filter: no sample has 26 in the column 'age'; there are: 25, 30, 41.5"),
        ({"age": "old"}, "db.filter: no sample has old in the column 'age'; there are: 25, 30, 41.5"),
        ({"age": []}, "db.filter: no sample has a value in the column 'age'; there are: 25, 30, 41.5"),
    ],
)
def test_filter_that_fits_nothing(value: dict, message: str) -> None:
    with pytest.raises(NkululekoError) as problem:
        keep("filter", frame(**PEOPLE), value)
    assert str(problem.value) == message


def test_filter_lists_twenty_values_at_most() -> None:
    with pytest.raises(NkululekoError) as problem:
        keep("filter", frame(speaker=[f"s{n:03}" for n in range(50)]), {"speaker": "s3"})
    assert str(problem.value).endswith("s018, s019, ...")
    with pytest.raises(NkululekoError, match="there are: none"):
        keep("filter", frame(speaker=pd.array([None, None], dtype="str")), {"speaker": "s3"})


def test_filter_warns_of_values_that_nobody_has(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "nkululeko"):
        assert keep("filter", frame(**PEOPLE), {"gender": ["female", "mal"], "age": [25, 30]}) == [
            True, False, False, False, False,
        ]  # fmt: skip
    assert caplog.messages == ["db.filter: no sample has 'mal' in the column 'gender'; did you mean 'male'?"]


# --- required


@pytest.mark.parametrize(
    ("column", "rows"),
    [("gender", [0, 1, 3]), ("age", [0, 1, 3, 4]), ("group", [0, 1, 2, 4]), ("count", [0, 1, 3, 4])],
)
def test_required(column: str, rows: list[int]) -> None:
    assert np.flatnonzero(keep("required", frame(**PEOPLE), column)).tolist() == rows
    assert reason("required", frame(**PEOPLE), column) == f"no value in the column '{column}'"


def test_required_column_must_exist() -> None:
    with pytest.raises(NkululekoError, match=r"db\.required: no column 'gander'; did you mean 'gender'"):
        keep("required", frame(**PEOPLE), "gander")


# --- limits


@pytest.mark.parametrize("limit", [1, 7, 50, 80])
def test_limit_samples(limit: int) -> None:
    assert sum(keep("limit_samples", frame(50), limit)) == min(limit, 50)


def test_a_smaller_limit_draws_of_the_same() -> None:
    few, many = (np.array(keep("limit_samples", frame(200), limit)) for limit in (20, 60))
    assert not np.any(few & ~many)


def test_the_seed_decides() -> None:
    found = {tuple(keep("limit_samples", frame(50), 5, seed)) for seed in range(10)}
    assert len(found) == 10


def test_each_sample_has_the_same_chance() -> None:
    drawn = sum(np.array(keep("limit_samples", frame(20), 5, seed), dtype=int) for seed in range(200))
    assert np.all(np.abs(drawn - 50) < 5 * np.sqrt(200 * 0.25 * 0.75))


def test_the_draw_of_a_seed_is_this_one() -> None:
    """Papers name their seed: whoever changes the drawing changes their results."""
    assert np.flatnonzero(keep("limit_samples", frame(20), 4)).tolist() == [8, 9, 14, 17]
    speakers = [f"s{n % 3}" for n in range(12)]
    stays = keep("limit_samples_per_speaker", frame(12), 1, speakers=speakers)
    assert np.flatnonzero(stays).tolist() == [0, 5, 10]


def test_the_draw_does_not_depend_on_where_the_databases_lie() -> None:
    first, second = (frame(20, database=["x"] * 10 + ["y"] * 10) for _ in range(2))
    folders = ["/b"] * 10 + ["/a"] * 10
    moved = [
        folder + file for folder, file in zip(folders, second.index.get_level_values("file"), strict=True)
    ]
    second.index = contract.segmented_index(moved, None, second.index.get_level_values("end"))
    assert keep("limit_samples", first, 6) == keep("limit_samples", second, 6)


def test_limit_samples_per_speaker(caplog: pytest.LogCaptureFixture) -> None:
    speakers = ["a"] * 30 + ["b"] * 2 + ["c"] * 10
    stays = pd.Series(keep("limit_samples_per_speaker", frame(42), 4, speakers=speakers))
    assert stays.groupby(speakers).sum().to_dict() == {"a": 4, "b": 2, "c": 4}
    assert not caplog.messages


def test_samples_of_unknown_speakers_stay(caplog: pytest.LogCaptureFixture) -> None:
    speakers = [None, "a", None, "a", None]
    with caplog.at_level(logging.INFO, "nkululeko"):
        stays = keep("limit_samples_per_speaker", frame(5), 1, speakers=speakers)
    assert [stays[0], stays[2], stays[4]] == [True] * 3 and sum(stays) == 4
    assert caplog.messages == [
        "db.limit_samples_per_speaker: the speaker of 3 of 5 samples is not known; they all stay"
    ]


# --- durations


def test_bounds_are_inclusive() -> None:
    samples = spans(
        ("0s", "299ms"), ("500ms", "800ms"), ("0s", "301ms"), ("1s", "3s"), ("0s", "2000000001ns")
    )
    assert keep("min_duration_of_sample", samples, 0.3) == [False, True, True, True, True]
    assert keep("max_duration_of_sample", samples, 2.0) == [True, True, True, True, False]


def test_an_unknown_end_stays() -> None:
    samples = spans(("0s", None), ("0s", "1s"))
    assert keep("min_duration_of_sample", samples, 2) == [True, False]
    assert keep("max_duration_of_sample", samples, 0.5) == [True, False]


def test_reasons_say_the_bound() -> None:
    assert reason("min_duration_of_sample", spans(("0s", "1s")), 0.25) == "shorter than 0.25 s"
    assert reason("max_duration_of_sample", spans(("0s", "1s")), 20) == "longer than 20 s"


# --- files and speech


def test_check_size(tmp_path: Path) -> None:
    for size in (99, 100, 101):
        (tmp_path / f"{size}.wav").write_bytes(b"x" * size)
    files = [str(tmp_path / f"{name}.wav") for name in ("100", "99", "101", "99", "gone")]
    samples = pd.DataFrame({"n": range(5)}, index=contract.segmented_index(files))
    assert keep("check_size", samples, 100) == [True, False, True, False, True]
    assert reason("check_size", samples, 100) == "file smaller than 100 bytes"


def test_check_vad_asks_for_each_segment_once() -> None:
    samples = frame(5)
    samples = pd.concat([samples, samples[1:2]])  # one stands twice: in two databases
    asked = []

    def measure(name: str, index: pd.MultiIndex) -> pd.DataFrame:
        asked.append((name, len(index)))
        found = pd.DataFrame({"speech_s": [1.0, 0.0, 0.25, np.nan], "speech_share": 0.0}, index=index[:4])
        return found.iloc[::-1]  # the last one failed; who measures may answer in another order

    assert keep("check_vad", samples, True, measure=measure) == [True, False, True, True, True, False]
    assert asked == [("vad", 5)]


@pytest.mark.parametrize(("value", "count"), [(False, 3), (True, 0)])
def test_check_vad_has_nothing_to_ask(value: bool, count: int) -> None:
    assert keep("check_vad", frame(count), value) == [True] * count


def test_check_vad_where_all_speak() -> None:
    assert (
        keep("check_vad", frame(2), True, measure=lambda _, i: pd.DataFrame({"speech_s": 1.0}, index=i))
        == [True] * 2
    )


def test_when_their_turn_comes() -> None:
    """The cheap ones first, the limits last: what is going to leave must not be drawn."""
    turns = {name: filters.load(name).looks_at for name in filters.names()}
    assert turns == {
        "filter": "columns", "required": "columns",
        "check_size": "audio", "check_vad": "audio",
        "min_duration_of_sample": "audio", "max_duration_of_sample": "audio",
        "limit_samples": "count", "limit_samples_per_speaker": "count",
    }  # fmt: skip

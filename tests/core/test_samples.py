"""The data contract."""

from __future__ import annotations

from pathlib import Path

import hypothesis.strategies as st
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError


def at(*seconds: float | None) -> pd.TimedeltaIndex:
    return pd.to_timedelta([np.nan if s is None else s for s in seconds], unit="s")


def test_the_index_is_audformats() -> None:
    import audformat

    pairs = [
        (
            contract.segmented_index(["/a.wav", "/b.wav"], at(0.5, None), at(1.25, None)),
            audformat.segmented_index(["/a.wav", "/b.wav"], at(0.5, 0), at(1.25, None)),
        ),
        (
            contract.segmented_index(["/a.wav"]),
            audformat.utils.to_segmented_index(audformat.filewise_index(["/a.wav"])),
        ),
        (contract.segmented_index([]), audformat.segmented_index()),
    ]
    for ours, theirs in pairs:
        assert ours.names == theirs.names
        for level in ("start", "end"):
            pd.testing.assert_index_equal(ours.get_level_values(level), theirs.get_level_values(level))
        assert ours.isin(theirs).all() and ours.equals(theirs)


def test_times_of_any_resolution_are_the_same_segment() -> None:
    coarse = pd.to_timedelta([1], unit="s").as_unit("s")
    assert contract.segmented_index(["a"], coarse, coarse).equals(
        contract.segmented_index(["a"], at(1), at(1))
    )


def test_check() -> None:
    with pytest.raises(ValueError, match="samples need the index"):
        contract.check(pd.DataFrame({"file": ["a"]}))


def test_seconds() -> None:
    index = contract.segmented_index(["a", "a"], at(0.5, 1), at(1.25, None))
    assert contract.seconds(index, "start").tolist() == [0.5, 1.0]
    np.testing.assert_array_equal(contract.seconds(index, "end"), [1.25, np.nan])


@settings(max_examples=40, deadline=None)
@given(st.permutations(range(6)), st.lists(st.integers(0, 5), max_size=9))
def test_align_is_a_lookup_by_index(order: list[int], wanted: list[int]) -> None:
    index = contract.segmented_index(
        [f"{i // 2}.wav" for i in range(6)], at(0, 1, 0, 1, 0, 1), at(1, 2, 1, 2, 1, 2)
    )
    features = pd.DataFrame({"f": np.arange(6.0)}, index=index)
    found = contract.align(features.iloc[order], index[wanted])
    assert found["f"].tolist() == wanted
    assert found.index.equals(index[wanted])


def test_align_refuses_what_is_missing_or_there_twice() -> None:
    index = contract.segmented_index(["a.wav", "b.wav"])
    features = pd.DataFrame({"f": [1.0, 2.0]}, index=index)
    with pytest.raises(NkululekoError, match=r"c\.wav: 1 samples have no features"):
        contract.align(features, contract.segmented_index(["a.wav", "c.wav"]))
    with pytest.raises(NkululekoError, match="twice"):
        contract.align(pd.concat([features, features]), index)


def test_two_databases_never_share_a_speaker_by_chance() -> None:
    samples = pd.DataFrame(
        {"database": ["x", "y", "y"], "speaker": ["1", "1", None]}, index=contract.segmented_index("abc")
    )
    keys = contract.speaker_keys(samples)
    assert keys[:2].tolist() == ["x/1", "y/1"] and keys.isna().tolist() == [False, False, True]
    assert contract.speaker_keys(samples, shared=True)[:2].tolist() == ["1", "1"]
    assert contract.speaker_keys(samples.drop(columns="speaker")).isna().all()


def test_fingerprint() -> None:
    samples = pd.DataFrame({"t": ["x", "y", "y"], "n": [1, 2, 3]}, index=contract.segmented_index("abc"))
    known = contract.fingerprint(samples, ["t", "n"])
    assert contract.fingerprint(samples.iloc[[2, 0, 1]], ["t", "n", "not there"]) == known
    assert (
        contract.fingerprint(samples.set_axis(contract.segmented_index("xyz"), axis=0), ["t", "n"]) == known
    )
    assert contract.fingerprint(samples, ["t"]) != known
    assert contract.fingerprint(samples.iloc[:2], ["t", "n"]) != known
    assert contract.fingerprint(samples.assign(n=[1, 2, 4]), ["t", "n"]) != known
    assert contract.fingerprint(samples.assign(n=[1, 3, 2]), ["t", "n"]) == known  # both are 'y': same rows
    assert contract.fingerprint(samples.assign(n=[2, 1, 3]), ["t", "n"]) != known


names = st.text(st.characters(codec="utf-8", exclude_characters="\r\0"), min_size=1, max_size=8)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(names, st.integers(0, 10**12), st.none() | st.integers(0, 10**12)), min_size=1, max_size=6
    )
)
def test_csv_round_trip(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[str, int, int | None]]
) -> None:
    """Whatever files are called (commas, quotes, line ends), to the nanosecond."""
    path = tmp_path_factory.mktemp("csv") / "split.csv"
    index = contract.segmented_index(
        [f"/{name}" for name, _, _ in rows],
        pd.to_timedelta([start for _, start, _ in rows], unit="ns"),
        pd.to_timedelta([pd.NaT if end is None else end for _, _, end in rows], unit="ns"),
    )
    samples = pd.DataFrame({"database": "d", "speaker": "007", "split": "test"}, index=index)
    path.write_text(contract.to_csv_text(samples), encoding="utf-8", newline="")
    pd.testing.assert_frame_equal(contract.from_csv(path), samples, check_dtype=False)


@pytest.mark.parametrize("content", ["", "file,start\na,0 days\n", "\0\1\2", "file,start,end\na,soon,late\n"])
def test_no_table_of_samples(tmp_path: Path, content: str) -> None:
    path = tmp_path / "split.csv"
    path.write_text(content)
    with pytest.raises(NkululekoError, match="is no table of samples"):
        contract.from_csv(path)
    with pytest.raises(NkululekoError, match="is no table of samples"):
        contract.from_csv(tmp_path / "missing.csv")


def test_ends_are_those_of_the_files() -> None:
    index = contract.segmented_index(["a", "a", "b", "c"], at(0, 1, 0, 0), at(None, 9, 1, None))
    found = contract.resolve_ends(index, {"a": 2.5, "b": 3.0})
    np.testing.assert_array_equal(contract.seconds(found, "end"), [2.5, 2.5, 1.0, np.nan])
    assert contract.seconds(found, "start").tolist() == [0, 1, 0, 0]
    assert contract.resolve_ends(contract.segmented_index([]), {}).empty


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 10**7), st.sampled_from([8000, 11025, 16000, 22050, 44100, 48000]))
def test_a_resolved_end_is_the_last_sample(frames: int, rate: int) -> None:
    """Lengths go through seconds and nanoseconds; the key of a segment counts samples again."""
    end = contract.seconds(
        contract.resolve_ends(contract.segmented_index(["a"]), {"a": frames / rate}), "end"
    )[0]
    assert round(end * rate) == frames

"""Warnings of what would make a result untrue."""

from __future__ import annotations

import hypothesis.strategies as st
import numpy as np
import pandas as pd
from hypothesis import given, settings

from nkululeko.core import samples as contract
from nkululeko.data.checks import audio_overlap, class_overlap, in_several_databases, speaker_overlap


def samples(*rows: tuple[str, float, float | None, str], **columns: list) -> pd.DataFrame:
    """Rows of file, start, end, split."""
    files, starts, ends, splits = zip(*rows, strict=True)
    ends_s = pd.to_timedelta([np.nan if end is None else end for end in ends], unit="s")
    index = contract.segmented_index(files, pd.to_timedelta(list(starts), unit="s"), ends_s)
    return pd.DataFrame({"split": splits, **columns}, index=index)


def whole(**splits: str) -> pd.DataFrame:
    return samples(*((file, 0, 1, split) for file, split in splits.items()))


def test_speakers_on_both_sides_are_named() -> None:
    data = whole(a="train", b="test", c="dev", d="test", e="train")
    keys = pd.Series(["x/1", "x/1", "x/2", "x/2", "x/3"], index=data.index)
    assert speaker_overlap(data, keys) == [
        "1 speakers are in train and in test (x/1): the score tells nothing about voices that the model has not heard",
        "1 speakers are in dev and in test (x/2): the score tells nothing about voices that the model has not heard",
    ]


def test_unknown_speakers_are_no_overlap() -> None:
    data = whole(a="train", b="test", c="test")
    assert speaker_overlap(data, pd.Series([None, None, "x/1"], index=data.index, dtype="str")) == []


def test_many_speakers_are_counted() -> None:
    data = samples(*((f"{n}", 0, 1, "train" if n % 2 else "test") for n in range(40)))
    keys = pd.Series([f"x/{n // 2:02}" for n in range(40)], index=data.index)
    (warning,) = speaker_overlap(data, keys)
    assert (
        warning.startswith("20 speakers are in train and in test (x/00, x/01") and "and 12 more)" in warning
    )


def test_the_same_audio_under_two_names() -> None:
    data = whole(**{"/a.wav": "train", "/copy.wav": "test", "/b.wav": "test"})
    content = {"/a.wav": b"1", "/copy.wav": b"1", "/b.wav": b"2"}
    assert audio_overlap(data, content) == [
        "1 test samples are also in train, by their audio: e.g. /copy.wav is the same recording as /a.wav"
    ]


def test_segments_of_one_file() -> None:
    content = {"/a.wav": b"1"}
    beside = samples(("/a.wav", 0, 1, "train"), ("/a.wav", 1, 2, "test"))
    assert audio_overlap(beside, content) == []
    across = samples(("/a.wav", 0, 1.1, "dev"), ("/a.wav", 1, 2, "test"), ("/a.wav", 5, 6, "test"))
    assert audio_overlap(across, content) == ["1 test samples are also in dev, by their audio: e.g. /a.wav"]
    open_end = samples(("/a.wav", 0, None, "train"), ("/a.wav", 1, 2, "test"))
    assert len(audio_overlap(open_end, content)) == 1


def test_files_without_content_are_not_the_same() -> None:
    data = whole(**{"/a.wav": "train", "/b.wav": "test"})
    assert audio_overlap(data, {"/a.wav": b""}) == []


spans = st.tuples(
    st.sampled_from("ab"), st.integers(0, 8), st.integers(1, 4), st.sampled_from(["train", "dev", "test"])
)


@settings(max_examples=50, deadline=None)
@given(st.lists(spans, min_size=1, max_size=14))
def test_the_count_is_that_of_comparing_all_pairs(rows: list[tuple[str, int, int, str]]) -> None:
    data = samples(*((file, start, start + length, split) for file, start, length, split in rows))
    expected = {}
    for part in ("train", "dev"):
        hit = [
            test for test in rows if test[3] == "test"
            and any(
                o[3] == part and o[0] == test[0] and o[1] < test[1] + test[2] and test[1] < o[1] + o[2] for o in rows
            )
        ]  # fmt: skip
        expected[part] = len(hit)
    warnings = audio_overlap(data, {"a": b"1", "b": b"2"})
    found = {part: next((int(w.split()[0]) for w in warnings if f"in {part}," in w), 0) for part in expected}
    assert found == expected


def test_one_long_recording_with_many_segments() -> None:
    """Comparing each with each would take 10 GB here."""
    count = 30_000
    order = np.random.default_rng(0).permutation(count)
    rows = [("/a.wav", n, n + 1, "test" if order[n] < count / 4 else "train") for n in range(count)]
    assert audio_overlap(samples(*rows), {"/a.wav": b"1"}) == []
    assert len(audio_overlap(samples(*rows, ("/a.wav", 0.5, 2.5, "test")), {"/a.wav": b"1"})) == 1


def test_classes_on_one_side_only() -> None:
    data = whole(a="train", b="train", c="test", d="test", e="dev").assign(t=["x", "y", "x", "z", "z"])
    assert class_overlap(data, "t", ["x", "y", "z"]) == [
        "class 'y' is in train but not in test: the score says nothing about it",
        "class 'z' is in test (1 samples) but not in train: it cannot be found",
    ]
    assert class_overlap(whole(a="train", b="test").assign(t="x"), "t", ["x"]) == []


def test_recordings_in_several_databases_are_noted_and_their_labels_compared() -> None:
    data = whole(a="train", b="train", c="train", d="test").assign(
        database=["x", "y", "x", "y"], emotion=["sad", "happy", "sad", "sad"]
    )
    content = {"a": b"1", "b": b"1", "c": b"2", "d": b"2"}
    notes, warnings = in_several_databases(data, content, "emotion")
    assert notes == ["2 recordings stand in more than one database (x and y): they count more than others"]
    assert warnings == ["1 recordings stand in x and y with different labels (a: sad / happy)"]
    assert in_several_databases(data.assign(database="x"), content, "emotion") == ([], [])
    assert in_several_databases(data, {file: b"" for file in "abcd"}, "emotion") == ([], [])

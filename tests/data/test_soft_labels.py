"""Predicted labels are never learned from where their audio is tested on: by content, and by time within a file."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nkululeko.core.samples import segmented_index
from nkululeko.data.soft_labels import is_soft, leaks


def samples(rows) -> pd.DataFrame:
    """Rows of database, split, file, start, end; the database ``soft`` holds predicted labels."""
    frame = pd.DataFrame(rows, columns=["database", "split", "file", "start", "end"])
    index = segmented_index(
        frame["file"], pd.to_timedelta(frame["start"], unit="s"), pd.to_timedelta(frame["end"], unit="s")
    )
    frame = frame[["database", "split"]].set_axis(index, axis=0)
    return frame.assign(mood_true=np.where(frame["database"] == "soft", "calm", None))


CONTENT = {"a.wav": b"A", "copy.wav": b"A", "b.wav": b"B", "broken.wav": b""}


@pytest.mark.parametrize(
    ("rows", "files"),
    [
        ([("soft", "train", "a.wav", 0, 2), ("db", "test", "b.wav", 0, 2)], []),
        ([("soft", "train", "a.wav", 0, 2), ("db", "test", "a.wav", 0, 2)], ["a.wav"]),
        ([("soft", "train", "copy.wav", 0, 2), ("db", "test", "a.wav", 0, 2)], ["copy.wav"]),
        ([("soft", "dev", "copy.wav", 0, 2), ("db", "test", "a.wav", 0, 2)], ["copy.wav"]),
        ([("soft", "train", "a.wav", 0, 2), ("db", "test", "a.wav", 2, 4)], []),  # another moment
        ([("soft", "train", "a.wav", 0, 3), ("db", "test", "copy.wav", 2, 4)], ["a.wav"]),
        (
            [("soft", "test", "a.wav", 0, 2), ("db", "train", "a.wav", 0, 2)],
            [],
        ),  # people's labels are learned
        ([("soft", "train", "a.wav", 0, 2), ("db", "train", "a.wav", 0, 2)], []),
        (
            [("soft", "train", "broken.wav", 0, 2), ("db", "test", "broken.wav", 0, 2)],
            [],
        ),  # content not known
        ([("soft", "train", "a.wav", 0, 2), ("soft", "test", "copy.wav", 0, 2)], ["a.wav"]),
    ],
)
def test_what_leaks(rows, files):
    assert leaks(samples(rows), CONTENT, "mood") == (["soft"] if files else [], files)


def test_in_a_cross_validation_all_is_tested():
    rows = [
        ("soft", "test", "copy.wav", 0, 2),
        ("db", "test", "a.wav", 0, 2),
        ("soft", "test", "b.wav", 0, 2),
    ]
    assert leaks(samples(rows), CONTENT, "mood", crossed=True) == (["soft"], ["copy.wav"])


def test_a_database_is_soft_as_a_whole():
    frame = samples([("soft", "train", "a.wav", 0, 2), ("db", "test", "b.wav", 0, 2)])
    assert is_soft(frame, "mood").tolist() == [True, False]
    assert is_soft(frame.drop(columns="mood_true"), "mood").tolist() == [False, False]
    assert is_soft(frame, "other").tolist() == [False, False]


@given(st.lists(st.tuples(st.sampled_from(["soft", "db"]), st.sampled_from(["train", "test"]),
                          st.sampled_from(["a.wav", "copy.wav", "b.wav"]), st.integers(0, 5), st.integers(1, 3)),
                min_size=1, max_size=8))  # fmt: skip
def test_as_each_compared_with_each(drawn):
    rows = [(database, split, file, start, start + length) for database, split, file, start, length in drawn]
    expected = [
        file
        for database, split, file, start, end in rows
        if (database, split) == ("soft", "train")
        and any(
            other == "test" and CONTENT[name] == CONTENT[file] and begin < end and start < stop
            for _, other, name, begin, stop in rows
        )
    ]
    assert leaks(samples(rows), CONTENT, "mood")[1] == list(dict.fromkeys(expected))

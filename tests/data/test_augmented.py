"""Copies and what they were made of: the guard against an independent comparison of each with each."""

from __future__ import annotations

import hypothesis.strategies as st
import pandas as pd
import pytest
from hypothesis import given

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.data import augmented

CONTENT = {"a.wav": b"a", "b.wav": b"b", "same_as_a.wav": b"a"}
SPANS = [(0.0, 1.0), (1.0, 2.0), (0.5, 1.5)]


@st.composite
def rows(draw):
    """Originals, and copies of some of them, anywhere in the split."""
    splits = st.sampled_from(["train", "dev", "test"])
    originals = draw(
        st.lists(
            st.tuples(st.sampled_from(list(CONTENT)), st.sampled_from(SPANS), splits), min_size=1, max_size=8
        )
    )
    sources = st.tuples(st.sampled_from(["a.wav", "b.wav"]), st.sampled_from(SPANS), splits)
    return originals, draw(st.lists(sources, max_size=6))


def frame(originals, copies) -> tuple[pd.DataFrame, dict[str, bytes]]:
    files = [file for file, _, _ in originals] + [f"copy{number}.wav" for number in range(len(copies))]
    spans = [span for _, span, _ in originals] + [(0.0, 1.0)] * len(copies)
    index = contract.segmented_index(
        files,
        pd.to_timedelta([span[0] for span in spans], unit="s"),
        pd.to_timedelta([span[1] for span in spans], unit="s"),
    )
    made_of = [None] * len(originals) + [augmented.identity(CONTENT[file], *span) for file, span, _ in copies]
    splits = [row[2] for row in (*originals, *copies)]
    samples = pd.DataFrame(
        {"split": splits, augmented.ID: pd.Series(made_of, dtype="str").to_numpy()}, index=index
    )
    return samples, CONTENT | {f"copy{number}.wav": f"{number}".encode() for number in range(len(copies))}


@given(rows())
def test_as_comparing_each_with_each(given_rows):
    originals, copies = given_rows
    samples, content = frame(originals, copies)
    everything = [(CONTENT[file], span, split) for file, span, split in (*originals, *copies)]
    expected = set()
    for number, (file, (start, end), split) in enumerate(copies):
        for other, (first, last), side in everything:
            overlap = other == CONTENT[file] and first < end and start < last
            if overlap and (split == "test") != (side == "test"):
                expected.add(f"copy{number}.wav")
    assert set(augmented.leaks(samples, content)) == expected
    shuffled = samples.sample(frac=1, random_state=1)
    assert set(augmented.leaks(shuffled, content)) == expected


def test_leaks_are_found_by_segment():
    """Another segment of the same recording is something else; the same one under another name is not."""
    index = contract.segmented_index(
        ["copy.wav", "long.wav", "long.wav"], [0, 0, 5 * 10**9], [10**9, 2 * 10**9, 9 * 10**9]
    )
    content = {"copy.wav": b"c", "long.wav": b"x"}
    samples = pd.DataFrame(
        {"split": ["train", "train", "test"], augmented.ID: [augmented.identity(b"x", 0.0, 2.0), None, None]},
        index=index,
    )
    assert augmented.leaks(samples, content) == []
    assert augmented.leaks(samples.assign(split=["train", "test", "train"]), content) == ["copy.wav"]
    assert augmented.leaks(samples.assign(split=["dev", "test", "train"]), content) == ["copy.wav"]
    assert augmented.leaks(samples.assign(split=["test", "dev", "train"]), content) == ["copy.wav"]
    assert augmented.leaks(samples, content, crossed=True) == ["copy.wav"]
    with pytest.raises(NkululekoError, match="does not say what augmented copies were made of"):
        augmented.leaks(samples.assign(**{augmented.ID: ["mine", None, None]}), content)


def test_no_copies_no_work():
    samples, content = frame([("a.wav", (0.0, 1.0), "test")], [])
    assert augmented.leaks(samples, content) == [] == augmented.shared_speakers(samples, pd.Series(["db/x"]))
    assert not augmented.is_copy(samples.drop(columns=augmented.ID)).any()


def test_voices_under_another_name_of_the_database():
    samples, _ = frame([("a.wav", (0.0, 1.0), "test")], [("b.wav", (0.0, 1.0), "train")])
    samples = samples.assign(**{augmented.SPEAKER: [None, "db/x"]})
    assert augmented.shared_speakers(samples, pd.Series(["db/x", "copies/x"], index=samples.index)) == [
        "db/x"
    ]
    assert augmented.shared_speakers(samples, pd.Series(["db/y", "copies/x"], index=samples.index)) == []
    # in one database the general warning tells it
    assert augmented.shared_speakers(samples, pd.Series(["db/x", "db/x"], index=samples.index)) == []

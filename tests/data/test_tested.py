"""What is tested is found again in what is learned from: by audio, and by speaker."""

from __future__ import annotations

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from nkululeko.core.samples import segmented_index
from nkululeko.data.tested import by_audio, by_speaker

rows = st.lists(
    st.tuples(st.integers(0, 3), st.integers(0, 8), st.integers(1, 4), st.sampled_from(["train", "dev", "test"])),
    min_size=1, max_size=12,
)  # fmt: skip


@given(rows)
def test_segments_that_overlap_are_found_whatever_their_file_is_called(table):
    """Two names for each content: compared pair by pair."""
    files = [f"{content}{'x' if place % 2 else ''}.wav" for place, (content, *_) in enumerate(table)]
    starts = pd.to_timedelta([start for _, start, _, _ in table], unit="s")
    ends = pd.to_timedelta([start + length for _, start, length, _ in table], unit="s")
    samples = pd.DataFrame(
        {"split": [split for *_, split in table]}, index=segmented_index(files, starts, ends)
    )
    content = {file: file[0].encode() if file[0] != "0" else b"" for file in files}
    expected = [
        split != "test"
        and one != 0
        and any(
            two == one and there == "test" and start < other + size and other < start + length
            for two, other, size, there in table
        )
        for one, start, length, split in table
    ]
    assert by_audio(samples, content).tolist() == expected


def test_speakers_count_only_across_databases():
    samples = pd.DataFrame(
        {"database": ["a", "b", "b", "a", "b"], "split": ["test", "train", "dev", "train", "test"]}
    )
    keys = pd.Series(["anna", "anna", "bert", "anna", None])
    assert by_speaker(samples, keys).tolist() == [False, True, False, False, False]

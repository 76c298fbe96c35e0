"""Recordings that are to be listened to."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nkululeko.core.exploration import SUSPICIOUS
from nkululeko.core.samples import segmented_index
from nkululeko.exploration.suspicious import suspicious

N = 40


def samples(seed: int = 0, **changes: float) -> pd.DataFrame:
    """Recordings of about 2 s; ``f3=0.05`` makes f3.wav that long."""
    duration = 2 + 0.2 * np.random.default_rng(seed).normal(size=N)
    for file, value in changes.items():
        duration[int(file[1:])] = value
    index = segmented_index([f"/data/f{i}.wav" for i in range(N)], None, pd.to_timedelta(duration, unit="s"))
    return pd.DataFrame({"duration": duration}, index=index)


def quality(frame: pd.DataFrame, **changes: dict[int, float]) -> pd.DataFrame:
    level = -23 + np.random.default_rng(1).normal(size=N)
    table = pd.DataFrame({"level_dbfs": level, "clipped_share": 0.0, "silence_share": 0.2}, index=frame.index)
    for name, values in changes.items():
        for row, value in values.items():
            table.iloc[row, table.columns.get_loc(name)] = value
    return table


def reasons(table: pd.DataFrame) -> dict[str, list[str]]:
    files = table["file"].str.removeprefix("/data/").str.removesuffix(".wav")
    return files.groupby(table["reason"], sort=False).agg(list).to_dict()


def test_good_recordings_are_not_suspected():
    frame = samples()
    found = suspicious(frame, quality(frame), {f"/data/f{i}.wav": bytes([i]) for i in range(N)})
    assert list(found.columns) == SUSPICIOUS
    assert len(found) == 0


def test_lengths():
    found = suspicious(samples(f3=0.05, f4=0.3, f5=30.0, f6=9.0, f7=1.2, f8=4.0), None, None)
    assert reasons(found) == {"very short": ["f3", "f4"], "very long": ["f5", "f6"]}
    assert found["detail"][0].startswith("0.05 s; half of all are longer than 1.97 s")
    assert found["end"][0] == pd.Timedelta(seconds=0.05)


def test_lengths_that_vary_much_are_usual():
    frame = samples()
    frame["duration"] = np.exp(np.random.default_rng(2).normal(1, 0.7, N))
    assert len(suspicious(frame, None, None)) == 0


def test_lengths_that_do_not_vary():
    frame = samples()
    frame["duration"] = 2.0
    frame.iloc[0] = 2.1
    assert len(suspicious(frame, None, None)) == 0
    frame.iloc[0] = 20.0
    assert reasons(suspicious(frame, None, None)) == {"very long": ["f0"]}


def test_levels():
    frame = samples()
    table = quality(
        frame, level_dbfs={1: -70.0, 2: -120.0, 3: -47.0, 4: -40.5}, clipped_share={5: 0.002, 6: 0.05, 7: 0.0005},
        silence_share={8: 0.97},
    )  # fmt: skip
    found = suspicious(frame, table, None)
    assert reasons(found) == {
        "silent": ["f2", "f1", "f8"],
        "clipped": ["f6", "f5"],
        "very quiet": ["f3", "f4"],
    }
    details = dict(zip(found["file"], found["detail"], strict=True))
    assert details["/data/f6.wav"] == "5 % of it is cut off at full scale"
    assert details["/data/f3.wav"] == "level -47 dBFS (0 is the loudest possible)"
    assert details["/data/f8.wav"].endswith("97 % of it is silence")


def test_copies_are_other_files_with_the_same_audio():
    frame = samples(f1=2.0, f2=2.0, f5=1.0, f6=1.0, f7=1.0)
    content = {f"/data/f{i}.wav": bytes([i, 0]) for i in range(N)}
    content |= {"/data/f2.wav": content["/data/f1.wav"], "/data/f9.wav": b"", "/data/f8.wav": b""}
    content |= {f"/data/f{i}.wav": b"same" for i in (5, 6, 7)}
    found = suspicious(frame, None, content)
    assert reasons(found) == {"duplicated": ["f1", "f2", "f5", "f6", "f7"]}
    assert found["detail"].tolist()[:3] == [
        "the same audio as f2.wav", "the same audio as f1.wav", "the same audio as f6.wav and 1 more",
    ]  # fmt: skip


def test_parts_of_one_file_and_different_parts_of_copies_are_no_copies():
    index = segmented_index(
        ["a.wav", "a.wav", "b.wav"],
        pd.to_timedelta([0, 1, 2], unit="s"),
        pd.to_timedelta([1, 2, 3], unit="s"),
    )
    frame = pd.DataFrame({"duration": 1.0}, index=index)
    assert len(suspicious(frame, None, {"a.wav": b"x", "b.wav": b"x"})) == 0


@pytest.mark.filterwarnings("error")
def test_what_was_not_measured_is_not_suspected():
    frame = samples()
    frame["duration"] = np.nan
    table = quality(frame)
    table[:] = np.nan
    assert len(suspicious(frame, table, {})) == 0
    assert len(suspicious(frame, table.iloc[:3, :1], {})) == 0
    assert len(suspicious(frame.iloc[:0], table.iloc[:0], {})) == 0


def test_many_rows_take_no_time():
    n = 100_000
    random = np.random.default_rng(0)
    index = segmented_index(
        [f"f{i}.wav" for i in range(n)], None, pd.to_timedelta(random.random(n), unit="s")
    )
    frame = pd.DataFrame({"duration": random.gamma(4, 1, n)}, index=index)
    table = pd.DataFrame(
        {"level_dbfs": random.normal(-20, 2, n), "clipped_share": random.random(n) / 900}, index
    )
    found = suspicious(frame, table, {f"f{i}.wav": b"%d" % i for i in range(n)})
    assert 0.05 * n < (found["reason"] == "clipped").sum() < 0.15 * n

"""Extraction: never twice for the same audio, never a stale row, one broken file costs one row."""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from nkululeko.audio.probe import probe
from nkululeko.config.declare import Choice
from nkululeko.core import families
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import FeatureSet
from nkululeko.core.plugin import Options, option
from nkululeko.core.store import FeatureStore
from nkululeko.steps.extract import Extractor, extract

RATE = 16000


class Counting(FeatureSet):
    """Mean, length and rate of what it is given; counts its calls; a signal below -0.5 is broken."""

    class Options(Options):
        """One option."""

        factor: float = option(1.0, "multiplies the mean")

    workers = "threads"
    calls: Counter = Counter()
    revision = "1"
    licence = "count as you like"

    def names(self) -> list[str]:
        return ["mean", "length", "rate"]

    def version(self) -> str:
        return self.revision

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        self.calls[len(signal)] += 1
        if signal.min() < -0.9:
            raise ZeroDivisionError("by chance")
        if signal.min() < -0.5:
            raise NkululekoError("is broken")
        return np.array([signal.mean() * self.options.factor, len(signal), sampling_rate])


class AtEight(Counting):
    sampling_rate = 8000


@pytest.fixture(autouse=True)
def plugs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two feature sets more; the tests count their calls."""
    known = families.features.load

    def load(name: str) -> type[FeatureSet]:
        return {"counting": Counting, "at8": AtEight}.get(name) or known(name)

    monkeypatch.setattr(families.features, "load", load)
    monkeypatch.setattr(Counting, "_registered", "counting")
    monkeypatch.setattr(AtEight, "_registered", "at8")
    monkeypatch.setattr(Counting, "revision", "1")
    Counting.calls.clear()


def write(path: Path, level: float = 0.1, seconds: float = 0.5, rate: int = RATE, channels: int = 1) -> str:
    path.parent.mkdir(parents=True, exist_ok=True)
    samples = np.full((int(seconds * rate), channels), level, np.float32)
    soundfile.write(path, samples, rate, subtype="FLOAT")
    return str(path)


def index_of(
    files: list[str], store: FeatureStore, *segments: tuple[float, float]
) -> tuple[pd.MultiIndex, dict]:
    """Whole files, or the same segments of each."""
    audio = probe(sorted(set(files)), store)
    if not segments:
        durations = {file: info.duration for file, info in audio.items()}
        return contract.resolve_ends(contract.segmented_index(files), durations), audio
    rows = [(file, *segment) for file in files for segment in segments]
    starts, ends = (pd.to_timedelta([row[i] for row in rows], unit="s") for i in (1, 2))
    return contract.segmented_index([row[0] for row in rows], starts, ends), audio


@pytest.fixture
def store(tmp_path: Path) -> FeatureStore:
    return FeatureStore(tmp_path / "store")


def get(
    files: list[str], store: FeatureStore, *segments: tuple[float, float], name: str = "counting", **settings
):  # type: ignore[no-untyped-def]
    factor = settings.pop("factor", 1.0)
    index, audio = index_of(files, store, *segments)
    options = (
        Counting.Options(factor=factor)
        if name in ("counting", "at8")
        else families.features.load(name).Options()
    )
    return extract(
        [Choice(name, options)], index, Extractor(store, audio, settings.pop("jobs", 1), **settings)
    )


def test_never_twice(tmp_path: Path, store: FeatureStore) -> None:
    files = [write(tmp_path / f"{n}.wav", 0.01 * n, 0.1 + 0.01 * n) for n in range(5)]
    first = get(files, store)
    assert sum(Counting.calls.values()) == 5
    np.testing.assert_allclose(first.features["mean"], 0.01 * np.arange(5), atol=1e-6)
    assert first.features["length"].tolist() == [1600 + 160 * n for n in range(5)]
    again = get(files[::-1], store)
    assert sum(Counting.calls.values()) == 5
    pd.testing.assert_frame_equal(again.features, first.features.iloc[::-1])
    assert (first.failed, first.licences, first.versions) == ({}, ["count as you like"], {"counting": "1"})


def test_names_and_folders_are_of_no_meaning(tmp_path: Path, store: FeatureStore) -> None:
    """A copy, a moved corpus, another lossless format: the same audio."""
    soundfile.write(tmp_path / "a.wav", np.full(8000, 0.25), RATE)
    get([str(tmp_path / "a.wav")], store)
    shutil.copy(tmp_path / "a.wav", tmp_path / "b.wav")
    soundfile.write(tmp_path / "c.flac", np.full(8000, 0.25), RATE)
    found = get([str(tmp_path / name) for name in ("b.wav", "c.flac")], store)
    assert sum(Counting.calls.values()) == 1
    assert found.features["mean"].tolist() == [0.25, 0.25]


def test_a_change_of_anything_is_noticed(tmp_path: Path, store: FeatureStore) -> None:
    file = write(tmp_path / "a.wav", 0.1)
    get([file], store)
    assert get([file], store, factor=2).features["mean"].iloc[0] == pytest.approx(0.2)
    assert sum(Counting.calls.values()) == 2
    Counting.revision = "2"
    assert get([file], store).versions == {"counting": "2"}
    assert sum(Counting.calls.values()) == 3
    write(tmp_path / "a.wav", 0.3)
    assert get([file], store).features["mean"].iloc[0] == pytest.approx(0.3)
    assert get([file], store, name="at8").features["rate"].iloc[0] == 8000
    write(tmp_path / "a.wav", 0.1)
    Counting.revision = "1"
    before = sum(Counting.calls.values())
    assert get([file], store).features["mean"].iloc[0] == pytest.approx(0.1)
    assert sum(Counting.calls.values()) == before, "the audio is as it was: so are its features"


def test_segments(tmp_path: Path, store: FeatureStore) -> None:
    soundfile.write(
        tmp_path / "a.wav", np.repeat([0.1, 0.2, 0.3], 1600).astype(np.float32), RATE, subtype="FLOAT"
    )
    found = get([str(tmp_path / "a.wav")], store, (0.0, 0.1), (0.1, 0.2), (0.2, 0.3), (0.0, 0.3))
    np.testing.assert_allclose(found.features["mean"], [0.1, 0.2, 0.3, 0.2], atol=1e-6)
    assert found.features["length"].tolist() == [1600, 1600, 1600, 4800]
    get([str(tmp_path / "a.wav")], store)  # the whole file is the segment from 0 to its end
    assert sum(Counting.calls.values()) == 4


def test_rows_that_stand_twice_are_extracted_once(tmp_path: Path, store: FeatureStore) -> None:
    files = [write(tmp_path / "a.wav")] * 3
    found = get(files, store)
    assert sum(Counting.calls.values()) == 1 and len(found.features) == 1


def test_extract_anew(tmp_path: Path, store: FeatureStore) -> None:
    file = write(tmp_path / "a.wav")
    get([file], store)
    get([file], store, anew=True)
    assert sum(Counting.calls.values()) == 2


def test_stereo_and_other_rates(
    tmp_path: Path, store: FeatureStore, caplog: pytest.LogCaptureFixture
) -> None:
    files = [write(tmp_path / "a.wav", rate=44100, channels=2), write(tmp_path / "b.wav", rate=8000)]
    with caplog.at_level(logging.INFO, "nkululeko"):
        found = get(files, store, name="at8").features
    assert found["rate"].tolist() == [8000, 8000]
    np.testing.assert_allclose(found["length"], [4000, 4000], atol=1)
    assert "at8: audio at 44100 Hz is resampled to 8000 Hz" in caplog.messages


# --- failures


def test_one_broken_segment_costs_one_row(tmp_path: Path, store: FeatureStore) -> None:
    files = [write(tmp_path / f"{n}.wav", -0.7 if n == 1 else 0.1 * n) for n in range(4)]
    for _ in range(2):
        found = get(files, store)
        assert [Path(file).stem for file in found.features.index.get_level_values("file")] == ["0", "2", "3"]
        assert [(Path(row[0]).stem, reason) for row, reason in found.failed.items()] == [
            ("1", "counting: is broken")
        ]
    assert sum(Counting.calls.values()) == 4, "what an extractor says of a signal holds for ever"


def test_what_may_not_last_is_tried_again(tmp_path: Path, store: FeatureStore) -> None:
    files = [write(tmp_path / f"{n}.wav", -0.95 if n == 1 else 0.1 * n) for n in range(4)]
    for count in (4, 5):
        found = get(files, store)
        assert list(found.failed.values()) == [f"counting: {files[1]}: ZeroDivisionError: by chance"]
        assert sum(Counting.calls.values()) == count


def test_a_file_that_vanishes_meanwhile_can_come_back(tmp_path: Path, store: FeatureStore) -> None:
    """E.g. on a network drive: the store must not remember that for ever."""
    files = [write(tmp_path / f"{n}.wav", 0.1 * n) for n in range(4)]
    index, audio = index_of(files, store)
    choice = [Choice("counting", Counting.Options())]
    Path(files[1]).rename(tmp_path / "away")
    assert "cannot be read" in next(iter(extract(choice, index, Extractor(store, audio, 1)).failed.values()))
    (tmp_path / "away").rename(files[1])
    assert extract(choice, index, Extractor(store, audio, 1)).failed == {}


@pytest.mark.parametrize("level", [-0.7, -0.95])
def test_too_many_failures_end_it_each_time(tmp_path: Path, store: FeatureStore, level: float) -> None:
    """Also where the store remembers them: the same data must not pass because they are tried again."""
    files = [
        write(tmp_path / f"{n}.wav", level - 0.001 * n if n < 6 else 0.1, 0.1 + n / 100) for n in range(10)
    ]
    for _ in range(3):
        with pytest.raises(
            NkululekoError,
            match=r"counting: 6 of 10 segments failed, e\.g\. .*; mend the data, or raise FEATS",
        ):
            get(files, store)
    assert len(get(files, store, fail_threshold=0.6).failed) == 6
    with pytest.raises(NkululekoError, match="6 of 10 segments failed"):
        get(files, store)


def test_all_that_was_extracted_before_the_end_is_kept(tmp_path: Path, store: FeatureStore) -> None:
    files = [write(tmp_path / f"{n}.wav", 0.1 if n < 6 else -0.7, 0.1 + n / 100) for n in range(10)]
    with pytest.raises(NkululekoError):
        get(files, store, fail_threshold=0.1)
    before = sum(Counting.calls.values())
    assert before >= 6
    assert len(get(files, store).failed) == 4
    assert sum(Counting.calls.values()) <= before + 2


# --- several sets


def test_sets_side_by_side(tmp_path: Path, store: FeatureStore) -> None:
    files = [write(tmp_path / f"{n}.wav", -0.7 if n == 1 else 0.1 * n) for n in range(3)]
    table = pd.DataFrame({"file": files[::-1][:2], "f": [2.0, 1.0]})
    table.to_csv(tmp_path / "f.csv", index=False)
    index, audio = index_of(files, store)
    imported = families.features.load("import").Options(import_file=(str(tmp_path / "f.csv"),))
    choices = [
        Choice("counting", Counting.Options()),
        Choice("at8", Counting.Options()),
        Choice("import", imported),
    ]
    found = extract(choices, index, Extractor(store, audio, 1))
    both = [f"{name}.{column}" for name in ("counting", "at8") for column in ("mean", "length", "rate")]
    assert list(found.features.columns) == [*both, "import.f"]
    assert [Path(file).stem for file in contract.files_of(found.features.index)] == ["2"]
    assert found.features["import.f"].tolist() == [2.0]
    assert {Path(row[0]).stem for row in found.failed} == {"0", "1"}


def test_chosen_columns(tmp_path: Path, store: FeatureStore) -> None:
    index, audio = index_of([write(tmp_path / "a.wav")], store)
    choice, extractor = [Choice("counting", Counting.Options())], Extractor(store, audio, 1)
    assert list(extract(choice, index, extractor, ["rate", "mean"]).features.columns) == ["rate", "mean"]
    assert list(extract(choice, index, extractor, (), {"counting": ["mean"]}).features.columns) == ["mean"]
    with pytest.raises(NkululekoError, match=r"FEATS\.features: no feature 'maen'; did you mean 'mean'"):
        extract(choice, index, extractor, ["maen"])
    with pytest.raises(NkululekoError, match=r"FEATS\.counting\.features: no feature 'maen'"):
        extract(choice, index, extractor, (), {"counting": ["maen"]})


# --- real extractors, in parallel, killed and interrupted


def noise(folder: Path, count: int) -> list[str]:
    rng = np.random.default_rng(0)
    folder.mkdir(parents=True, exist_ok=True)
    for n in range(count):
        soundfile.write(folder / f"{n:03}.wav", 0.1 * rng.normal(size=RATE // 4), RATE)
    return [str(path) for path in sorted(folder.glob("*.wav"))]


@pytest.mark.parametrize("name", ["os", "mfcc"])
def test_the_number_of_workers_is_of_no_meaning(tmp_path: Path, name: str) -> None:
    files = noise(tmp_path / "wav", 12)
    frames = [
        get(files, FeatureStore(tmp_path / f"store{jobs}"), name=name, jobs=jobs).features for jobs in (1, 2)
    ]
    pd.testing.assert_frame_equal(*frames)
    assert frames[0].shape[0] == 12 and frames[0].notna().any(axis=1).all()


EXTRACTION = """
import sys
from pathlib import Path
import pandas as pd
from nkululeko.audio.probe import probe
from nkululeko.config.declare import Choice
from nkululeko.core import families, store as module
from nkululeko.core import samples as contract
from nkululeko.core.door import guarded
from nkululeko.steps.extract import Extractor, extract
module._FLUSH_SECONDS = 0.05
def action():
    store = module.FeatureStore(Path(sys.argv[2]))
    files = sorted(map(str, Path(sys.argv[1]).glob("*.wav")))
    audio = probe(files, store)
    index = contract.resolve_ends(contract.segmented_index(files), {f: i.duration for f, i in audio.items()})
    options = families.features.load(sys.argv[3]).Options()
    found = extract([Choice(sys.argv[3], options)], index, Extractor(store, audio, 2))
    print(len(found.features))
raise SystemExit(guarded(action))
"""


@pytest.mark.parametrize(
    ("name", "how"), [("os", signal.SIGKILL), ("os", signal.SIGINT), ("mfcc", signal.SIGINT)]
)
def test_an_extraction_that_is_ended_goes_on_where_it_stopped(
    tmp_path: Path, name: str, how: signal.Signals, caplog: pytest.LogCaptureFixture
) -> None:
    files = noise(tmp_path / "wav", 80)
    store = FeatureStore(tmp_path / "store")
    command = [
        sys.executable,
        "-c",
        textwrap.dedent(EXTRACTION),
        str(tmp_path / "wav"),
        str(store.root),
        name,
    ]
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    end = time.monotonic() + 60
    while not list(store.root.glob("features/*/*.parquet")) and running.poll() is None:
        assert time.monotonic() < end
        time.sleep(0.005)
    os.killpg(running.pid, how)
    _, err = running.communicate(timeout=60)
    if how == signal.SIGINT:
        assert running.returncode == 130
        # loky's own tracker of resources may add a warning of its own, on a busy machine
        assert err.startswith("interrupted: ") and "Traceback" not in err, err
    with caplog.at_level(logging.INFO, "nkululeko"):
        found = get(files, store, name=name, jobs=2).features
    (line,) = [line for line in caplog.messages if "to extract" in line]
    stored, missing = map(int, re.findall(r"\d+", line.removeprefix(name)))
    assert stored > 0 and stored + missing == 80
    if missing == 0:
        pytest.skip("it had finished before it was ended")
    fresh = get(files[: stored + 5], FeatureStore(tmp_path / "fresh"), name=name, jobs=2).features
    pd.testing.assert_frame_equal(found.iloc[: len(fresh)], fresh)

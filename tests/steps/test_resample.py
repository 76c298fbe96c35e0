"""Rates and channels: said, converted elsewhere or in place, and no original is ever lost."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from typer.testing import CliRunner

from nkululeko import resample
from nkululeko.audio import convert
from nkululeko.audio.convert import check_converted, converted
from nkululeko.audio.write import encoded
from nkululeko.cli import app
from nkululeko.config.load import load as load_config
from nkululeko.core.errors import NkululekoError
from nkululeko.core.store import FeatureStore
from nkululeko.steps.load import load


def tone(rate: int, seconds: float = 1.0, frequency: float = 440.0) -> np.ndarray:
    return 0.5 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)


@pytest.fixture
def mixed(bench):
    """Files of three rates, one stereo, one FLAC with 24 bits; the first is right already."""
    folder = bench.folder / "rec"
    (folder / "sub").mkdir(parents=True)
    soundfile.write(folder / "right.wav", tone(16000), 16000)
    soundfile.write(folder / "phone.wav", tone(8000), 8000, subtype="ULAW")
    soundfile.write(folder / "studio.flac", tone(48000), 48000, subtype="PCM_24")
    soundfile.write(folder / "sub" / "stereo.wav", np.c_[tone(44100), tone(44100) / 2], 44100)
    soundfile.write(folder / "sub" / "film.ogg", tone(44100), 44100)
    names = ["right.wav", "phone.wav", "studio.flac", "sub/stereo.wav", "sub/film.ogg"]
    return pd.DataFrame(
        {"file": [f"rec/{n}" for n in names], "speaker": list("aabbc"), "emotion": list("xyxyx")}
    )


def ini(bench, frame, rest=""):
    return bench.ini(frame, data="db.split_strategy = train", rest=f"[RESAMPLE]\n{rest}")


def fingerprint(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def is_tone(file: Path, rate: int = 16000, frequency: float = 440.0) -> bool:
    signal, found = soundfile.read(file)
    spectrum = np.abs(np.fft.rfft(signal * np.hanning(len(signal))))
    return found == rate and abs(np.argmax(spectrum) * rate / len(signal) - frequency) < 3


def test_only_said_unless_asked_for(bench, mixed):
    before = fingerprint(bench.folder / "rec")
    found = resample.run(ini(bench, mixed))
    assert (found.differ, found.converted, found.table) == (4, 0, None)
    rows = {(row.sampling_rate, row.channels): row.files for row in found.report.itertuples()}
    assert rows == {(8000, 1): 1, (16000, 1): 1, (44100, 1): 1, (44100, 2): 1, (48000, 1): 1}
    assert fingerprint(bench.folder / "rec") == before
    table = pd.read_csv(bench.folder / "results" / "exp" / "sampling_rates.csv")
    assert table["files"].sum() == 5 and table["hours"].sum() == pytest.approx(5 / 3600, abs=1e-3)


def test_into_another_folder(bench, mixed):
    before = fingerprint(bench.folder / "rec")
    path = ini(bench, mixed, "target = new")
    found = resample.run(path)
    new = bench.folder / "new"
    assert found.converted == 4 and not found.failed and found.table == new / "resampled.csv"
    assert fingerprint(bench.folder / "rec") == before
    assert (new / "right.wav").read_bytes() == (bench.folder / "rec" / "right.wav").read_bytes()
    for name in found.samples["file"]:
        info = soundfile.info(new / name)
        assert (info.samplerate, info.channels, info.frames) == (16000, 1, 16000) and is_tone(new / name)
    assert soundfile.info(new / "studio.flac").subtype == "PCM_24"
    assert (new / "sub" / "film.wav").exists()
    written = {file: file.stat().st_mtime_ns for file in new.rglob("*.wav")}
    (new / "phone.wav").unlink()
    assert resample.run(path).converted == 1  # goes on
    again = {file: file.stat().st_mtime_ns for file in new.rglob("*.wav")}
    assert {file for file in again if again[file] != written[file]} == {new / "phone.wav"}
    text = (
        f"[EXP]\nroot = results\nname = again\nstore = {bench.store}\n[DATA]\ndatabases = ['r']\nr = {found.table}\n"
        "r.type = csv\nr.absolute_path = False\nr.split_strategy = train\ntarget = emotion\n"
        "[FEATS]\ntype = mfcc\n[MODEL]\ntype = nb\n"
    )
    config = load_config(bench.write(text, "again.ini"))
    data = load(config, FeatureStore(bench.store), None, 1, complete=False)
    assert len(data.samples) == 5 and {info.sampling_rate for info in data.audio.values()} == {16000}


def test_segments_keep_their_times(bench, mixed):
    frame = mixed.assign(start=[0.0, 0.25, 0.0, 0.5, 0.0], end=[1.0, 0.75, 1.0, 1.0, 0.5])
    found = resample.run(ini(bench, frame, "target = new"))
    assert found.samples["start"].tolist() == [0.0, 0.25, 0.0, 0.5, 0.0] or set(found.samples["start"]) == {
        0,
        0.25,
        0.5,
    }
    rows = found.samples.set_index("file")
    assert rows.loc["phone.wav", "end"] == 0.75 and pd.isna(rows.loc["right.wav", "end"])


def test_in_place_only_when_asked_for(bench, mixed):
    folder = bench.folder / "rec"
    link = bench.folder / "link.wav"
    link.symlink_to(folder / "phone.wav")
    (folder / "phone.wav").chmod(0o640)
    right = (folder / "right.wav").stat().st_mtime_ns
    frame = pd.concat([mixed, pd.DataFrame([["link.wav", "a", "y"]], columns=mixed.columns)])
    path = ini(bench, frame, "replace = True\nsampling_rate = 16000")
    found = resample.run(path)
    assert found.replaced and found.converted == 5 and not found.failed
    assert link.is_symlink() and (folder / "phone.wav").stat().st_mode & 0o777 == 0o640
    assert (folder / "right.wav").stat().st_mtime_ns == right
    for file in mixed["file"]:
        assert is_tone(bench.folder / file)
    assert soundfile.info(folder / "phone.wav").subtype == "ULAW"
    assert soundfile.info(folder / "sub" / "film.ogg").format == "OGG"
    assert not list(folder.rglob(".*"))
    assert resample.run(path).differ == 0


def test_full_disk_loses_nothing(bench, mixed, monkeypatch):
    """The disk is full in the middle of the second file."""
    before = fingerprint(bench.folder / "rec")
    calls, real = [], os.fsync

    def full(handle):
        calls.append(handle)
        if len(calls) > 1:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(handle)

    monkeypatch.setattr(convert.os, "fsync", full)
    path = ini(bench, mixed, "replace = True")
    with pytest.raises(NkululekoError, match="disk is full") as problem:
        resample.run(path, ["EXP.jobs=1"])
    assert "goes on from here" in str(problem.value)
    after = fingerprint(bench.folder / "rec")
    assert before.keys() == after.keys()
    changed = [file for file in before if before[file] != after[file]]
    assert len(changed) == 1 and is_tone(Path(changed[0]))
    monkeypatch.setattr(convert.os, "fsync", real)
    assert resample.run(path).converted == 3


def test_what_cannot_be_converted_stays_as_it_was(bench, mixed):
    """Channels that cancel each other; the others are converted."""
    opposite = np.c_[tone(44100), -tone(44100)]
    soundfile.write(bench.folder / "rec" / "sub" / "stereo.wav", opposite, 44100)
    before = (bench.folder / "rec" / "sub" / "stereo.wav").read_bytes()
    found = resample.run(ini(bench, mixed, "replace = True"))
    (why,) = found.failed.values()
    assert "cancel each other" in why and found.converted == 3
    assert (bench.folder / "rec" / "sub" / "stereo.wav").read_bytes() == before
    elsewhere = resample.run(ini(bench, mixed, "target = new"))
    assert len(elsewhere.failed) == 1 and len(elsewhere.samples) == 4


@pytest.mark.parametrize(
    "content, match",
    [
        (encoded(np.zeros(16000), 16000), "silent"),
        (encoded(tone(16000)[:8000], 16000), "8000 samples"),
        (encoded(tone(16000), 8000), "8000 Hz"),
        (encoded(-tone(16000), 16000), "does not hold"),
        (encoded(tone(16000), 16000)[:20], "cannot be read"),
    ],
)
def test_a_wrong_new_file_is_noticed(content, match):
    with pytest.raises(NkululekoError, match=match):
        check_converted(content, tone(16000).astype(np.float32), 16000, "a.wav")


def test_silence_stays_silence(tmp_path):
    soundfile.write(tmp_path / "a.wav", np.zeros(800), 8000)
    assert len(converted(str(tmp_path / "a.wav"), 16000)) == 44 + 2 * 1600


@pytest.mark.parametrize(
    "rest, match",
    [
        ("replace = True\ntarget = new", "contradict each other"),
        ("target = rec", "recordings themselves lie in this folder"),
        ("target = .", "recordings themselves lie in this folder"),
        ("sampling_rate = 0", "sampling_rate"),
    ],
)
def test_mistakes_are_told(bench, mixed, rest, match):
    before = fingerprint(bench.folder / "rec")
    with pytest.raises(NkululekoError, match=match):
        resample.run(ini(bench, mixed, rest))
    assert fingerprint(bench.folder / "rec") == before


def test_the_command(bench, mixed):
    path = str(ini(bench, mixed))
    said = CliRunner().invoke(app, ["resample", path]).output
    assert "4 of 5 recordings are not mono at 16000 Hz" in said and "nothing was converted" in said
    assert "db: 1 recording, 44100 Hz, stereo" in said
    done = CliRunner().invoke(app, ["resample", path, "--set", "RESAMPLE.target=new"])
    assert done.exit_code == 0 and "4 of 4 recordings converted to mono at 16000 Hz" in done.output
    assert "resampled.absolute_path = False" in done.output

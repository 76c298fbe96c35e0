"""Recordings to segments: the table is a database again, files are what it says, nothing of others is touched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from typer.testing import CliRunner

from nkululeko import segment
from nkululeko.cli import app
from nkululeko.config.load import load as load_config
from nkululeko.core.errors import NkululekoError
from nkululeko.core.store import FeatureStore
from nkululeko.steps.load import load
from nkululeko.testing.speech import SENTENCES, VOICES, style, synthesise

RATE = 16000


@pytest.fixture(autouse=True)
def _detector(request):
    pytest.importorskip("onnxruntime", reason="NOT TESTED: onnxruntime is not installed")


@pytest.fixture
def long(bench):
    """Two long recordings of two sentences each, with a pause between them, and one of silence."""
    rows = []
    for number in range(2):
        said = [synthesise(VOICES[number], style("anger"), SENTENCES[i], seed=i) for i in range(2)]
        signal = np.concatenate([np.zeros(RATE), said[0], np.zeros(3 * RATE), said[1], np.zeros(RATE)])
        soundfile.write(bench.folder / f"long{number}.wav", signal, RATE)
        rows.append([f"long{number}.wav", f"s{number}", "anger" if number else "neutral"])
    soundfile.write(bench.folder / "silence.wav", np.zeros(2 * RATE), RATE)
    rows.append(["silence.wav", "s1", "anger"])
    return pd.DataFrame(rows, columns=["file", "speaker", "emotion"])


def ini(bench, frame, rest="", data="db.split_strategy = train"):
    return bench.ini(frame, data=data, rest=f"[SEGMENT]\nmin_length = 0.3\n{rest}")


def fingerprint(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.glob("*.wav")}


def test_table_is_a_database_again(bench, long):
    before = fingerprint(bench.folder)
    found = segment.run(ini(bench, long))
    assert found.table == bench.folder / "results" / "exp" / "segmented.csv"
    assert len(found.samples) == 4 and set(found.silent) == {str(bench.folder / "silence.wav")}
    assert fingerprint(bench.folder) == before
    table = pd.read_csv(found.table)
    assert list(table.columns[:3]) == ["file", "start", "end"]
    assert {"speaker", "emotion", "split"} <= set(table)
    # what is heard in segments and pauses is all there is
    pauses = pd.read_csv(found.pauses)
    assert set(pauses["kind"]) == {"pause"}
    lengths = (pd.to_timedelta(table["end"]) - pd.to_timedelta(table["start"])).dt.total_seconds()
    whole = sum(soundfile.info(bench.folder / name).duration for name in long["file"])
    assert lengths.sum() + (pauses["end"] - pauses["start"]).sum() == pytest.approx(whole, abs=1e-3)
    again = bench.write(
        f"[EXP]\nroot = results\nname = again\nstore = {bench.store}\n[DATA]\ndatabases = ['seg']\n"
        f"seg = {found.table}\nseg.type = csv\nseg.split_strategy = ['s1']\ntarget = emotion\n"
        "[FEATS]\ntype = mfcc\n[MODEL]\ntype = nb\n",
        "again.ini",
    )
    data = load(load_config(again), FeatureStore(bench.store), None, 1, complete=False)
    assert len(data.samples) == 4 and not data.dropped
    assert sorted(data.samples["split"]) == ["test", "test", "train", "train"]


@pytest.mark.parametrize("form", ["wav", "flac", "mp3"])
def test_files_of_the_segments(bench, long, form):
    rest = f"output_audio = True\naudio_format = {form}\nsampling_rate = 8000\naudio_dir = cut"
    found = segment.run(ini(bench, long, rest))
    assert found.audio == bench.folder / "cut"
    table = pd.read_csv(found.table)
    assert "start" not in table and len(table) == 4
    for row, (_, start, end) in zip(table.itertuples(), found.samples.index, strict=True):
        info = soundfile.info(row.file)
        assert (info.samplerate, info.channels, info.format) == (8000, 1, form.upper())
        assert info.duration == pytest.approx((end - start).total_seconds(), abs=0.12)
        original, _ = soundfile.read(row.cut_from, start=round(start.total_seconds() * RATE))
        assert np.abs(original[: RATE // 2]).max() > 0.01 and row.cut_start == start.total_seconds()


def test_again_leaves_nothing_stale_and_nothing_foreign_is_touched(bench, long):
    path = ini(bench, long, "output_audio = True")
    found = segment.run(path)
    first = {file.name for file in found.audio.rglob("*.wav")}
    mine = found.audio / "mine.wav"
    mine.write_bytes(b"mine")
    again = segment.run(path, ["SEGMENT.max_length=0.7", "SEGMENT.min_length=0.1"])
    second = {file.name for file in again.audio.rglob("*.wav")}
    assert (
        mine.read_bytes() == b"mine"
        and not (first - set(pd.read_csv(again.table)["file"].map(lambda f: Path(f).name))) & second
    )
    assert len(second) == len(again.samples) + 1
    # the table and its files may be moved together
    assert all(not Path(name).is_absolute() for name in pd.read_csv(again.table)["file"])


def test_originals_are_never_written_over(bench, long):
    before = fingerprint(bench.folder)
    with pytest.raises(NkululekoError, match="recordings themselves lie in this folder"):
        segment.run(ini(bench, long, "output_audio = True\naudio_dir = ."))
    assert fingerprint(bench.folder) == before
    found = segment.run(ini(bench, long, "output_audio = True\naudio_dir = cut"))
    listed = next(found.audio.glob(".nkululeko*"))
    listed.unlink()
    with pytest.raises(NkululekoError, match="this program did not write it"):
        segment.run(ini(bench, long, "output_audio = True\naudio_dir = cut"))


def test_segments_of_segments(bench, long):
    """A row that is a segment is cut within its borders."""
    frame = long.iloc[:2].assign(start=0.5, end=3.0)
    found = segment.run(ini(bench, frame))
    index = found.samples.index
    assert (index.get_level_values("start").total_seconds() >= 0.5).all()
    assert (index.get_level_values("end").total_seconds() <= 3.0).all()


def test_speakers_of_two_databases_keep_apart(bench, long):
    bench.csv(long, "other.csv")
    path = ini(bench, long, data="db.split_strategy = train\nother = other.csv\nother.type = csv")
    path.write_text(path.read_text().replace("['db']", "['db', 'other']"))
    found = segment.run(path, ["DATA.other.split_strategy=train"])
    assert set(found.samples["speaker"]) == {"db_s0", "db_s1", "other_s0", "other_s1"}


@pytest.mark.parametrize(
    "rest, match",
    [
        ("max_length = 0.2", "min_length"),
        ("output_audio = True\naudio_format = mp3\nsampling_rate = 10000", "MP3 cannot hold 10000 Hz"),
        ("sample_selection = test", "no test set"),
        ("audio_format = ogg", "audio_format"),
        ("method = whisper", "unknown segmenter 'whisper'"),
    ],
)
def test_mistakes_are_told(bench, long, rest, match):
    with pytest.raises(NkululekoError, match=match):
        segment.run(ini(bench, long, rest))
    assert not list((bench.folder / "results").rglob("*.csv"))


def test_only_silence(bench, long):
    with pytest.raises(NkululekoError, match="no segment in any recording"):
        segment.run(ini(bench, long.iloc[2:]))


def test_short_speech_is_counted(bench, long):
    found = segment.run(
        ini(bench, long, "method = silero"), ["SEGMENT.min_length=1.5", "SEGMENT.max_length=9"]
    )
    kinds = pd.read_csv(found.pauses)["kind"].value_counts()
    assert kinds.get("short", 0) == found.short


def test_the_command(bench, long):
    done = CliRunner().invoke(app, ["segment", str(ini(bench, long))])
    assert done.exit_code == 0, done.output
    text = done.output
    assert "4 segments of 2 recordings" in text and "no speech" in text
    assert "segmented.split_strategy = train" in text

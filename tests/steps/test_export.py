"""Data as a new database: the same samples, labels and features when it is read again, and nothing else is touched."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections import namedtuple
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from typer.testing import CliRunner

from nkululeko import export
from nkululeko.cli import app
from nkululeko.config.load import load as load_config
from nkululeko.core.errors import NkululekoError
from nkululeko.steps import export_write
from nkululeko.steps.export_write import LISTED
from nkululeko.steps.prepare import prepare


def ini(bench, frame=None, *, rest="", data="db.test_size = 40", name="exp.ini", target_root="exported"):
    path = bench.ini(
        frame, data=data, rest=f"[EXPORT]\ntarget_root = {target_root}\ndata_name = mine\n{rest}"
    )
    return path.rename(path.with_name(name))


def again(bench, exported, target="emotion"):
    """The exported database, as an experiment reads it: samples and features."""
    lines = "\n".join(exported.as_database)
    text = (
        f"[EXP]\nroot = results\nname = again\nstore = {bench.store}\n[DATA]\n{lines}\n"
        f"[FEATS]\ntype = mfcc\n[MODEL]\ntype = nb\n"
    )
    return prepare(
        load_config(bench.write(text.replace("target = emotion", f"target = {target}"), "again.ini"))
    )


def contents(prepared) -> pd.DataFrame:
    """What is heard and known of each sample, whatever its file is called, in an order of its own."""
    samples, features = prepared.data.samples, prepared.extracted.features
    rows = pd.DataFrame(features.to_numpy()).assign(
        **{name: samples[name].to_numpy() for name in ("speaker", "gender", "age", "emotion", "split")}
    )
    return rows.sort_values(list(rows.columns[:4]), ignore_index=True)


def fingerprint(folder: Path) -> dict[str, tuple[int, bytes]]:
    return {
        str(path): (path.stat().st_mtime_ns, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def segments(bench) -> pd.DataFrame:
    """Two segments of each of some files, and some whole ones."""
    table = bench.table.iloc[:40]
    lengths = np.array([soundfile.info(file).duration for file in table["file"]])
    first = table.iloc[:30].assign(start=0.0, end=lengths[:30] * 0.45)
    second = table.iloc[:30].assign(start=lengths[:30] * 0.4321, end=lengths[:30])
    whole = table.iloc[30:].assign(start=0.0, end=lengths[30:])
    return pd.concat([first, second, whole])


def test_read_again_it_is_the_same(bench):
    before = fingerprint(bench.corpus)
    exported = export.run(ini(bench))
    assert exported.table == bench.folder / "exported" / "mine" / "mine.csv"
    assert exported.files == exported.written == len(exported.samples) == 64
    original = prepare(load_config(bench.folder / "exp.ini"))
    pd.testing.assert_frame_equal(contents(again(bench, exported)), contents(original))
    names = exported.samples["file"]
    assert not names.str.startswith("/").any() and "start" not in exported.samples
    for name, file in zip(names, original.data.samples.index.get_level_values("file"), strict=True):
        assert (exported.folder / name).read_bytes() == Path(file).read_bytes()
    assert fingerprint(bench.corpus) == before
    assert not (bench.folder / "results" / "exp").exists()  # it is no run


@pytest.mark.parametrize("cut", [False, True])
def test_segments(bench, cut):
    frame = segments(bench)
    exported = export.run(ini(bench, frame, rest=f"segments_as_files = {cut}"))
    assert exported.files == (70 if cut else 40) and len(exported.samples) == 70
    assert ("start" in exported.samples) != cut
    original = prepare(load_config(bench.folder / "exp.ini"))
    pd.testing.assert_frame_equal(contents(again(bench, exported)), contents(original))


def test_the_folder_can_be_moved(bench, monkeypatch):
    exported = export.run(ini(bench))
    moved = shutil.move(exported.folder, bench.folder / "elsewhere")
    monkeypatch.chdir("/")
    table = pd.read_csv(Path(moved) / "mine.csv")
    assert all((Path(moved) / name).is_file() for name in table["file"])


def test_one_part_mapped_and_filtered(bench):
    path = ini(
        bench,
        rest="sample_selection = test",
        data="db.test_size = 40\ndb.mapping = {'anger': 'hot', 'happiness': 'hot', 'sadness': 'cold'}\n"
        "labels = ['hot', 'cold']",
    )
    exported = export.run(path)
    assert set(exported.samples["emotion"]) == {"hot", "cold"} and set(exported.samples["split"]) == {"test"}
    assert exported.files == len(exported.samples) < 64 * 0.6
    with pytest.raises(NkululekoError, match="there is no dev set; there are: train"):
        export.run(path, ["EXPORT.sample_selection=dev"])


def test_folders_below_the_root_are_kept(bench):
    for place in ("a/x", "b/x"):
        (bench.folder / "orig" / place).mkdir(parents=True)
    rows = bench.table.iloc[:6]
    names = [f"{'ab'[n % 2]}/x/{n // 2}.wav" for n in range(6)]  # the same names in two folders
    for file, name in zip(rows["file"], names, strict=True):
        shutil.copy(file, bench.folder / "orig" / name)
    frame = rows.assign(file=[f"orig/{name}" for name in names])
    exported = export.run(ini(bench, frame, data="db.split_strategy = random"))
    assert sorted(exported.samples["file"]) == sorted(names)
    exported = export.run(bench.folder / "exp.ini", ["EXPORT.orig_root=.", "EXPORT.data_name=whole"])
    assert sorted(exported.samples["file"]) == sorted(f"orig/{name}" for name in names)
    (bench.folder / "link").symlink_to(bench.folder / "orig")
    exported = export.run(bench.folder / "exp.ini", ["EXPORT.orig_root=link", "EXPORT.data_name=linked"])
    assert sorted(exported.samples["file"]) == sorted(names)
    with pytest.raises(NkululekoError, match="does not lie below orig_root"):
        export.run(bench.folder / "exp.ini", ["EXPORT.orig_root=orig/a", "EXPORT.data_name=n"])
    assert not (bench.folder / "exported" / "n").exists()


@pytest.mark.parametrize(
    ("kind", "subtype", "channels"),
    [
        ("wav", "PCM_16", 2), ("wav", "PCM_24", 1), ("wav", "PCM_32", 1), ("wav", "PCM_U8", 1), ("wav", "FLOAT", 2),
        ("wav", "DOUBLE", 1), ("flac", "PCM_16", 1), ("flac", "PCM_24", 2), ("flac", "PCM_S8", 1), ("ogg", "VORBIS", 1),
        ("mp3", "MPEG_LAYER_III", 1), ("wav", "ULAW", 1), ("aiff", "PCM_S8", 1),
    ],
)  # fmt: skip
def test_segments_are_cut_without_loss(bench, kind, subtype, channels):
    signal_ = np.random.default_rng(5).uniform(-0.9, 0.9, (16000, channels))
    source = bench.folder / f"long.{kind}"
    soundfile.write(source, signal_, 16000, subtype=subtype)
    rows = [("long", 0.1, 0.35, "anger"), ("long", 0.5, 0.9, "joy")] * 2
    frame = pd.DataFrame(rows, columns=["file", "start", "end", "emotion"]).drop_duplicates()
    frame = frame.assign(file=str(source), speaker=["a", "b"])
    exported = export.run(ini(bench, frame, rest="segments_as_files = True"))
    whole = soundfile.read(source, dtype="float32", always_2d=True)[0]
    assert sorted(exported.samples["file"]) == ["long_000100_000350.wav", "long_000500_000900.wav"]
    for name, (first, last) in zip(
        sorted(exported.samples["file"]), ((1600, 5600), (8000, 14400)), strict=True
    ):
        cut, rate = soundfile.read(exported.folder / name, dtype="float32", always_2d=True)
        # MP3 is decoded a little differently from the middle of the file
        np.testing.assert_allclose(cut, whole[first:last], rtol=0, atol=2e-7 if kind == "mp3" else 0)
        assert rate == 16000


def test_names_that_clash_get_a_number(bench):
    signal_ = np.random.default_rng(5).uniform(-0.5, 0.5, 16000)
    for name in ("a.wav", "a.flac", "A.wav"):
        soundfile.write(bench.folder / name, signal_, 16000)
    ends = {0.3: "anger", 0.30002: "anger", 0.5: "joy"}
    rows = [(name, 0.1, end, ends[end]) for name in ("a.wav", "a.flac", "A.wav") for end in ends]
    frame = pd.DataFrame(rows, columns=["file", "start", "end", "emotion"]).assign(speaker=list("abcabcabc"))
    exported = export.run(
        ini(bench, frame, rest="segments_as_files = True", data="db.split_strategy = random")
    )
    names = exported.samples["file"]
    assert names.str.casefold().is_unique and len(names) == 9
    assert {"a_000100_000300.wav", "a_000100_000300_2.wav"} < set(names.str.casefold())


def test_speakers_of_two_databases_stay_two(bench):
    other = bench.table.assign(
        file=[shutil.copy(f, bench.folder / Path(f).name) for f in bench.table["file"]]
    )
    bench.csv(other, "other.csv")
    path = ini(bench, data="other = other.csv\nother.type = csv\ndb.test_size = 40\nother.test_size = 40")
    path.write_text(path.read_text().replace("['db']", "['db', 'other']"))
    exported = export.run(path)
    assert exported.samples.groupby("speaker")["database"].nunique().max() == 1
    assert exported.samples["speaker"].nunique() == 2 * bench.table["speaker"].nunique()
    shared = export.run(path, ["DATA.shared_speakers=True", "EXPORT.data_name=shared"])
    assert shared.samples["speaker"].nunique() == bench.table["speaker"].nunique()


# going on, and leaving alone


def test_the_same_command_writes_nothing_again(bench, capsys):
    path = ini(bench)
    exported = export.run(path)
    before = {
        name: value[0] for name, value in fingerprint(exported.folder / "..").items() if name.endswith(".wav")
    }
    second = export.run(path)
    assert second.written == 0 and second.files == 64
    after = {
        name: value[0] for name, value in fingerprint(exported.folder / "..").items() if name.endswith(".wav")
    }
    assert after == before


def test_what_changed_is_written_anew_and_what_is_not_wanted_goes(own_corpus):
    bench = own_corpus
    path = ini(bench)
    exported = export.run(path)
    (exported.folder / "notes.txt").write_text("my own")
    name = exported.samples["file"][0]
    source = next(file for file in bench.table["file"] if file.endswith(name))
    soundfile.write(source, np.random.default_rng(0).uniform(-0.5, 0.5, 16000), 16000)
    second = export.run(path)
    assert second.written == 1
    assert (exported.folder / name).read_bytes() == Path(source).read_bytes()
    part = export.run(path, ["EXPORT.sample_selection=test"])
    kept = {p.relative_to(part.folder).as_posix() for p in part.folder.rglob("*.wav")}
    assert kept == set(part.samples["file"]) and part.written == 0
    assert (exported.folder / "notes.txt").read_text() == "my own"


def test_killed_it_goes_on(bench):
    path = ini(bench)
    slow = (
        "import shutil, sys, time\nfrom nkululeko import export\ncopy = shutil.copyfile\n"
        "shutil.copyfile = lambda *a: (time.sleep(0.03), copy(*a))\n"
        "sys.exit(export.main(['--config', sys.argv[1]]))\n"
    )
    for number in (signal.SIGKILL, signal.SIGINT):
        process = subprocess.Popen([sys.executable, "-c", slow, str(path)], stderr=subprocess.PIPE, text=True)
        folder = bench.folder / "exported" / "mine"
        there = len(list(folder.rglob("*.wav")))
        deadline = time.monotonic() + 60
        while len(list(folder.rglob("*.wav"))) < there + 5 and process.poll() is None:
            assert time.monotonic() < deadline
            time.sleep(0.01)
        process.send_signal(number)
        said = process.communicate(timeout=30)[1]
        assert process.returncode == (130 if number == signal.SIGINT else -number)
    assert "what is complete stays" in said and "Traceback" not in said
    assert not (folder / "mine.csv").exists()  # it comes last
    there = len(list(folder.rglob("*.wav")))
    assert 10 <= there < 64
    for written in folder.rglob("*.wav"):
        soundfile.read(written)  # none is half a file
    exported = export.run(path)
    assert exported.written == 64 - there and (folder / "mine.csv").exists()
    assert not list(folder.rglob("*part*"))


def test_what_no_export_wrote_is_left_alone(bench):
    path = ini(bench)
    folder = bench.folder / "exported" / "mine"
    folder.mkdir(parents=True)
    (folder / "thesis.tex").write_text("years of work")
    with pytest.raises(NkululekoError, match="is there already, and no export wrote it"):
        export.run(path)
    assert [file.name for file in folder.iterdir()] == ["thesis.tex"]
    (folder / "thesis.tex").unlink()
    exported = export.run(path, ["EXPORT.sample_selection=test"])  # an empty folder will do
    whole = export.run(path, ["EXPORT.data_name=whole"])
    name = next(name for name in whole.samples["file"] if not (exported.folder / name).exists())
    (exported.folder / name).write_text("a recording of somebody else")
    with pytest.raises(NkululekoError, match="no export wrote it"):
        export.run(path)
    assert (exported.folder / name).read_text() == "a recording of somebody else"


@pytest.mark.parametrize("listed", ["", "[]", "{", '{"../../precious.txt": ["x"]}', '{"a\\u0000b": 1}'])
def test_a_damaged_list_harms_nobody(bench, listed):
    path = ini(bench)
    folder = bench.folder / "exported" / "mine"
    folder.mkdir(parents=True)
    (bench.folder / "precious.txt").write_text("mine")
    (folder / LISTED).write_text(listed)
    try:
        export.run(path)
    except NkululekoError as problem:
        assert "no export wrote it" in str(problem)
    assert (bench.folder / "precious.txt").read_text() == "mine"


def test_never_into_itself(own_corpus):
    bench = own_corpus
    before = fingerprint(bench.corpus)
    with pytest.raises(NkululekoError, match="lie in the folder that they would be copied to"):
        export.run(ini(bench, target_root=bench.corpus.parent), [f"EXPORT.data_name={bench.corpus.name}"])
    assert fingerprint(bench.corpus) == before


def test_a_full_disk_is_told_and_nothing_is_half_written(bench, monkeypatch):
    path = ini(bench)
    real, done = shutil.copyfile, []

    def full(source, place):
        if len(done) == 10:
            Path(place).write_bytes(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        done.append(place)
        return real(source, place)

    with monkeypatch.context() as patch:
        patch.setattr(export_write.shutil, "copyfile", full)
        with pytest.raises(NkululekoError, match="the disk is full; make room"):
            export.run(path)
    folder = bench.folder / "exported" / "mine"
    assert len(list(folder.rglob("*.wav"))) == 10 and not list(folder.rglob("*part*"))
    assert export.run(path).written == 54
    usage = namedtuple("usage", "total used free")(10**12, 10**12, 1000)
    monkeypatch.setattr(export_write.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(NkululekoError, match=r"the disk has 0\.0 GB left"):
        export.run(path, ["EXPORT.data_name=other"])
    assert not list((bench.folder / "exported" / "other").rglob("*.wav"))


def test_a_folder_that_cannot_be_written(bench):
    (bench.folder / "file").write_text("")
    with pytest.raises(NkululekoError, match="cannot be written"):
        export.run(ini(bench, target_root="file"))


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ("EXPORT.data_name=a/b", "no plain name"),
        ("EXPORT.data_name=..", "no plain name"),
        ("EXPORT.data_name=.hidden", "no plain name"),
        ("EXPORT.orig_root=/no/such", "there is no folder '/no/such'"),
        ("EXPORT.sample_selection=tset", "expected 'all'"),
        ("EXPORT.segments_as_files=perhaps", "segments_as_files"),
        ("EXPORT.target_rot=x", "target_root"),
    ],
)
def test_mistakes(bench, change, what):
    with pytest.raises(NkululekoError) as problem:
        export.run(ini(bench), [change])
    assert what in str(problem.value)
    assert not (bench.folder / "exported").exists()


def test_where_to_must_be_said(bench):
    path = bench.ini(data="db.test_size = 40")
    with pytest.raises(NkululekoError, match="target_root is missing"):
        export.run(path)


def test_words_that_are_read_as_missing_are_told(bench):
    frame = bench.table.assign(note=["None" if n % 2 else "loud" for n in range(64)])
    frame.to_parquet(bench.folder / "data.parquet")
    path = ini(bench)
    path.write_text(
        path.read_text().replace("data.csv", "data.parquet").replace("type = csv", "type = parquet")
    )
    done = CliRunner().invoke(app, ["export", str(path)])
    assert done.exit_code == 0
    assert "column 'note' holds the word 'None', which is read as a missing value" in done.output


def test_doors(bench):
    path = ini(bench)
    done = CliRunner().invoke(app, ["export", str(path)])
    assert done.exit_code == 0 and "64 samples, 64 recordings" in done.output
    lines = done.output.partition("[DATA]\n")[2]
    assert lines.splitlines()[0] == "databases = ['mine']"
    # these lines are an experiment's
    bench.write(
        f"[EXP]\nroot = results\nname = n\n[DATA]\n{lines}[MODEL]\ntype = nb\n[FEATS]\ntype = mfcc\n", "n.ini"
    )
    assert len(prepare(load_config("n.ini")).data.samples) == 64
    command = [sys.executable, "-m", "nkululeko.export", "--config", str(path)]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0 and "(0 of them new)" in ended.stdout
    listed = (bench.folder / "exported" / "mine" / LISTED).read_text()
    assert json.loads(listed)["mine.csv"] == "table" and str(bench.corpus) not in listed

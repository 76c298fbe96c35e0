"""The command predict on files: sources, formats, exit codes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from typer.testing import CliRunner

import nkululeko
from nkululeko import predict
from nkululeko.cli import app
from nkululeko.testing.corpus import write_corpus


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """A trained experiment, and its corpus."""
    folder = tmp_path_factory.mktemp("home")
    write_corpus(folder / "corpus", speakers=6, utterances_per_emotion=1, format="csv")
    (folder / "exp.ini").write_text(
        f"[EXP]\nroot = {folder}/results\nname = exp\nstore = {folder}/store\n[DATA]\ndatabases = ['db']\n"
        f"db = {folder}/corpus/corpus.csv\ndb.type = csv\ndb.test_size = 40\ntarget = emotion\n"
        "[FEATS]\ntype = mfcc\n[MODEL]\ntype = xgb\n"
    )
    result = nkululeko.run(folder / "exp.ini")
    return folder, result


@pytest.fixture
def wavs(home):
    return [str(file) for file in home[1].predictions.index.get_level_values("file")[:3]]


def run_of(home) -> str:
    return str(home[0] / "results" / "exp")


def as_csv(capsys, *arguments) -> tuple[int, pd.DataFrame, str]:
    code = predict.main([*map(str, arguments), "--format", "csv"])
    shown = capsys.readouterr()
    return code, pd.read_csv(io.StringIO(shown.out), keep_default_na=True), shown.err


def test_files(home, wavs, capsys):
    code, table, said = as_csv(capsys, run_of(home), "--file", wavs[0], "--file", wavs[2])
    expected = home[1].predictions["prediction"].to_numpy()
    assert code == 0 and list(table["file"]) == [wavs[0], wavs[2]] and "2 of 2 predicted" in said
    assert list(table["prediction"]) == [expected[0], expected[2]]
    assert list(table) == [
        "file", "start", "end", "prediction", "p_anger", "p_happiness", "p_neutral", "p_sadness", "confidence", "error"
    ]  # fmt: skip


def test_folder_list_and_table_say_the_same(home, wavs, capsys, tmp_path):
    whole = as_csv(capsys, run_of(home), "--folder", Path(wavs[0]).parent)[1].set_index("file")
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join([wavs[1], "", wavs[0]]) + "\n")
    some = as_csv(capsys, run_of(home), "--list", listed)[1].set_index("file")
    assert list(some.index) == [wavs[1], wavs[0]]
    pd.testing.assert_frame_equal(some, whole.loc[some.index], check_exact=False)
    pd.DataFrame({"file": wavs, "speaker": "x", "note": "ä"}).to_csv(tmp_path / "t.csv", index=False)
    table = as_csv(capsys, run_of(home), "--csv", tmp_path / "t.csv")[1].set_index("file")
    assert list(table["note"]) == ["ä"] * 3 and list(table["speaker"]) == ["x"] * 3
    assert list(table["prediction"]) == list(whole.loc[wavs, "prediction"])


def test_segments_of_a_table(home, wavs, capsys, tmp_path):
    rows = pd.DataFrame({"file": [wavs[0]] * 2, "start": [0.0, 0.4], "end": [0.6, 0.9]})
    rows.to_csv(tmp_path / "t.csv", index=False)
    table = as_csv(capsys, run_of(home), "--csv", tmp_path / "t.csv")[1]
    assert list(pd.to_timedelta(table["start"]).dt.total_seconds()) == [0, 0.4]
    assert table["p_anger"].nunique() == 2


def test_json(home, wavs, capsys, tmp_path):
    (tmp_path / "bad.wav").write_text("nothing")
    code = predict.main(
        [run_of(home), "--file", wavs[0], "--file", str(tmp_path / "bad.wav"), "--format", "json"]
    )
    shown = capsys.readouterr()
    good, bad = json.loads(shown.out)
    assert code == 0 and good["error"] is None and bad["prediction"] is None
    assert sum(good["probabilities"].values()) == pytest.approx(1, abs=1e-5)
    assert (
        good["confidence"] == max(good["probabilities"].values()) == good["probabilities"][good["prediction"]]
    )
    assert "no readable audio" in bad["error"] and "1 of 2 predicted, 1 not" in shown.err


def test_a_table_to_look_at_has_aligned_columns(home, wavs, capsys):
    assert predict.main([run_of(home), *(part for wav in wavs for part in ("--file", wav))]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    place = head.index("prediction")
    assert len(rows) == 3
    assert [row[place:].split()[0] for row in rows] == list(home[1].predictions["prediction"][:3])
    assert all(row[place - 1] == " " for row in rows)


@pytest.mark.parametrize("name", ["out.csv", "out.json", "deep/er/out.txt"])
def test_a_file_for_the_answers(home, wavs, capsys, tmp_path, name):
    out = tmp_path / name
    assert predict.main([run_of(home), "--file", wavs[0], "--out", str(out)]) == 0
    shown = capsys.readouterr()
    assert shown.out == "" and str(out) in shown.err and not list(out.parent.glob("*.part"))
    text = out.read_text()
    if name.endswith("csv"):
        assert len(pd.read_csv(out)) == 1
    elif name.endswith("json"):
        assert len(json.loads(text)) == 1
    else:
        assert text.startswith("file ")


def test_nothing_can_be_read(home, capsys, tmp_path):
    (tmp_path / "bad.wav").write_text("nothing")
    code, table, said = as_csv(
        capsys, run_of(home), "--file", tmp_path / "bad.wav", "--file", tmp_path / "no.wav"
    )
    assert code == 1 and "none of 2 recordings could be predicted" in said
    assert len(table) == 2 and table["prediction"].isna().all()
    assert list(table)[3:8] == ["prediction", "p_anger", "p_happiness", "p_neutral", "p_sadness"]


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        ([], "not said what to predict"),
        (["--folder", "/no/such/folder"], "no such folder"),
        (["--list", "/no/such/list"], "cannot be read"),
        (["--csv", "/no/such.csv"], "no such CSV"),
        (["--file", "a.wav", "--format", "xls"], "there is no format 'xls'"),
        (["--file", "a.wav", "--window", "-1"], "seconds above 0"),
        (["--file", "a.wav", "--set", "MODEL.type=svm"], "no effect on a trained experiment"),
    ],
)
def test_mistakes_in_the_call(home, capsys, arguments, what):
    assert predict.main([run_of(home), *arguments]) == 1
    shown = capsys.readouterr()
    assert what in shown.err and shown.out == "" and "Traceback" not in shown.err


def test_pieces_of_long_recordings(home, wavs, capsys):
    table = as_csv(capsys, run_of(home), "--file", wavs[0], "--window", "0.5")[1]
    assert len(table) == int(np.ceil(soundfile.info(wavs[0]).duration / 0.5))


def test_the_microphone_says_what_it_lacks(home, capsys):
    code = predict.main([run_of(home), "--mic"])
    shown = capsys.readouterr().err
    assert code == 1 and ("sounddevice" in shown or "microphone" in shown or "PortAudio" in shown)
    assert "please speak" not in shown


def test_the_microphone(home, wavs, capsys, monkeypatch):
    """With a device that gives the sound of a file."""
    from nkululeko.audio import record

    signal, rate = soundfile.read(wavs[0], dtype="float32")

    class Device:
        @staticmethod
        def check_input_settings(channels, samplerate): ...

        @staticmethod
        def rec(frames, samplerate, channels, dtype, blocking):
            assert frames == round(0.5 * samplerate) and channels == 1 and blocking
            return signal.reshape(-1, 1)

    monkeypatch.setattr(record, "_sounddevice", Device)
    monkeypatch.setattr(record, "RATE", rate)
    before = sorted((home[0] / "store" / "features").rglob("*.parquet"))
    code = predict.main([run_of(home), "--mic", "--seconds", "0.5", "--format", "json"])
    shown = capsys.readouterr()
    (row,) = json.loads(shown.out)
    assert code == 0 and "recording 0.5 s" in shown.err
    assert row["prediction"] == home[1].predictions["prediction"].iloc[0]
    assert sorted((home[0] / "store" / "features").rglob("*.parquet")) == before  # nothing of it is kept


def test_the_program_and_the_module(home, wavs):
    done = CliRunner().invoke(app, ["predict", run_of(home), "--file", wavs[0], "--format", "csv"])
    assert done.exit_code == 0 and home[1].predictions["prediction"].iloc[0] in done.output
    command = [sys.executable, "-m", "nkululeko.predict", run_of(home), "--file", wavs[0], "--format", "json"]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0 and json.loads(ended.stdout)[0]["error"] is None


def test_from_python(home, wavs):
    found = predict.predict(run_of(home), wavs)
    assert list(found["prediction"]) == list(home[1].predictions["prediction"][:3])

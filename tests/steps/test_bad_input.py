"""What users get wrong: each mistake is one clear line that names what and where; never a traceback."""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile

from nkululeko.nkululeko import main


@dataclass(frozen=True)
class Said:
    """How a run ended and what it said."""

    code: int
    out: str
    err: str
    result: dict


@pytest.fixture
def call(bench, capsys):
    """Runs an experiment file through its door."""

    def door(ini, *overrides: str) -> Said:
        arguments = ["--config", str(ini)] + [part for o in overrides for part in ("--set", o)]
        code = main(arguments)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.err + captured.out
        assert "unexpected" not in captured.err
        path = bench.folder / "results" / "exp" / "result.json"
        return Said(code, captured.out, captured.err, json.loads(path.read_text()) if path.exists() else {})

    return door


def an_error(said: Said, *parts: str) -> None:
    """One line, exit code 1, that names all parts."""
    assert said.code == 1
    lines = said.err.strip().splitlines()
    assert len(lines) == 1, said.err
    assert lines[0].startswith("error: ")
    for part in parts:
        assert part in lines[0], lines[0]


def a_warning(said: Said, *parts: str) -> None:
    """The run ends well, and its warnings, notes or lists of dropped rows hold all parts."""
    assert said.code == 0, said.err
    text = json.dumps(
        [said.result["warnings"], said.result["notes"], said.result["sheet"]["chain"]], ensure_ascii=False
    )
    for part in parts:
        assert part in text, text


# --- the experiment file ---------------------------------------------------------------------------------------------


def test_misspelt_section(bench, call):
    an_error(
        call(bench.ini(rest="[MODELL]\ntype = svm")), "exp.ini, line", "unknown section [MODELL]", "MODEL"
    )


def test_misspelt_option(bench, call):
    ini = bench.ini(data="db.split_stategy = random")
    an_error(call(ini), "exp.ini, line 11", "split_stategy", "did you mean", "split_strategy")


def test_misspelt_value(bench, call):
    an_error(call(bench.ini(model="type = svn")), "exp.ini, line 15", "svn", "did you mean", "'svm'")


def test_all_mistakes_at_once(bench, call):
    said = call(bench.ini(model="type = svn\nC_vall = 1", feats="type = oss", data="db.test_size = 200"))
    assert said.code == 1
    assert len(said.err.strip().splitlines()) == 4


def test_missing_ini(bench, call):
    an_error(call(bench.folder / "nowhere.ini"), "nowhere.ini", "no such")


def test_wrong_value_on_the_command_line(bench, call):
    an_error(call(bench.ini(), "MODEL.C_val=abc"), "--set", "C_val", "abc")


def test_code_is_not_run(bench, call):
    ini = bench.ini(data="labels = __import__('os').system('touch pwned')")
    said = call(ini)
    assert said.code == 1
    assert not (bench.folder / "pwned").exists()


# --- databases -------------------------------------------------------------------------------------------------------


def test_missing_csv(bench, call):
    ini = bench.ini()
    (bench.folder / "data.csv").unlink()
    an_error(call(ini), "data.csv", str(bench.folder))


def test_missing_audformat_folder(bench, call):
    an_error(call(bench.ini(), "DATA.db.type=audformat", "DATA.db=nowhere"), "nowhere")


def test_csv_given_as_audformat(bench, call):
    an_error(call(bench.ini(), "DATA.db.type=audformat"), "data.csv", "db.type = csv")


def test_missing_table(bench, call):
    ini = bench.ini()
    an_error(
        call(ini, f"DATA.db={bench.corpus}", "DATA.db.type=audformat", "DATA.db.target_tables=['emotions']"),
        "no table 'emotions'", "did you mean 'emotion'",
    )  # fmt: skip


def test_missing_split_table(bench, call):
    overrides = (
        f"DATA.db={bench.corpus}", "DATA.db.type=audformat", "DATA.db.split_strategy=specified",
        "DATA.db.train_tables=['emotion.trian']", "DATA.db.test_tables=['emotion.test']",
    )  # fmt: skip
    an_error(call(bench.ini(), *overrides), "no table 'emotion.trian'", "did you mean 'emotion.train'")


def test_missing_target_column(bench, call):
    an_error(call(bench.ini(target="emotoin")), "no column 'emotoin'", "did you mean 'emotion'")


def test_no_speakers_for_a_speaker_split(bench, call):
    an_error(call(bench.ini(bench.table.drop(columns="speaker"))), "speaker_split", "'db'", "random")


# --- audio -----------------------------------------------------------------------------------------------------------


def with_file(bench, name: str) -> pd.DataFrame:
    """The table with one more row, of a training speaker."""
    frame = bench.table
    row = frame.iloc[[0]].assign(file=str(bench.folder / name))
    return pd.concat([frame, row])


def tone(bench, name: str, seconds: float = 1.0, rate: int = 16000, channels: int = 1) -> None:
    signal = np.random.default_rng(0).normal(0, 0.1, (round(seconds * rate), channels))
    soundfile.write(bench.folder / name, signal, rate)


def test_missing_audio_file(bench, call):
    a_warning(call(bench.ini(with_file(bench, "gone.wav"))), "gone.wav", "does not exist")


def test_all_audio_files_missing(bench, call):
    frame = bench.table.assign(file=[f"x{i}.wav" for i in range(len(bench.table))])
    an_error(call(bench.ini(frame)), "no audio file", "x0.wav", "audio_path")


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.wav", b"", "is an empty file"),
        ("text.wav", b"this is no sound at all, but a text of some length\n" * 10, "no readable audio file"),
        ("cut.wav", b"RIFF\x24\x00\x00\x00WAVEfmt ", "no readable audio file"),
    ],
)
def test_broken_audio_file(bench, call, name, content, reason):
    (bench.folder / name).write_bytes(content)
    a_warning(call(bench.ini(with_file(bench, name))), name, reason)


def test_zero_length_audio(bench, call):
    tone(bench, "zero.wav", seconds=0)
    a_warning(call(bench.ini(with_file(bench, "zero.wav"))), "zero.wav", "length zero")


def test_too_short_for_the_extractor(bench, call):
    tone(bench, "short.wav", seconds=0.01)
    said = call(bench.ini(with_file(bench, "short.wav")))
    a_warning(said, "short.wav", "too short")
    assert "short.wav" in (bench.folder / "results/exp/report.html").read_text()


def test_stereo_is_mixed_down_and_said_once(bench, call):
    tone(bench, "stereo.wav", channels=2)
    said = call(bench.ini(with_file(bench, "stereo.wav")))
    a_warning(said, "mixed down")
    assert sum("mixed down" in note for note in said.result["notes"]) == 1


@pytest.mark.parametrize("rate", [8000, 44100])
def test_other_rates_are_resampled_and_said_once(bench, call, rate):
    tone(bench, f"{rate}.wav", rate=rate)
    said = call(bench.ini(with_file(bench, f"{rate}.wav")), f"EXP.store={bench.folder / 'store'}")
    a_warning(said, f"{rate} Hz", "resampled to 16000 Hz", "different sampling rates")
    assert sum("resampled" in note for note in said.result["notes"]) == 1


def test_identical_audio_on_both_sides_is_named(bench, call):
    frame = bench.table
    copy = frame.iloc[[0]].assign(file=str(bench.folder / "copy.wav"))
    (bench.folder / "copy.wav").write_bytes(Path(frame["file"].iloc[0]).read_bytes())
    split = np.where(frame["speaker"] == frame["speaker"].iloc[0], "test", "train")
    both = pd.concat([frame.assign(split=split), copy.assign(split="train")])
    a_warning(
        call(bench.ini(both, data="db.split_strategy = database")),
        "copy.wav",
        "by their audio",
        "in train and in test",
    )


# --- targets and splits ----------------------------------------------------------------------------------------------


def test_label_that_no_sample_has(bench, call):
    said = call(bench.ini(data="labels = ['angr', 'neutral', 'sadness']"))
    a_warning(said, "no sample has the label 'angr'", "did you mean 'anger'")


def test_labels_that_are_not_listed_are_counted(bench, call):
    said = call(bench.ini(data="labels = ['anger', 'sadness']"))
    a_warning(said, "not in labels: happiness, neutral")
    assert sum(row["dropped"] for row in said.result["sheet"]["chain"]) == 32


def test_class_in_test_that_train_lacks(bench, call):
    frame = bench.table
    frame["split"] = np.where(frame["speaker"].isin(sorted(frame["speaker"].unique())[:4]), "test", "train")
    frame = frame[(frame["split"] == "test") | (frame["emotion"] != "anger")]
    said = call(bench.ini(frame, data="db.split_strategy = database"))
    a_warning(said, "class 'anger' is in test", "not in train")


def test_missing_targets_are_dropped_and_counted(bench, call):
    frame = bench.table
    frame.loc[:4, "emotion"] = None
    said = call(bench.ini(frame))
    a_warning(said, "'emotion' is missing")
    assert said.result["sheet"]["chain"][1]["dropped"] == 5
    assert "nan" not in said.result["labels"]


def test_missing_numbers_are_dropped_and_counted(bench, call):
    frame = bench.table
    frame.loc[:4, "arousal"] = None
    said = call(bench.ini(frame, exp="type = regression", target="arousal"))
    a_warning(said, "'arousal' is missing")
    assert said.result["sheet"]["chain"][1]["dropped"] == 5


def test_text_where_a_number_is_needed(bench, call):
    said = call(bench.ini(exp="type = regression", target="emotion"))
    an_error(said, "'emotion' is no number", "classification")


@pytest.mark.parametrize(("only", "empty"), [("train", "test"), ("test", "train")])
def test_empty_part(bench, call, only, empty):
    an_error(call(bench.ini(data=f"db.split_strategy = {only}")), f"the {empty} set is empty")


def test_one_class_only(bench, call):
    an_error(call(bench.ini(data="labels = ['anger']")), "one class")


def test_duplicate_rows(bench, call):
    frame = bench.table
    conflict = frame.iloc[[5]].assign(emotion="other")
    said = call(bench.ini(pd.concat([frame, frame.iloc[:3], conflict])))
    a_warning(said, "row stands twice", "different 'emotion'")


def test_speakers_on_both_sides_are_named(bench, call):
    said = call(bench.ini(data="db.split_strategy = random"))
    a_warning(said, "speakers are in train and in test", f"db/{bench.table['speaker'].iloc[0]}")


# --- nothing is executed ---------------------------------------------------------------------------------------------


class Evil:
    """Writes a file when it is unpickled."""

    def __reduce__(self):
        return (open, ("pwned", "w"))


def test_a_pickle_of_features_is_refused(bench, call):
    (bench.folder / "feats.pkl").write_bytes(pickle.dumps(Evil()))
    said = call(bench.ini(feats="type = import\nimport_file = feats.pkl"))
    an_error(said, "feats.pkl", ".csv or .parquet")
    assert not (bench.folder / "pwned").exists()


def test_too_many_failures_stop_the_extraction(bench, call):
    frame = bench.table
    for i in range(40):
        tone(bench, f"{i}.wav", seconds=0.01 + i / 10000)
    frame.loc[:39, "file"] = [str(bench.folder / f"{i}.wav") for i in range(40)]
    an_error(call(bench.ini(frame)), "segments failed", "too short", "fail_threshold")

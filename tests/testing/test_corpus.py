import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from nkululeko.core.errors import NkululekoError
from nkululeko.testing.corpus import write_corpus
from nkululeko.testing.speech import SENTENCES, STYLES, VOICES, synthesise

SMALL = {"speakers": 4, "utterances_per_emotion": 1}


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def content(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_table_and_audio_belong_together(tmp_path):
    table = write_corpus(tmp_path / "corpus", **SMALL)
    assert table == tmp_path / "corpus" / "corpus.csv"
    lines = rows(table)
    assert list(lines[0]) == ["file", "speaker", "gender", "age", "emotion", "arousal"]
    assert len(lines) == 4 * len(STYLES)
    assert {line["gender"] for line in lines} == {"female", "male"}
    assert all(0 <= float(line["arousal"]) <= 1 for line in lines)
    wavs = {file.relative_to(table.parent).as_posix() for file in table.parent.glob("wav/*")}
    assert wavs == {line["file"] for line in lines}
    for line in lines:
        about = soundfile.info(str(table.parent / line["file"]))
        assert (about.samplerate, about.channels, about.subtype) == (16000, 1, "PCM_16")
        assert 0.8 < about.duration < 5


def test_audio_is_the_synthesised_signal(tmp_path):
    table = write_corpus(tmp_path / "corpus", speakers=1, utterances_per_emotion=2, seed=5)
    signal, _ = soundfile.read(table.parent / "wav" / "s1_sadness_02.wav", dtype="float32")
    expected = synthesise(VOICES[0], STYLES[3], SENTENCES[1], (5, 0, 3, 1))
    assert np.abs(signal - expected).max() < 1e-4


def test_same_seed_same_bytes_other_seed_other_bytes(tmp_path):
    made = [
        content(write_corpus(tmp_path / str(n), **SMALL, seed=seed).parent)
        for n, seed in enumerate((1, 1, 2))
    ]
    assert made[0] == made[1]
    wavs = [name for name in made[0] if name.endswith(".wav")]
    assert all(made[0][name] != made[2][name] for name in wavs)


def test_a_whole_corpus_is_not_written_again(tmp_path):
    folder = write_corpus(tmp_path / "corpus", **SMALL, format="audformat")
    before = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    assert write_corpus(folder, **SMALL, format="audformat") == folder
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == before


def test_an_interrupted_corpus_is_taken_up(tmp_path):
    whole = content(write_corpus(tmp_path / "whole", **SMALL).parent)

    class Interrupted(Exception):
        pass

    def interrupt(done: int, total: int) -> None:
        if done == 3:
            raise Interrupted

    with pytest.raises(Interrupted):
        write_corpus(tmp_path / "part", **SMALL, progress=interrupt)
    assert not (tmp_path / "part" / "corpus.csv").exists()
    assert content(write_corpus(tmp_path / "part", **SMALL).parent) == whole
    (tmp_path / "part" / "wav" / "s1_anger_01.wav").unlink()
    assert content(write_corpus(tmp_path / "part", **SMALL).parent) == whole


def test_progress_counts_to_the_end(tmp_path):
    told: list[tuple[int, int]] = []
    write_corpus(tmp_path / "corpus", **SMALL, progress=lambda done, total: told.append((done, total)))
    assert told == [(done, 16) for done in range(1, 17)]


def test_nothing_of_others_is_touched(tmp_path):
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(NkululekoError, match="something else is here"):
        write_corpus(tmp_path, **SMALL)
    assert content(tmp_path) == {"mine.txt": b"mine"}
    with pytest.raises(NkululekoError, match="something else is here"):
        write_corpus(tmp_path / "mine.txt", **SMALL)


def test_another_corpus_is_not_overwritten(tmp_path):
    folder = write_corpus(tmp_path / "corpus", **SMALL).parent
    before = content(folder)
    with pytest.raises(NkululekoError, match="another corpus is here"):
        write_corpus(folder, **SMALL, seed=7)
    assert content(folder) == before
    (folder / "manifest.json").write_text("{broken")
    with pytest.raises(NkululekoError, match="another corpus is here"):
        write_corpus(folder, **SMALL)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"speakers": 0}, "speakers = 0; use 1 or more"),
        ({"utterances_per_emotion": -1}, "utterances_per_emotion = -1"),
        ({"sampling_rate": 100}, "use 8000 or more"),
        ({"format": "audformt"}, "did you mean 'audformat'"),
    ],
)
def test_bad_parameters_are_refused_before_anything_is_written(tmp_path, wrong, message):
    with pytest.raises(NkululekoError, match=message):
        write_corpus(tmp_path / "corpus", **{**SMALL, **wrong})
    assert not (tmp_path / "corpus").exists()


def test_audformat_database(tmp_path):
    import audformat

    folder = write_corpus(tmp_path / "corpus", **SMALL, format="audformat")
    assert folder == tmp_path / "corpus"
    assert json.loads((folder / "manifest.json").read_text())["speakers"] == 4
    database = audformat.Database.load(folder)
    lines = {line["file"]: line for line in rows(folder / "corpus.csv")}

    files = database["files"].get(map={"speaker": ["speaker", "gender", "age"]})
    assert set(files.index) == set(lines)
    emotion = database["emotion"].get()
    for file, line in lines.items():
        assert files.loc[file, "speaker"] == line["speaker"]
        assert files.loc[file, "gender"] == line["gender"]
        assert files.loc[file, "age"] == int(line["age"])
        assert emotion.loc[file, "emotion"] == line["emotion"]
        assert emotion.loc[file, "arousal"] == pytest.approx(float(line["arousal"]))
        duration = soundfile.info(str(folder / file)).duration
        assert files.loc[file, "duration"].total_seconds() == pytest.approx(duration, abs=0.002)

    train, test = (database[f"emotion.{part}"].index for part in ("train", "test"))
    assert set(train) | set(test) == set(lines)
    speakers = [{lines[file]["speaker"] for file in part} for part in (train, test)]
    assert not speakers[0] & speakers[1]
    assert len(speakers[1]) == 1

    phrases = database["phrases"].get()
    assert audformat.is_segmented_index(phrases.index)
    assert len(phrases) >= len(lines)
    ends = phrases.index.get_level_values("end").total_seconds()
    lengths = files.loc[phrases.index.get_level_values("file"), "duration"].dt.total_seconds()
    assert (ends <= lengths.to_numpy() + 1e-6).all()


def test_emotions_can_be_learned_but_not_perfectly(tmp_path):
    """Speaker-disjoint, with nothing but log spectra: well above chance (0.25), well below certainty."""
    from sklearn.metrics import recall_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.svm import SVC

    table = write_corpus(tmp_path / "corpus", speakers=12, utterances_per_emotion=3)
    lines = rows(table)
    features = np.array([log_spectrum(table.parent / line["file"]) for line in lines])
    emotion = np.array([line["emotion"] for line in lines])
    tested = np.array([line["speaker"] in ("s3", "s4", "s9", "s10") for line in lines])
    model = make_pipeline(StandardScaler(), SVC()).fit(features[~tested], emotion[~tested])
    uar = recall_score(emotion[tested], model.predict(features[tested]), average="macro")
    assert 0.5 < uar < 0.95


def log_spectrum(file: Path) -> np.ndarray:
    """Mean and deviation of 24 log bands over frames of 25 ms."""
    signal, rate = soundfile.read(file)
    length = rate // 40
    frames = signal[: len(signal) // length * length].reshape(-1, length) * np.hanning(length)
    power = np.abs(np.fft.rfft(frames, axis=1))[:, 1:193] ** 2
    bands = np.log(power.reshape(len(frames), 24, 8).sum(axis=2) + 1e-8)
    bands = bands[bands.mean(axis=1) > np.median(bands.mean(axis=1)) - 1]
    return np.concatenate([bands.mean(axis=0), bands.std(axis=0)])

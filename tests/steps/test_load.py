"""From databases to samples: everything that falls out is counted and named, and nothing depends on the order."""

from __future__ import annotations

import logging
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from lab import RATE, Lab
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.steps.load import Data, previous_split


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Lab:
    monkeypatch.chdir(tmp_path)
    return Lab(tmp_path)


def left_out(data: Data) -> list[tuple[str, str, int]]:
    return [(d.stage, d.reason, len(d.rows)) for d in data.dropped]


def test_one_database(lab: Lab) -> None:
    data = lab.load(lab.csv(lab.rows()) + "db.test_size = 33")
    samples = contract.check(data.samples)
    assert list(samples.columns) == ["database", "speaker", "emotion", "split"]
    assert set(samples["database"]) == {"db"} and data.labels == ["a", "b"]
    assert contract.seconds(samples.index, "end").tolist() == [0.5] * 12
    assert samples["split"].value_counts().to_dict() == {"train": 8, "test": 4}
    assert samples.groupby("speaker")["split"].nunique().max() == 1
    assert data.speakers.tolist() == [f"db/s{n % 6}" for n in range(12)]
    assert data.dropped == [] and len(data.audio) == 12


@pytest.mark.parametrize("strategy", ["speaker_split", "random"])
def test_the_order_of_the_rows_is_of_no_meaning(lab: Lab, strategy: str) -> None:
    rows = lab.rows()
    rows[3]["emotion"] = None
    first = lab.load(lab.csv(rows) + f"db.split_strategy = {strategy}")
    for seed in range(3):
        shuffled = [rows[n] for n in np.random.default_rng(seed).permutation(len(rows))]
        again = lab.load(lab.csv(shuffled) + f"db.split_strategy = {strategy}")
        pd.testing.assert_frame_equal(again.samples, first.samples)


def test_two_databases(lab: Lab) -> None:
    """The same names of speakers mean other people, unless the file says so."""
    two = [row | {"feeling": row["emotion"].upper(), "emotion": "else"} for row in lab.rows()]
    for row in two:
        row["file"] = lab.audio(f"two/{Path(row['file']).name}")
    text = (
        lab.csv(lab.rows()) + lab.csv(two, "two") + "db.split_strategy = train\ntwo.split_strategy = test\n"
    )
    text += "two.label = feeling\ntwo.mapping = {'A': 'a', 'B': 'b'}\n"
    data = lab.load(text, names="['db', 'two']")
    assert data.samples.groupby("database")["split"].agg(set).to_dict() == {"db": {"train"}, "two": {"test"}}
    assert data.samples.groupby("database")["emotion"].agg(set).to_dict() == {
        "db": {"a", "b"},
        "two": {"a", "b"},
    }
    assert data.speakers.nunique() == 12
    assert lab.load(text + "shared_speakers = True\n", names="['db', 'two']").speakers.nunique() == 6
    renamed = lab.load(text + "two.rename_speakers = True\n", names="['db', 'two']").samples
    assert set(renamed["speaker"]) == {*(f"s{n}" for n in range(6)), *(f"two_s{n}" for n in range(6))}


def test_what_falls_out_is_counted_and_named(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    rows = lab.rows(18)
    rows[0]["emotion"] = None
    rows[1]["emotion"] = "c"
    rows[2]["emotion"] = "d"
    rows[3]["file"] = "missing.wav"
    Path(rows[4]["file"]).write_text("no sound")
    Path(rows[5]["file"]).write_bytes(b"")
    for row in rows:
        row |= {"start": 0.0, "end": None}
    rows[6] |= {"start": 0.5}
    rows[7] |= {"start": 0.3, "end": 0.2}
    rows.append(rows[8])
    rows.append(rows[9] | {"emotion": "b" if rows[9]["emotion"] == "a" else "a"})
    text = (
        lab.csv(rows)
        + "db.mapping = {'a': 'A', 'b': 'B', 'c': 'C'}\nlabels = ['A', 'B']\ndb.split_strategy = random\n"
    )
    with caplog.at_level(logging.INFO, "nkululeko"):
        data = lab.load(text)
    assert sorted(left_out(data)) == [
        ("db, audio", "file does not exist", 1),
        ("db, audio", "file is an empty file", 1),
        ("db, audio", "file is no readable audio file (Format not recognised)", 1),
        ("db, duplicates", "row stands twice, one is kept", 1),
        ("db, duplicates", "same segment with different 'emotion', none is kept", 2),
        ("db, labels", "not in labels: C", 1),
        ("db, mapping", "label not in the mapping: d", 1),
        ("db, segments", "segment is empty, or begins after the end of the file", 2),
        ("db, target", "'emotion' is missing", 1),
    ]
    assert len(data.samples) + sum(n for _, _, n in left_out(data)) == len(rows)
    assert "left out: 1 samples (db, mapping): label not in the mapping: d" in caplog.messages
    assert data.samples.index.is_unique and data.samples["emotion"].isin(["A", "B"]).all()


def test_segments(lab: Lab) -> None:
    file, rows = lab.audio("long.wav", 8 * RATE), []
    for n in range(8):
        rows.append(
            {
                "file": file,
                "start": n,
                "end": n + 1 if n < 7 else 99,
                "speaker": f"s{n}",
                "emotion": "ab"[n % 2],
            }
        )
    data = lab.load(lab.csv(rows) + "db.test_size = 50")
    assert contract.seconds(data.samples.index, "end").tolist() == [1, 2, 3, 4, 5, 6, 7, 8]
    assert list(data.audio) == [file]


def test_a_table_of_whole_files_splits_segments(lab: Lab) -> None:
    """Labels by segment, and tables of train and test files beside them."""
    import audformat

    names = ["a.wav", "b.wav"]
    for name in names:
        lab.audio(f"corpus/{name}", 2 * RATE)
    db = audformat.Database("corpus")
    index = audformat.segmented_index(
        [n for n in names for _ in range(2)], ["0s", "1s"] * 2, ["1s", "2s"] * 2
    )
    db["segments"] = audformat.Table(index)
    db["segments"]["emotion"] = audformat.Column()
    db["segments"]["emotion"].set(["joy", "fear", "fear", "joy"])
    for table, name in zip(("one", "two"), names, strict=True):
        db[table] = audformat.Table(audformat.filewise_index([name]))
    db.save(str(lab.folder / "corpus"))
    text = "db = corpus\ndb.split_strategy = specified\ndb.train_tables = ['one']\ndb.test_tables = ['two']\n"
    data = lab.load(text)
    assert data.samples["split"].tolist() == ["train", "train", "test", "test"]


def test_numbers(lab: Lab) -> None:
    rows = [row | {"age": 20 + 2 * n} for n, row in enumerate(lab.rows())]
    rows[2]["age"] = None
    data = lab.load(lab.csv(rows), "type = regression", target="age")
    assert data.labels == [] and data.samples["age"].dtype == float and len(data.samples) == 11
    text = lab.csv(rows) + "db.reverse = True\ndb.reverse.max = 50\ntarget_divide_by = 10\n"
    data = lab.load(text, "type = regression", target="age")
    assert data.samples["age"].tolist() == [abs(20 + 2 * n - 50) / 10 for n in range(12) if n != 2]


def test_bins(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    rows = [row | {"age": 20 + 2 * n} for n, row in enumerate(lab.rows())]
    common = lab.csv(rows) + "type = continuous\ndb.split_strategy = random\ndb.test_size = 40\n"
    data = lab.load(common + "labels = ['young', 'old']\nbins = [0, 30, 100]\n", target="age")
    assert data.samples["age"].tolist() == ["young"] * 5 + ["old"] * 7, (
        "30 belongs to the bin that starts at 30"
    )
    assert data.labels == ["young", "old"]
    with caplog.at_level(logging.INFO, "nkululeko"):
        data = lab.load(common, target="age")
    assert data.samples["age"].value_counts().to_dict() == {"low": 4, "middle": 4, "high": 4}
    assert data.labels == ["low", "middle", "high"]
    assert any("bins of equal size" in line for line in caplog.messages)


def test_reuse(lab: Lab) -> None:
    text = lab.csv(lab.rows())
    first = lab.load(text + "db.test_size = 50").samples
    path = lab.folder / "split.csv"
    assert previous_split(path) is None
    path.write_text(contract.to_csv_text(first[["database", "speaker", "emotion", "split"]]))
    again = lab.load(text + "db.split_strategy = reuse", previous=previous_split(path)).samples
    pd.testing.assert_frame_equal(again, first)


def test_a_damaged_split_hinders_only_those_who_need_it(lab: Lab) -> None:
    path = lab.folder / "split.csv"
    path.write_text("file;split\n")
    text = lab.csv(lab.rows())
    assert len(lab.load(text, previous=previous_split(path)).samples) == 12
    with pytest.raises(NkululekoError, match=r"no split\.csv of an earlier run .* that can be read"):
        lab.load(text + "db.split_strategy = reuse", previous=previous_split(path))


def test_unused_samples_are_named(lab: Lab) -> None:
    rows = [row | {"split": s} for row, s in zip(lab.rows(), ["train", "test", None] * 4, strict=True)]
    data = lab.load(lab.csv(rows) + "db.split_strategy = database\n")
    assert left_out(data) == [("db, split", "in none of train, dev, test", 4)]
    assert data.samples["split"].value_counts().to_dict() == {"train": 4, "test": 4}


# --- warnings


def warnings_of(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING]


def test_a_clean_experiment_warns_of_nothing(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.load(lab.csv(lab.rows()) + "db.test_size = 40\n")
    assert warnings_of(caplog) == []


def test_speakers_and_audio_on_both_sides(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    rows = [row | {"split": "train" if n < 8 else "test"} for n, row in enumerate(lab.rows())]
    rows[0]["file"], rows[11]["file"] = lab.audio("x.wav", level=0.1), lab.audio("y.wav", level=0.1)
    lab.load(lab.csv(rows) + "db.split_strategy = database\n")
    found = warnings_of(caplog)
    assert any("4 speakers are in train and in test (db/s2, db/s3, db/s4, db/s5)" in line for line in found)
    assert any(
        "1 test samples are also in train" in line and "y.wav is the same recording as" in line
        for line in found
    )


def test_other_warnings(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    rows = [{k: v for k, v in row.items() if k != "speaker"} for row in lab.rows()]
    rows[0]["file"] = lab.audio("other.wav", rate=16000)
    rows[1]["file"] = lab.audio("stereo.wav", channels=2)
    with caplog.at_level(logging.INFO, "nkululeko"):
        lab.load(lab.csv(rows) + "db.split_strategy = random\nlabels = ['a', 'b', 'bb']\n")
    found = warnings_of(caplog)
    assert any("different sampling rates (8000, 16000 Hz)" in line for line in found)
    assert any("the speakers are not known" in line for line in found)
    assert any("no sample has the label 'bb'" in line for line in found)
    assert any(line.startswith("1 files have several channels") for line in caplog.messages)


# --- mistakes


def test_mistakes(lab: Lab) -> None:
    rows = lab.rows()
    with pytest.raises(NkululekoError, match="none of the labels is a value of 'emotion'"):
        lab.load(lab.csv(rows) + "labels = ['x', 'y']\n")
    with pytest.raises(NkululekoError, match="the train set is empty"):
        lab.load(lab.csv(rows) + "db.split_strategy = test\n")
    with pytest.raises(NkululekoError, match="the test set is empty"):
        lab.load(lab.csv(rows) + "db.split_strategy = train\n")
    one = [row | {"split": "test" if row["emotion"] == "b" else "train"} for row in rows]
    with pytest.raises(NkululekoError, match=r"the train set holds one class only \('a'\)"):
        lab.load(lab.csv(one) + "db.split_strategy = database\n")
    with pytest.raises(NkululekoError, match="database 'db' has no samples"):
        (lab.folder / "none.csv").write_text("file,speaker,emotion\n")
        lab.load("db = none.csv\ndb.type = csv\n")
    with pytest.raises(
        NkululekoError, match=r"no audio file of database 'db' can be used: file does not exist \(12 files\)"
    ):
        lab.load(lab.csv([row | {"file": f"gone/{n}.wav"} for n, row in enumerate(rows)]))


def test_all_values_of_the_target_are_missing(lab: Lab) -> None:
    with pytest.raises(NkululekoError, match="'emotion' is missing"):
        lab.load(lab.csv([row | {"emotion": None} for row in lab.rows()]))

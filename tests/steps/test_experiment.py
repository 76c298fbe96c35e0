"""Whole experiments on synthetic speech: what holds for every run."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import nkululeko
from nkululeko.core.errors import NkululekoError
from nkululeko.learning.pipeline import Pipeline


def test_result_is_what_the_files_say(bench):
    result = bench.run(exp="type = classification", data="db.test_size = 50")
    folder = bench.folder / "results" / "exp"
    assert result.folder == folder
    written = json.loads((folder / "result.json").read_text())
    assert written["scores"]["uar"]["value"] == pytest.approx(result.headline.value)
    predictions = pd.read_csv(folder / "predictions.csv")
    recalls = [(part["truth"] == part["prediction"]).mean() for _, part in predictions.groupby("truth")]
    assert np.mean(recalls) == pytest.approx(result.headline.value)
    assert 0.25 < result.headline.value < 1.0
    split = pd.read_csv(folder / "split.csv")
    assert not set(split.loc[split.split == "train", "speaker"]) & set(
        split.loc[split.split == "test", "speaker"]
    )
    assert "[DATA]" in (folder / "config.ini").read_text()


def test_the_same_file_gives_the_same_numbers(bench):
    first = bench.run(model="type = rf")
    again = bench.run(model="type = rf")
    pd.testing.assert_frame_equal(first.predictions, again.predictions)
    assert {k: (s.value, s.low, s.high) for k, s in first.scores.items()} == {
        k: (s.value, s.low, s.high) for k, s in again.scores.items()
    }
    assert first.provenance["data_fingerprint"] == again.provenance["data_fingerprint"]


@pytest.mark.parametrize("strategy", ["speaker_split", "random"])
def test_the_order_of_rows_changes_nothing(bench, strategy):
    data = f"db.split_strategy = {strategy}"
    straight = bench.run(data=data)
    shuffled = bench.run(bench.table.sample(frac=1, random_state=3), data=data)
    pd.testing.assert_frame_equal(straight.predictions, shuffled.predictions)
    assert straight.headline == shuffled.headline


def test_test_rows_do_not_influence_what_is_learned(bench):
    """Other test samples: the same scaler, the same model, the same answers to those that stayed."""
    frame = bench.table
    frame["split"] = np.where(frame["speaker"].isin(sorted(frame["speaker"].unique())[:3]), "test", "train")
    data = "db.split_strategy = database"
    full = bench.run(frame, data=data)
    folder = full.folder / "models"
    before = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    test = frame[frame["split"] == "test"]
    fewer = bench.run(pd.concat([frame[frame["split"] == "train"], test.iloc[::4]]), data=data)
    after = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert before == after
    assert len(fewer.predictions) < len(full.predictions)
    pd.testing.assert_frame_equal(fewer.predictions, full.predictions.loc[fewer.predictions.index])


def test_the_saved_model_gives_the_same_predictions(bench):
    result = bench.run(model="type = xgb")
    pipeline = Pipeline.load(result.folder / "models")
    from nkululeko.audio.read import read_segment
    from nkululeko.core import families

    mfcc = families.features.load("mfcc")()
    rows = [mfcc.extract(*read_segment(file)) for file in result.predictions.index.get_level_values("file")]
    again = pipeline.predict(np.asarray(rows, dtype=np.float32))
    assert list(again) == list(result.predictions["prediction"])


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ({"feats": "type = mfcc"}, {"feats": "type = os"}),
        ({"data": "labels = ['anger', 'sadness']"}, {"data": "labels = ['anger', 'neutral', 'sadness']"}),
        ({"data": "db.split_strategy = random"}, {"data": "db.split_strategy = speaker_split"}),
        ({"target": "emotion"}, {"target": "gender"}),
    ],
)
def test_nothing_is_stale_under_the_same_name(bench, first, second):
    """A second run under the same name gives what it gives in a new folder."""
    bench.run(**first)
    there = bench.run(**second)
    fresh = bench.run(**second, overrides=("EXP.name=fresh",))
    pd.testing.assert_frame_equal(there.predictions, fresh.predictions)
    files = {path.relative_to(there.folder).as_posix() for path in there.folder.rglob("*") if path.is_file()}
    assert files == {
        path.relative_to(fresh.folder).as_posix() for path in fresh.folder.rglob("*") if path.is_file()
    }


def test_a_changed_audio_file_is_extracted_anew(own_corpus):
    bench = own_corpus
    first = bench.run(data="db.split_strategy = random")
    victim, donor = first.predictions.index.get_level_values("file")[:2]
    status = Path(victim).stat()
    Path(victim).write_bytes(Path(donor).read_bytes())
    os.utime(victim, ns=(status.st_atime_ns, status.st_mtime_ns))
    second = bench.run(data="db.split_strategy = random")
    scores = [column for column in second.predictions if column.startswith("s_")]
    row, like = (second.predictions.xs(name, level="file")[scores].to_numpy() for name in (victim, donor))
    assert np.array_equal(row, like)


def test_reuse_takes_the_last_split(bench):
    first = bench.run(data="db.split_strategy = random", exp="random_seed = 7")
    second = bench.run(data="db.split_strategy = reuse", model="type = knn", exp="random_seed = 8")
    assert set(first.predictions.index) == set(second.predictions.index)


def test_reuse_without_an_earlier_run_says_so(bench):
    with pytest.raises(NkululekoError, match=r"no split\.csv of an earlier run"):
        bench.run(data="db.split_strategy = reuse")


def test_regression(bench):
    result = bench.run(exp="type = regression", target="arousal", model="type = svr")
    assert result.measure == "ccc"
    assert result.confusion is None
    names = {path.name for path in (result.folder / "images").iterdir()}
    assert {"scatter.png", "bland_altman.png"} <= names


def test_audformat_and_csv_give_the_same(bench):
    csv = bench.run()
    ini = bench.write(
        f"[EXP]\nroot = results\nname = audformat\nstore = {bench.store}\n"
        f"[DATA]\ndatabases = ['db']\ndb = {bench.corpus}\n"
        "target = emotion\n[FEATS]\ntype = mfcc\n[MODEL]\ntype = svm\n"
    )
    audformat = nkululeko.run(ini)
    columns = ["truth", "prediction", "speaker", "gender", "age"]
    left, right = csv.predictions[columns], audformat.predictions[columns]
    pd.testing.assert_frame_equal(left, right, check_dtype=False)


def test_two_feature_sets_stand_side_by_side(bench):
    bench.run(feats="type = ['mfcc', 'os']")
    names = json.loads((bench.folder / "results/exp/models/pipeline.json").read_text())["feature_names"]
    assert any(name.startswith("mfcc") for name in names)
    assert "F0semitoneFrom27.5Hz_sma3nz_amean" in names


def test_a_killed_extraction_goes_on_where_it_stopped(bench):
    """SIGKILL in the middle; what was written stays, and the next run extracts only the rest."""
    store = bench.folder / "fresh"
    ini = bench.ini(feats="type = os\nset = ComParE_2016", exp="jobs = 1")
    command = [
        sys.executable,
        "-c",
        f"{FLUSHING}\nnkululeko.run(sys.argv[1], sys.argv[2:])",
        str(ini),
        f"EXP.store={store}",
    ]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not list(store.glob("features/*/*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    kept = re.compile(r"os: (\d+) segments from the store, (\d+) to extract")
    result = nkululeko.run(ini, [f"EXP.store={store}"])
    found = next(match for note in result.notes if (match := kept.fullmatch(note)))
    assert int(found[1]) > 0
    assert int(found[2]) > 0
    assert int(found[1]) + int(found[2]) == 64


#: writes to the store at every row, and slowly enough to be stopped in between
FLUSHING = """
import sys, time
import nkululeko
from nkululeko.core import store
store._FLUSH_SECONDS = 0.0
flush = store.TableWriter.flush
def slowly(self):
    flush(self)
    time.sleep(0.05)
store.TableWriter.flush = slowly
"""


def test_ctrl_c_loses_nothing(bench):
    """In the middle of an extraction in threads: one line, exit code 130, and the rows so far are in the store."""
    store = bench.folder / "fresh"
    ini = bench.ini(feats="type = os\nset = ComParE_2016", exp="jobs = 2")
    code = "import sys; from nkululeko.nkululeko import main; sys.exit(main(sys.argv[1:]))"
    command = [
        sys.executable,
        "-c",
        f"{FLUSHING}\n{code}",
        "--config",
        str(ini),
        "--set",
        f"EXP.store={store}",
    ]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )  # fmt: skip
    deadline = time.monotonic() + 120
    while not list(store.glob("features/*/*.parquet")) and time.monotonic() < deadline:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.strip().splitlines() == [
        "interrupted: features extracted so far are kept; the same command goes on from there"
    ]
    notes = nkululeko.run(ini, [f"EXP.store={store}"]).notes
    assert any(
        re.fullmatch(r"os: [1-9]\d* segments from the store, [1-9]\d* to extract", note) for note in notes
    )


def test_a_plain_script_without_main_guard_can_run(bench):
    script = bench.write(
        f"import nkululeko\nprint(nkululeko.run({str(bench.ini())!r}).headline)\n", "script.py"
    )
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("UAR 0.")


def test_tsne_map_is_drawn_when_asked(bench):
    result = bench.run(rest="[PLOT]\ntsne = True\nformat = svg")
    assert result.embedding is not None
    assert len(result.embedding) == 64
    assert (result.folder / "images" / "tsne.svg").exists()
    assert not (result.folder / "images" / "tsne.png").exists()
    bench.run()
    assert not (result.folder / "images" / "tsne.svg").exists()

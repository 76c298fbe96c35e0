"""Augmented copies: a database of the training samples, seeded, resumed; never on the side of the test."""

from __future__ import annotations

import errno
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import soundfile
from typer.testing import CliRunner

from nkululeko import aug_train, augment
from nkululeko.audio import write
from nkululeko.cli import app
from nkululeko.config.load import RUN
from nkululeko.config.load import load as load_config
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.store import FeatureStore
from nkululeko.data import augmented
from nkululeko.report.tables import training_rows
from nkululeko.steps.augment import augmented_training
from nkululeko.steps.load import load

SPLICE = "augment = random_splice"
MODEL = "[FEATS]\ntype = mfcc\n[MODEL]\ntype = nb\n"


def ini(bench, rest=SPLICE, frame=None, **changes):
    return bench.ini(frame, model="type = nb", rest=f"[AUGMENT]\n{rest}", **changes)


def contents(folder: Path) -> dict[str, bytes]:
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob("*.wav")}


def split(bench, path) -> pd.DataFrame:
    return load(load_config(path), FeatureStore(bench.store), None, 1).samples


def beside(bench, table: Path, strategy: str, more: str = "") -> Path:
    """The experiment with the table of the copies as a second database."""
    path = bench.ini(model="type = nb", exp=more)
    text = path.read_text().replace("['db']", "['db', 'copies']")
    lines = f"copies = {table}\ncopies.type = csv\ncopies.absolute_path = False\ncopies.split_strategy = {strategy}\n"
    return bench.write(text.replace("target = emotion", lines + "target = emotion"))


def test_copies_of_the_training_samples(bench):
    path = ini(bench)
    found = augment.run(path)
    samples = split(bench, path)
    train = samples[samples["split"] == "train"]
    table = pd.read_csv(found.table)
    assert found.table == bench.folder / "results" / "exp" / "augmented.csv"
    assert len(table) == len(train) == found.originals == found.copies.made
    origins = train.set_axis(train.index.get_level_values("file"), axis=0)
    for row in table.itertuples():
        origin = origins.loc[row.augmented_from]
        assert (row.speaker, row.emotion, row.gender) == (
            origin["speaker"],
            origin["emotion"],
            origin["gender"],
        )
        assert row.augmented_by == "random_splice" and row.augmented_speaker == f"db/{row.speaker}"
        copy, rate = soundfile.read(found.table.parent / row.file)
        original, before = soundfile.read(row.augmented_from)
        assert rate == before and 0.8 < len(copy) / len(original) <= 1
        assert not np.allclose(copy, original[: len(copy)], atol=1e-3)


def test_same_seed_same_files(bench):
    path = ini(bench)
    first = contents(augment.run(path).copies.folder)
    again = contents(augment.run(path, ["EXP.name=again", "EXP.jobs=1"]).copies.folder)
    other = contents(augment.run(path, ["EXP.name=other", "EXP.random_seed=7"]).copies.folder)
    assert first == again and first
    assert not set(first.values()) & set(other.values())
    shuffled = bench.table.sample(frac=1, random_state=1)
    assert contents(augment.run(ini(bench, frame=shuffled), ["EXP.name=shuffled"]).copies.folder) == first


def test_goes_on_where_it_was(bench):
    path = ini(bench)
    found = augment.run(path)
    before = contents(found.copies.folder)
    files = sorted(found.copies.folder.rglob("*.wav"))
    times = {file: file.stat().st_mtime_ns for file in files}
    files[0].unlink()
    again = augment.run(path)
    assert again.copies.made == 1 and contents(again.copies.folder) == before
    assert [file for file in files if file.stat().st_mtime_ns != times[file]] == [files[0]]
    changed = augment.run(path, ["AUGMENT.p_reverse=1"])  # nothing stale is left
    assert changed.copies.made == len(before) == len(contents(changed.copies.folder))
    assert not set(before) & set(contents(changed.copies.folder))


def test_several_methods_and_their_options(bench):
    for package in ("audiomentations", "auglib"):
        pytest.importorskip(package, reason=f"NOT TESTED: {package} is not installed")
    rest = (
        "augment = ['traditional', 'random_splice', 'auglib']\np_reverse = 0\n"
        "augmentations = Compose([\n    AddGaussianNoise(min_amplitude=0.01, p=1.0),\n    Reverse(p=1.0)])\n"
        "transformations = {'WhiteNoiseGaussian': {'snr_db': [10, 20]}}"
    )
    found = augment.run(ini(bench, rest))
    counts = pd.read_csv(found.table)["augmented_by"].value_counts()
    assert dict(counts) == dict.fromkeys(["traditional", "random_splice", "auglib"], found.originals)
    row = next(pd.read_csv(found.table).query("augmented_by == 'traditional'").itertuples())
    copy, _ = soundfile.read(found.table.parent / row.file)
    original, _ = soundfile.read(row.augmented_from)
    assert np.corrcoef(copy, original[::-1])[0, 1] > 0.7
    config = load_config(bench.folder / "results" / "exp" / "augment.ini", reads=augment.READS)
    assert config == load_config(bench.folder / "exp.ini", reads=augment.READS)


def test_one_that_fails_does_not_hinder_the_others(own_corpus):
    bench = own_corpus
    path = ini(bench)
    samples = split(bench, path)
    file = samples.index[samples["split"] == "train"][0][0]
    soundfile.write(file, np.zeros(16000), 16000)
    found = augment.run(path)
    assert len(found.copies.samples) == found.originals - 1
    assert found.copies.failed == {f"{file} (random_splice)": "is silent: there is nothing to splice"}
    done = CliRunner().invoke(app, ["augment", str(path)])
    assert "1 of" in done.output and "is silent" in done.output


def test_full_disk_in_the_middle(bench, monkeypatch):
    path = ini(bench)
    calls, real = [], write.write_atomically

    def full(*given):
        calls.append(given)
        if len(calls) == 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(*given)

    monkeypatch.setattr(write, "write_atomically", full)
    with pytest.raises(NkululekoError, match=r"cannot be written \(No space left on device\); make room"):
        augment.run(path, ["EXP.jobs=1"])
    assert not list(bench.folder.rglob("augmented.csv"))
    monkeypatch.setattr(write, "write_atomically", real)
    found = augment.run(path)
    assert found.copies.made == found.originals - 4


def test_beside_their_originals(bench):
    found = augment.run(ini(bench))
    path = beside(bench, found.table, "train")
    samples = split(bench, path)
    assert augmented.is_copy(samples).sum() == found.originals
    assert set(samples.loc[augmented.is_copy(samples), "split"]) == {"train"}


@pytest.mark.parametrize("strategy, wrong", [("train", True), ("test", True)])
def test_a_copy_never_meets_the_test_set_of_its_source(bench, strategy, wrong):
    """Another seed, another split: copies of what is tested now are learned from. Moved and renamed, they are found."""
    found = augment.run(ini(bench))
    moved = bench.folder / "elsewhere"
    found.table.parent.rename(moved)
    path = beside(bench, moved / "augmented.csv", strategy)
    with pytest.raises(NkululekoError, match="augmented copies are on another side of the split") as problem:
        split_with_seed(bench, path, 5)
    assert "aug_train" in str(problem.value)


def split_with_seed(bench, path, seed):
    return load(load_config(path, [f"EXP.random_seed={seed}"]), FeatureStore(bench.store), None, 1).samples


def test_in_a_cross_validation_neither(bench):
    found = augment.run(ini(bench))
    path = beside(bench, found.table, "train")
    with pytest.raises(NkululekoError, match="another side of the split"):
        load(load_config(path, ["MODEL.logo=3"]), FeatureStore(bench.store), None, 1)


def test_voices_of_the_test_set_are_told(bench, caplog):
    """A copy of another utterance of a speaker that is tested: no leak of audio, but of a voice."""
    found = augment.run(ini(bench), ["AUGMENT.sample_selection=all"])
    table = pd.read_csv(found.table)
    samples = split(bench, bench.folder / "exp.ini")
    tested = samples[samples["split"] == "test"]
    mine = table[table["augmented_from"].isin(tested.index.get_level_values("file"))].iloc[:1]
    mine.to_csv(found.table, index=False)
    keep = bench.table[bench.table["file"] != mine.iloc[0]["augmented_from"]]
    path = beside(bench, found.table, "train")
    bench.csv(keep)
    with caplog.at_level("WARNING"):
        now = split(bench, path)
    heard = now.loc[(now["split"] == "test"), "speaker"].unique()
    told = "augmented copies of 1 speakers of the test set" in caplog.text
    assert told == (mine.iloc[0]["speaker"] in heard)
    assert told


def test_training_with_copies(bench):
    plain = bench.run(model="type = nb", rest="[AUGMENT]\n" + SPLICE)
    result = aug_train.run(bench.folder / "exp.ini", ["EXP.name=more"])
    learned = training_rows(plain)
    assert training_rows(result) == 2 * learned
    assert list(result.predictions.index) == list(plain.predictions.index)
    assert not result.predictions["truth"].compare(plain.predictions["truth"]).size
    assert any("augmented copies (random_splice) of" in note for note in result.notes)
    table = contract.from_csv(result.folder / "split.csv")
    copies = table.index.get_level_values("file").str.contains("augmented_train")
    assert set(table.loc[copies, "split"]) == {"train"} and copies.sum() == learned
    saved = json.loads((result.folder / "result.json").read_text())
    assert saved["scores"] and "[AUGMENT]" in (result.folder / "config.ini").read_text()


def test_augmented_training_adds_to_train_only(bench):
    path = ini(bench, "augment = random_splice")
    config = load_config(path, reads=(*RUN, "AUGMENT"))
    data = load(config, FeatureStore(bench.store), None, 1)
    more = augmented_training(config, data, bench.folder / "copies")
    copies = augmented.is_copy(more.samples)
    pd.testing.assert_frame_equal(more.samples[~copies][list(data.samples)], data.samples)
    assert set(more.samples.loc[copies, "split"]) == {"train"}
    assert set(more.speakers[copies]) == set(data.speakers[(data.samples["split"] == "train").to_numpy()])
    assert augmented.leaks(more.samples, {file: info.content for file, info in more.audio.items()}) == []
    assert sum(more.loaded.values()) == len(more.samples)


@pytest.mark.parametrize(
    "rest, overrides, match",
    [
        ("augment = []", [], "names no method"),
        ("augment = splice", [], "unknown augmentation 'splice'; did you mean 'random_splice'"),
        ("augment = random_splice\np_reverse = 2", [], "p_reverse"),
        (SPLICE, ["AUGMENT.sample_selection=dev"], "no dev set"),
        (SPLICE, ["DATA.db.split_strategy=test"], "no train set"),
    ],
)
def test_mistakes_are_told(bench, rest, overrides, match):
    with pytest.raises(NkululekoError, match=match):
        augment.run(ini(bench, rest), overrides)
    assert not list(bench.folder.rglob("augmented*"))


def test_a_missing_package_is_told_before_anything_is_loaded(bench, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "audiomentations", None)
    path = bench.write(
        "[EXP]\nroot = results\n[DATA]\ndatabases = ['db']\ndb = data.csv\ndb.type = csv\ntarget = x\n"
    )
    bench.csv(bench.table)
    with pytest.raises(NkululekoError, match=r'pip install "nkululeko\[augment\]"'):
        augment.run(path)


def test_no_cross_validation(bench):
    with pytest.raises(NkululekoError, match="cross-validation has none"):
        aug_train.run(ini(bench), ["MODEL.logo=3"])


def test_the_commands(bench):
    path = str(ini(bench))
    done = CliRunner().invoke(app, ["augment", path])
    assert done.exit_code == 0, done.output
    assert "copies of" in done.output and "augmented.split_strategy = train" in done.output
    trained = CliRunner().invoke(app, ["aug_train", path])
    assert trained.exit_code == 0 and "UAR" in trained.output

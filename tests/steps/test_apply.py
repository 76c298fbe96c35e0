"""A trained experiment, applied: the same file gets the numbers that it had in the test set of the run."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from checkpoints import make_checkpoint
from nkululeko import auto
from nkululeko.config.load import load as load_config
from nkululeko.core import families
from nkululeko.core.errors import NkululekoError
from nkululeko.core.samples import segmented_index
from nkululeko.steps.apply import Trained, open_trained
from nkululeko.steps.apply_files import LONGEST, Hearing, predict_segments, windows
from nkululeko.steps.folder import rundir_of
from nkululeko.steps.prepare import jobs_of, prepare
from nkululeko.steps.train import recipe_of, train

NETS = {"mlp", "mlp_reg", "cnn", "cnn_reg", "lstm", "lstm_reg"}
SEQUENCES = {"cnn", "cnn_reg", "lstm", "lstm_reg"}
#: it starts from a network, and has a test of its own
LEFT_OUT = {"finetune"}


def learned(bench, **options):
    """What a run does to learn and test, without its pages: the test samples, and what was said of them."""
    config = load_config(bench.ini(**options))
    prepared = prepare(config)
    rundir = rundir_of(config)
    recipe = recipe_of(config, prepared.data, jobs_of(config), prepared.extracted)
    said = train(recipe, prepared.parts, config, rundir.model_folder(), None).result().chosen
    rundir.write("config.ini", config.to_ini())
    samples = prepared.data.samples
    return samples[samples["split"] == "test"], said, rundir.folder


def predicted(trained: Trained, samples: pd.DataFrame, bench) -> pd.DataFrame:
    """Only what a user knows: files, segments, and who speaks."""
    known = [name for name in ("speaker",) if name in samples]
    return pd.concat(predict_segments(trained, samples[known], Hearing(bench.store, 1)))


def assert_same(test: pd.DataFrame, said, folder: Path, bench) -> None:
    trained = open_trained(folder)
    found = predicted(trained, test, bench)
    assert (found["error"] == "").all()
    assert list(found["prediction"]) == list(said.prediction)
    if said.scores is not None:
        prefix = "p" if said.probabilistic else "s"
        scores = found[[f"{prefix}_{label}" for label in said.classes]].to_numpy()
        np.testing.assert_array_equal(scores, said.scores)
        if said.probabilistic:
            np.testing.assert_array_equal(found["confidence"], scores.max(axis=1))
    if trained.needs_speakers:
        return
    # in other company, and alone: to the last digits of sums whose order the libraries choose
    alone = pd.concat([predicted(trained, test.iloc[[row]], bench) for row in (0, 7)])
    columns = [name for name in found if name.startswith(("p_", "s_"))]
    if columns:
        np.testing.assert_allclose(
            alone[columns].to_numpy(float), found[columns].iloc[[0, 7]].to_numpy(float), rtol=1e-4, atol=1e-6
        )
    if not trained.labels:
        expected = found["prediction"].iloc[[0, 7]].to_numpy(float)
        np.testing.assert_allclose(alone["prediction"].to_numpy(float), expected, rtol=1e-4, atol=1e-6)


def of_model(name: str) -> dict:
    """An experiment for any model."""
    kind = families.models.load(name)
    regression = "classification" not in kind.tasks
    exp = "type = regression\n" if regression else ""
    exp += "epochs = 2\n" if name in NETS else ""
    feats = "type = mfcc"
    if name in SEQUENCES:
        feats = "type = os\nlevel = frame\npooling = none\nmax_duration = 1"
    return {
        "exp": exp, "feats": feats, "model": f"type = {name}", "target": "duration" if regression else "emotion",
        "data": "db.test_size = 40",
    }  # fmt: skip


def with_duration(bench) -> pd.DataFrame:
    """The corpus with a number to predict."""
    table = bench.table
    numbers = np.random.default_rng(1).normal(3, 1, len(table))
    return table.assign(duration=numbers + (table["emotion"] == "anger"))


@pytest.mark.parametrize("name", [name for name in families.models.names() if name not in LEFT_OUT])
def test_every_model(bench, name):
    families.models.load(name).check_installed()
    options = of_model(name)
    frame = with_duration(bench)
    assert_same(*learned(bench, frame=frame, **options), bench)


@pytest.mark.parametrize("name", families.scalers.names())
def test_every_scaler(bench, name):
    feats = f"type = mfcc\nscale = {name}"
    assert_same(*learned(bench, feats=feats, model="type = logreg", data="db.test_size = 40"), bench)


@pytest.mark.parametrize(
    "feats",
    [
        "type = mfcc",
        "type = os\nset = eGeMAPSv02",
        "type = os\nset = GeMAPSv01b\nlevel = lld",
        "type = praat",
        "type = snr",
        "type = vad",
        "type = lfcc",
        "type = quality",
        "type = ['os', 'mfcc']",
        "type = ['mfcc', 'os']\nfeatures = ['F0semitoneFrom27.5Hz_sma3nz_amean', 'loudness_sma3_amean']",
        "type = ['mfcc', 'os']\nos.features = ['loudness_sma3_amean']",
        "type = praat\nnan_strategy = mean",
        "type = praat\nnan_strategy = median",
        "type = praat\nnan_strategy = zero",
        "type = praat\nnan_strategy = drop",
        "type = mfcc\nbalancing = ros",
    ],
)
def test_feature_sets_and_what_is_done_to_them(bench, feats):
    if "vad" in feats:
        pytest.importorskip("onnxruntime", reason="NOT TESTED: onnxruntime is not installed")
    assert_same(*learned(bench, feats=feats, model="type = svm", data="db.test_size = 40"), bench)


def test_a_picture_of_the_spectrum(bench):
    pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
    options = {
        "feats": "type = spectra",
        "model": "type = cnn",
        "exp": "epochs = 1",
        "data": "db.test_size = 40",
    }
    assert_same(*learned(bench, **options), bench)


def test_a_network_that_was_trained_on_from_sound(bench):
    pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")
    tiny = make_checkpoint("wav2vec", bench.folder / "tiny")
    model = f"type = finetune\npretrained_model = {tiny}\nbatch_size = 4"
    options = {"feats": "type = []", "model": model, "exp": "epochs = 1", "data": "db.test_size = 25"}
    assert_same(*learned(bench, **options), bench)


def test_a_text_feature_reads_the_column_of_the_table(bench):
    pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")
    tiny = make_checkpoint("bert", bench.folder / "tiny")
    frame = bench.table.assign(
        text=np.where(bench.table["emotion"] == "anger", "the dog barks", "a cat sleeps")
    )
    test, said, folder = learned(
        bench,
        frame=frame,
        feats=f"type = bert\nbert.model = {tiny}",
        model="type = logreg",
        data="db.test_size = 40",
    )
    found = pd.concat(predict_segments(open_trained(folder), test[["text"]], Hearing(bench.store, 1)))
    assert list(found["prediction"]) == list(said.prediction)
    with pytest.raises(NkululekoError, match="column"):
        next(predict_segments(open_trained(folder), test[[]], Hearing(bench.store, 1)))


def test_a_number_in_bins(bench):
    data = "db.test_size = 40\ntype = continuous\nlabels = ['short', 'long']\nbins = [-100, 3, 100]"
    test, said, folder = learned(
        bench, frame=with_duration(bench), data=data, target="duration", model="type = xgb"
    )
    assert open_trained(folder).labels == ("short", "long")
    assert_same(test, said, folder, bench)


def test_a_class_that_no_training_sample_has_is_never_likely(bench):
    frame = bench.table
    first = frame["speaker"] == frame["speaker"].iloc[0]
    frame = frame.assign(split=np.where(first, "test", "train"))
    frame = frame[first | (frame["emotion"] != "anger")]
    test, _, folder = learned(
        bench, frame=frame, data="db.split_strategy = database", model="type = xgb", feats="type = mfcc"
    )
    found = predicted(open_trained(folder), test, bench)
    assert (found["p_anger"] == 0).all() and not (found["prediction"] == "anger").any()
    probabilities = found[[name for name in found if name.startswith("p_")]]
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


def test_a_whole_run_and_its_table(bench):
    """Through the door, with the model that the companion process fitted and saved."""
    result = bench.run(model="type = xgb", data="db.test_size = 40")
    found = predicted(open_trained(result.folder), result.predictions[["speaker"]], bench)
    columns = [name for name in result.predictions if name == "prediction" or name.startswith("p_")]
    assert (found[columns] == result.predictions[columns]).all(axis=None)
    by_file = [open_trained(place).name for place in (result.folder / "config.ini", bench.folder / "exp.ini")]
    assert by_file == ["exp", "exp"]


def test_a_cross_validation_keeps_a_model_of_all_data(bench):
    result = bench.run(model="type = svm\nk_fold_cross = 4", feats="type = mfcc")
    found = predicted(open_trained(result.folder), result.predictions[["speaker"]], bench)
    assert len(found) == len(bench.table)
    # it has heard all of them
    assert (found["prediction"] == result.predictions["truth"]).mean() > 0.9


def test_a_committee(bench):
    pytest.importorskip("optuna", reason="NOT TESTED: optuna is not installed")
    bench.ini(
        data="db.test_size = 40",
        rest="[AUTO]\nminutes = 0.2\nfeatures = ['mfcc', 'snr']\nmodels = ['logreg', 'xgb', 'knn']\n"
        "scale = ['standard', 'speaker']",
    )
    result = auto.run(bench.folder / "exp.ini")
    trained = open_trained(result.folder)
    assert trained.committee and sum(expert.weight for expert in trained.experts) == pytest.approx(1)
    found = predicted(trained, result.predictions[["speaker"]], bench)
    columns = [name for name in result.predictions if name == "prediction" or name.startswith("p_")]
    assert (found[columns] == result.predictions[columns]).all(axis=None)


def test_the_data_may_be_gone(own_corpus, tmp_path):
    """The model is used elsewhere: neither the databases nor the experiment's file are needed."""
    bench = own_corpus
    result = bench.run(model="type = nb")
    files = result.predictions.index[:3]
    copies = [shutil.copy(file, tmp_path / f"copy{place}.wav") for place, (file, *_) in enumerate(files)]
    moved = shutil.move(result.folder, tmp_path / "elsewhere")
    shutil.rmtree(bench.corpus)
    (bench.folder / "exp.ini").unlink()
    samples = pd.DataFrame(index=segmented_index([str(path) for path in copies]))
    found = pd.concat(predict_segments(open_trained(moved), samples, Hearing(bench.store, 1)))
    assert list(found["prediction"]) == list(result.predictions["prediction"][:3])


class TestSpeakers:
    """What a model needs that sets a recording against the speaker's others."""

    @pytest.fixture
    def trained(self, bench):
        options = {
            "feats": "type = mfcc\nscale = speaker",
            "model": "type = svm",
            "data": "db.test_size = 40",
        }
        test, _, folder = learned(bench, **options)
        return test, open_trained(folder)

    def test_it_says_so(self, trained, bench):
        test, model = trained
        with pytest.raises(NkululekoError, match=r"must know who speaks.*--speaker"):
            predicted(model, test.drop(columns="speaker"), bench)
        some = test.assign(speaker=test["speaker"].mask(np.arange(len(test)) == 1))
        with pytest.raises(NkululekoError, match=f"1 of {len(test)} recordings have no speaker"):
            predicted(model, some, bench)

    def test_other_speakers_do_not_matter(self, trained, bench):
        test, model = trained
        everybody = predicted(model, test, bench)
        mine = test["speaker"] == test["speaker"].iloc[0]
        alone = predicted(model, test[mine], bench)
        pd.testing.assert_frame_equal(alone, everybody[mine.to_numpy()], check_exact=False, rtol=1e-6)


class TestBadInput:
    """What cannot be used has a line that says why."""

    def test_no_run(self, bench):
        (bench.folder / "empty").mkdir()
        for place, what in (("nowhere", "no such folder"), ("empty", "no trained experiment")):
            with pytest.raises(NkululekoError, match=what):
                open_trained(bench.folder / place)

    def test_a_folder_of_runs_names_them(self, bench):
        bench.run(model="type = nb")
        with pytest.raises(NkululekoError, match="below it there are: exp"):
            open_trained(bench.folder / "results")

    def test_a_run_that_kept_no_model(self, bench):
        result = bench.run(model="type = nb\nsave = False")
        with pytest.raises(NkululekoError, match=r"kept no model.*MODEL.save = True"):
            open_trained(result.folder)

    @pytest.mark.parametrize(
        ("change", "what"),
        [
            ({"format": 99}, "has format 99, this version reads"),
            ({"model": "no_such_model"}, "unknown model"),
            ({"classes": 3, "context": 5}, "is not complete or not of ours"),
        ],
    )
    def test_files_of_another_version_or_kind(self, bench, change, what):
        folder = bench.run(model="type = nb").folder
        path = folder / "models" / "pipeline.json"
        path.write_text(json.dumps(json.loads(path.read_text()) | change))
        with pytest.raises(NkululekoError, match=what):
            open_trained(folder)

    @pytest.mark.parametrize("file", ["pipeline.json", "imputer.npz", "scaler.npz"])
    def test_broken_files(self, bench, file):
        folder = bench.run(model="type = nb").folder
        (folder / "models" / file).write_bytes(b"no such thing")
        with pytest.raises(NkululekoError, match="people you trust"):
            open_trained(folder)

    def test_a_committee_that_points_elsewhere(self, bench):
        folder = bench.run(model="type = nb").folder
        row = {"folder": "../..", "features": "mfcc", "sets": {"name": "mfcc", "options": {}}}
        text = json.dumps({"format": 1, "labels": [], "members": [row | {"weight": 1, "temperature": 1}]})
        (folder / "models" / "committee.json").write_text(text)
        with pytest.raises(NkululekoError, match="no plain name of a folder"):
            open_trained(folder)

    def test_other_features_than_those_of_the_run(self, bench):
        result = bench.run(model="type = nb")
        config = result.folder / "config.ini"
        config.write_text(
            config.read_text().replace("['mfcc']", "['snr']").replace("type = mfcc", "type = snr")
        )
        with pytest.raises(NkululekoError, match="not those that the model learned from"):
            predicted(open_trained(result.folder), result.predictions, bench)

    def test_bad_audio_among_good_has_a_row_with_the_reason(self, bench, tmp_path):
        import soundfile

        result = bench.run(model="type = xgb")
        good = [str(file) for file in result.predictions.index.get_level_values("file")[:2]]
        (tmp_path / "text.wav").write_text("this is no sound")
        (tmp_path / "empty.wav").write_bytes(b"")
        soundfile.write(tmp_path / "click.wav", np.zeros(5), 16000)
        bad = [str(tmp_path / f"{name}.wav") for name in ("text", "empty", "click", "missing")]
        samples = pd.DataFrame(index=segmented_index([good[0], *bad, good[1]]))
        found = pd.concat(predict_segments(open_trained(result.folder), samples, Hearing(bench.store, 1)))
        assert list(found["prediction"].notna()) == [True, False, False, False, False, True]
        assert list(found["prediction"].iloc[[0, 5]]) == list(result.predictions["prediction"][:2])
        for row, what in ((1, "no readable audio"), (2, "empty file"), (3, "short"), (4, "does not exist")):
            assert what in found["error"].iloc[row]

    def test_missing_values_where_the_run_dropped_such_samples(self, bench, tmp_path):
        import soundfile

        _, _, folder = learned(bench, feats="type = praat\nnan_strategy = drop", model="type = svm")
        hiss = np.random.default_rng(1).normal(0, 0.01, 16000)
        soundfile.write(tmp_path / "hiss.wav", hiss, 16000)  # nobody speaks: no pitch
        samples = pd.DataFrame(index=segmented_index([str(tmp_path / "hiss.wav")]))
        found = next(predict_segments(open_trained(folder), samples, Hearing(bench.store, 1)))
        assert found["prediction"].isna().all()
        assert "nan_strategy = drop" in found["error"].iloc[0]


class TestPieces:
    """Long recordings, cut."""

    def test_pieces_cover_the_whole(self, bench):
        samples = pd.DataFrame({"speaker": ["x"]}, index=segmented_index([bench.table["file"].iloc[0]]))
        cut = windows(samples, 0.5, Hearing(bench.store, 1))
        starts, ends = (cut.index.get_level_values(side).total_seconds() for side in ("start", "end"))
        assert starts[0] == 0 and (starts[1:] == ends[:-1]).all() and (ends - starts <= 0.5 + 1e-9).all()
        import soundfile

        assert ends[-1] == pytest.approx(soundfile.info(bench.table["file"].iloc[0]).duration)
        assert set(cut["speaker"]) == {"x"}

    def test_hours_are_not_read_as_a_whole(self, bench, tmp_path):
        import soundfile

        folder = bench.run(model="type = xgb").folder
        noise = np.random.default_rng(1).normal(0, 0.1, 8000).astype("float32")
        with soundfile.SoundFile(tmp_path / "hours.flac", "w", 1000, 1) as file:
            for _ in range(int(LONGEST / 8) + 1):
                file.write(noise)
        samples = pd.DataFrame(index=segmented_index([str(tmp_path / "hours.flac")]))
        found = next(predict_segments(open_trained(folder), samples, Hearing(bench.store, 1)))
        assert "30 minutes long" in found["error"].iloc[0] and "--window" in found["error"].iloc[0]
        cut = windows(samples, 10, Hearing(bench.store, 1))
        assert len(cut) == int(np.ceil((LONGEST + 8) / 10))


def test_portions_change_nothing(bench, monkeypatch):
    import nkululeko.steps.apply_files as module

    result = bench.run(model="type = xgb", data="db.test_size = 40")
    trained = open_trained(result.folder)
    whole = predicted(trained, result.predictions[["speaker"]], bench)
    monkeypatch.setattr(module, "PORTION", 5)
    parts = list(predict_segments(trained, result.predictions[["speaker"]], Hearing(bench.store, 1)))
    assert len(parts) == -(-len(whole) // 5)
    pd.testing.assert_frame_equal(pd.concat(parts), whole, check_exact=False, rtol=1e-6)

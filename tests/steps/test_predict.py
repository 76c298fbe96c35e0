"""The door predict on databases: new columns, and a table that is a database again."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nkululeko import predict
from nkululeko.core.errors import NkululekoError
from nkululeko.core.samples import from_csv
from nkululeko.features.snr import Snr


def file_of(bench, targets: str, *, frame=None, rest: str = "", data: str = "", name: str = "labelled"):
    bench.csv(bench.table if frame is None else frame, "new.csv")
    return bench.write(
        f"[EXP]\nroot = results\nname = {name}\nstore = {bench.store}\n"
        f"[DATA]\ndatabases = ['new']\nnew = new.csv\nnew.type = csv\ntarget = emotion\n{data}\n"
        f"[PREDICT]\ntargets = {targets}\n{rest}\n",
        "predict.ini",
    )


def test_a_feature_becomes_a_column(bench):
    from nkululeko.audio.read import read_segment

    predicted = predict.run(file_of(bench, "['snr']"))
    path = predicted.files["new"]
    assert path == bench.folder / "results" / "labelled" / "new_predicted.csv"
    written = from_csv(path).sort_index()
    assert len(written) == len(bench.table)
    assert {"speaker", "emotion", "gender", "snr_pred"} <= set(written)
    for (file, *_), value in written["snr_pred"].iloc[::20].items():
        assert value == pytest.approx(float(Snr().extract(*read_segment(file))[0]), rel=1e-5)
    truth = bench.table.set_index("file")["emotion"]
    assert (written["emotion"].to_numpy() == truth[written.index.get_level_values("file")].to_numpy()).all()


def test_the_table_is_a_database_again(bench):
    predict.run(file_of(bench, "['snr']"))
    text = (
        f"[EXP]\nroot = results\nname = again\nstore = {bench.store}\ntype = regression\n[DATA]\ndatabases = ['p']\n"
        "p = results/labelled/new_predicted.csv\np.type = csv\np.absolute_path = True\ntarget = snr_pred\n"
        "[FEATS]\ntype = mfcc\n[MODEL]\ntype = tree_reg\n"
    )
    import nkululeko

    result = nkululeko.run(bench.write(text, "again.ini"))
    assert result.headline.label == "CCC" and len(result.predictions) > 0


def test_a_trained_experiment_is_a_target(bench):
    """The samples that were its test set get what they had there."""
    result = bench.run(model="type = xgb", data="db.test_size = 40")
    predicted = predict.run(file_of(bench, "['results/exp', 'snr']"))
    samples = predicted.samples.loc[result.predictions.index]
    assert list(samples["emotion_pred"]) == list(result.predictions["prediction"])
    labels = sorted(set(bench.table["emotion"]))
    for label in labels:
        np.testing.assert_allclose(samples[f"emotion_p_{label}"], result.predictions[f"p_{label}"], rtol=1e-5)
    np.testing.assert_allclose(
        samples["emotion_confidence"],
        result.predictions[[f"p_{label}" for label in labels]].max(axis=1),
        rtol=1e-5,
    )
    assert list(samples["emotion"]) == list(result.predictions["truth"])  # the labels of people stay


def test_two_experiments_of_one_target_are_told_apart(bench):
    bench.run(model="type = xgb")
    bench.run(model="type = nb", overrides=("EXP.name=other",))
    predicted = predict.run(file_of(bench, "['results/exp', 'results/other']"))
    assert {"emotion_pred", "emotion_other_pred"} <= set(predicted.samples)


def test_speakers_are_those_of_the_data(bench):
    result = bench.run(model="type = svm", feats="type = mfcc\nscale = speaker", data="db.test_size = 40")
    predicted = predict.run(file_of(bench, "['results/exp']"))
    again = predicted.samples.loc[result.predictions.index, "emotion_pred"]
    assert list(again) == list(result.predictions["prediction"])


def test_samples_without_a_label_are_predicted_too(bench):
    frame = bench.table
    frame.loc[::2, "emotion"] = None
    predicted = predict.run(file_of(bench, "['snr']", frame=frame))
    assert len(predicted.samples) == len(frame) and predicted.samples["snr_pred"].notna().all()
    nobody = frame.assign(emotion=None)
    assert len(predict.run(file_of(bench, "['snr']", frame=nobody)).samples) == len(frame)


def test_only_a_part_of_the_samples(bench):
    rest = "sample_selection = test"
    predicted = predict.run(file_of(bench, "['snr']", rest=rest, data="new.test_size = 25"))
    assert 0 < len(predicted.samples) < len(bench.table) and set(predicted.samples["split"]) == {"test"}
    with pytest.raises(NkululekoError, match="there is no dev set"):
        predict.run(file_of(bench, "['snr']", rest="sample_selection = dev"))


def test_a_bad_file_costs_a_line_not_the_prediction(own_corpus):
    from pathlib import Path

    bench = own_corpus
    Path(bench.table["file"].iloc[0]).write_text("no sound")
    path = file_of(bench, "['snr']")
    predicted = predict.run(path)
    assert len(predicted.samples) == len(bench.table) - 1
    assert "left out: 1 samples" in (bench.folder / "results" / "labelled" / "predict_log.txt").read_text()


def test_what_was_heard_is_not_heard_again(bench, monkeypatch):
    path = file_of(bench, "['snr']")
    first = predict.run(path)
    monkeypatch.setattr(Snr, "extract", None)  # whoever calls it fails
    again = predict.run(path)
    pd.testing.assert_series_equal(first.samples["snr_pred"], again.samples["snr_pred"])


@pytest.mark.parametrize(
    ("targets", "what"),
    [
        ("[]", "targets is missing"),
        ("['snnr']", "unknown target 'snnr'.*did you mean 'snr'"),
        ("['./nowhere']", "no folder './nowhere'"),
        ("['new.csv']", "is no folder of a trained experiment"),
    ],
)
def test_mistakes_are_told_before_audio_is_read(bench, targets, what):
    frame = bench.table.assign(file="missing.wav")
    with pytest.raises(NkululekoError, match=what):
        predict.run(file_of(bench, targets, frame=frame))


def test_a_network_that_is_not_there(bench, monkeypatch):
    pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(NkululekoError, match=r"target 'gender'.*gender.model ="):
        predict.run(file_of(bench, "['gender']"))


def test_the_command_says_what_came_of_it(bench, capsys):
    assert predict.main(["--config", str(file_of(bench, "['snr']"))]) == 0
    shown = capsys.readouterr().out
    assert "snr_pred  64 predictions: mean" in shown and "new_predicted.csv" in shown
    assert predict.main(["--config", str(file_of(bench, "['snr']")), "--set", "PREDICT.targets=['x']"]) == 1
    assert "unknown target 'x'" in capsys.readouterr().err


class TestSavedModel:
    """A trained experiment, tested on labelled data: what it learned from does not count."""

    def test_its_test_set_has_the_score_of_the_run(self, bench, capsys):
        result = bench.run(model="type = xgb", data="db.test_size = 40")
        (tested,) = predict.run(file_of(bench, "['results/exp']")).tested
        assert tested.samples == len(result.predictions)
        assert tested.heard == len(bench.table) - len(result.predictions)
        assert tested.score.value == pytest.approx(result.headline.value)
        assert (tested.score.low, tested.score.high) == pytest.approx(
            (result.headline.low, result.headline.high)
        )
        assert predict.main(["--config", str(file_of(bench, "['results/exp']"))]) == 0
        shown = capsys.readouterr().out
        assert "that it learned from do not count" in shown and "UAR" in shown

    def test_by_content_not_by_name(self, bench, tmp_path):
        import shutil

        bench.run(model="type = xgb", data="db.test_size = 40")
        split = pd.read_csv(bench.folder / "results" / "exp" / "split.csv")
        frame = bench.table.set_index("file")
        one = split.loc[split["split"] == "train", "file"].iloc[0]
        row = frame.loc[[one]].rename(index={one: shutil.copy(one, tmp_path / "copy.wav")})
        others = frame.loc[split.loc[split["split"] == "test", "file"]]
        mixed = pd.concat([row, others]).reset_index()
        (tested,) = predict.run(file_of(bench, "['results/exp']", frame=mixed)).tested
        assert (tested.samples, tested.heard) == (len(others), 1)

    def test_nothing_to_compare(self, bench):
        bench.run(model="type = xgb\nk_fold_cross = 4")  # has heard all of them
        assert predict.run(file_of(bench, "['results/exp']")).tested == ()
        bench.run(model="type = xgb", data="db.test_size = 40")
        nobody = bench.table.assign(emotion=None)
        assert predict.run(file_of(bench, "['results/exp']", frame=nobody)).tested == ()
        other = bench.table.assign(emotion="unheard of")
        assert predict.run(file_of(bench, "['results/exp']", frame=other)).tested == ()

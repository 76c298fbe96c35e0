"""One recording, heard by a trained experiment: in Python and on the command line."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import audresample
import numpy as np
import pandas as pd
import pytest
import soundfile
from typer.testing import CliRunner

from finished_runs import finish, write_ini
from nkululeko import demo
from nkululeko.cli import app
from nkululeko.core.errors import NkululekoError
from nkululeko.report.demo_page import Moved, answer_page, wrong
from nkululeko.report.demo_words import as_words
from nkululeko.steps.apply import Expert, Trained, open_trained
from nkululeko.steps.apply_files import Hearing
from nkululeko.steps.demo import hear
from nkululeko.steps.learned_rate import as_learned, learned_rate


@pytest.fixture(scope="module")
def home(tmp_path_factory, corpus, store):
    """A folder with the same experiment by several models."""
    folder = tmp_path_factory.mktemp("home")
    ini = write_ini(folder, corpus, store)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        results = {
            "xgb": finish(ini, "xgb", "MODEL.type=xgb"),
            "svm": finish(ini, "svm", "MODEL.type=svm"),
            "age": finish(
                ini, "age", "EXP.type=regression", "DATA.target=age", "MODEL.type=lin_reg", "MODEL.alpha=1"
            ),
        }
    return folder, results


def run_of(home, name="xgb") -> str:
    return str(home[0] / "results" / name)


def wavs_of(home, name="xgb") -> list[str]:
    return [str(file) for file in home[1][name].predictions.index.get_level_values("file")[:3]]


def test_it_says_what_the_run_said(home):
    said = home[1]["xgb"].predictions
    found = demo.run(run_of(home), wavs_of(home), explained=4)
    for place, heard in enumerate(found):
        row = said.iloc[place]
        assert heard.prediction == row["prediction"] and heard.probable and not heard.error
        assert heard.target == "emotion" and heard.remark == ""
        assert list(heard.scores.values()) == sorted(heard.scores.values(), reverse=True)
        assert next(iter(heard.scores)) == heard.prediction
        for label, score in heard.scores.items():
            assert score == pytest.approx(row[f"p_{label}"], abs=1e-6)
        assert 1 <= len(heard.drivers) <= 4
        effects = [abs(driver.effect) for driver in heard.drivers]
        assert effects == sorted(effects, reverse=True)


def test_drivers_are_what_changes_the_answer(home):
    """Put back by hand, the model's probability is lower by just that."""
    trained = open_trained(run_of(home))
    (heard,) = hear(trained, wavs_of(home)[:1], Hearing(trained.store, 1), explained=3)
    pipeline = trained.experts[0].pipeline
    first = heard.drivers[0]
    features = features_of(trained, wavs_of(home)[0])
    column = pipeline.classes.index(heard.prediction)
    base = pipeline.scores(features)[0, column]
    place = pipeline.feature_names.index(first.name)
    assert features[0, place] == first.value
    features[0, place] = pipeline.usual[1, place]
    assert base - pipeline.scores(features)[0, column] == pytest.approx(first.effect)


def features_of(trained, file):
    from nkululeko.audio.probe import probe
    from nkululeko.core.samples import resolve_ends, segmented_index
    from nkululeko.core.store import FeatureStore
    from nkululeko.steps.apply import features_for
    from nkululeko.steps.extract import Extractor

    store = FeatureStore(trained.store)
    audio = probe([file], store)
    index = resolve_ends(segmented_index([file]), {file: audio[file].duration})
    return features_for(trained.experts[0], index, Extractor(store, audio, 1)).features.to_numpy(float).copy()


def test_scores_that_are_no_probabilities(home):
    (heard,) = demo.run(run_of(home, "svm"), wavs_of(home, "svm")[:1], explained=2)
    assert not heard.probable and heard.drivers and heard.prediction == next(iter(heard.scores))
    page = answer_page(heard.target, heard.prediction, heard.scores, False, (), "x")
    assert "no probabilities" in page and "%" not in page.partition("</table>")[0].partition("<table")[2]


def test_numbers(home):
    (heard,) = demo.run(run_of(home, "age"), wavs_of(home, "age")[:1], explained=3)
    assert heard.prediction == pytest.approx(home[1]["age"].predictions["prediction"].iloc[0])
    assert isinstance(heard.prediction, float) and heard.scores == {}
    pipeline = open_trained(run_of(home, "age")).experts[0].pipeline
    weights = pipeline.model.estimator.coef_ / pipeline.scaler.scale
    for driver in heard.drivers:
        expected = weights[pipeline.feature_names.index(driver.name)] * (driver.value - driver.usual)
        assert driver.effect == pytest.approx(expected)


def test_a_committee_adds_its_members_effects(home):
    one = open_trained(run_of(home)).experts[0]
    two = open_trained(run_of(home)).experts[0]
    base = open_trained(run_of(home))
    experts = (
        Expert(one.pipeline, one.sets, weight=0.25, temperature=1.0),
        Expert(two.pipeline, two.sets, weight=0.75, temperature=1.0),
    )
    committee = Trained("c", base.folder, base.target, base.labels, experts, True, base.store)
    file = wavs_of(home)[0]
    (single,) = hear(base, [file], explained=5)
    (both,) = hear(committee, [file], explained=5)
    assert both.prediction == single.prediction
    assert [driver.name for driver in both.drivers] == [driver.name for driver in single.drivers]
    for mine, theirs in zip(both.drivers, single.drivers, strict=True):
        assert mine.effect == pytest.approx(theirs.effect, abs=1e-6)


def test_a_run_that_does_not_know_what_is_usual(home, tmp_path):
    folder = Path(shutil.copytree(run_of(home), tmp_path / "old"))
    file = folder / "models" / "imputer.npz"
    with np.load(file) as arrays:
        fill = arrays["fill"]
    np.savez(file, fill=fill)
    (heard,) = demo.run(folder, wavs_of(home)[:1], explained=3)
    assert heard.prediction and not heard.drivers and "train it again" in heard.unexplained


def test_models_of_speakers_cannot_judge_one_recording(bench, capsys):
    result = bench.run(feats="type = mfcc\nscale = speaker", model="type = nb")
    with pytest.raises(NkululekoError, match="one recording alone cannot be judged"):
        demo.run(result.folder, ["a.wav"])
    for more in ([], ["--web"]):
        assert demo.main([str(result.folder), *more]) == 1
        assert "--csv TABLE" in capsys.readouterr().err


def test_other_sampling_rates(home, tmp_path):
    trained = open_trained(run_of(home))
    file = wavs_of(home)[0]
    signal, rate = soundfile.read(file, dtype="float32")
    assert learned_rate(trained) == rate
    assert as_learned(Path(file), rate, tmp_path) == (Path(file), "")
    high = tmp_path / "high.wav"
    soundfile.write(high, np.repeat(audresample.resample(signal, rate, 3 * rate), 2, axis=0).T, 3 * rate)
    (heard,) = hear(trained, [high])
    assert f"it has {3 * rate} Hz, and the model learned from recordings with {rate} Hz" in heard.remark
    taken, done = as_learned(high, rate, tmp_path)
    assert soundfile.info(taken).samplerate == rate and f"from {3 * rate} Hz to {rate} Hz" in done
    np.testing.assert_allclose(soundfile.read(taken)[0][200:-200], signal[200:-200], atol=2e-2)
    low = tmp_path / "low.wav"
    soundfile.write(low, signal[::2], rate // 2)
    assert as_learned(low, rate, tmp_path)[0] == low  # what is not in it cannot be brought back
    (tmp_path / "bad.wav").write_text("no sound")
    assert as_learned(tmp_path / "bad.wav", rate, tmp_path) == (tmp_path / "bad.wav", "")
    assert learned_rate(Trained("x", tmp_path, "y", (), ())) is None


# the command


def test_in_words(home, capsys):
    wav = wavs_of(home)[0]
    assert demo.main(["--config", run_of(home), "--file", wav]) == 0
    shown = capsys.readouterr().out
    said = home[1]["xgb"].predictions.iloc[0]
    lines = shown.splitlines()
    assert lines[0] == Path(wav).name
    assert lines[1].startswith(f"  emotion: {said['prediction']} (")
    assert [line.split()[0] for line in lines[2:]] == [
        name[2:] for name in said.filter(like="p_").astype(float).sort_values(ascending=False).index
    ]
    assert demo.main([run_of(home, "age"), "--file", wav]) == 0
    assert capsys.readouterr().out.splitlines()[1].startswith("  age: ")


def test_by_the_experiments_file_and_lists(home, capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(home[0])
    shutil.copy(home[0] / "exp.ini", home[0] / "xgb.ini")
    (home[0] / "xgb.ini").write_text((home[0] / "exp.ini").read_text().replace("name = exp", "name = xgb"))
    listed = tmp_path / "list.txt"
    listed.write_text("\n".join(wavs_of(home)))
    out = tmp_path / "out.csv"
    assert demo.main(["--config", "xgb.ini", "--list", str(listed), "--outfile", str(out)]) == 0
    table = pd.read_csv(out)
    assert list(table["prediction"]) == list(home[1]["xgb"].predictions["prediction"][:3])
    assert str(out) in capsys.readouterr().err
    text = tmp_path / "out.txt"
    assert demo.main(["--config", "xgb.ini", "--list", str(listed), "--outfile", str(text)]) == 0
    assert text.read_text().count("emotion: ") == 3


def test_as_json(home, capsys):
    done = CliRunner().invoke(app, ["demo", run_of(home), "--file", wavs_of(home)[0], "--format", "json"])
    assert done.exit_code == 0
    (row,) = json.loads(done.stdout)
    assert row["prediction"] == home[1]["xgb"].predictions["prediction"].iloc[0]


def test_bad_files_among_good(home, capsys, tmp_path):
    (tmp_path / "bad.wav").write_text("no sound")
    soundfile.write(tmp_path / "empty.wav", np.zeros(0), 16000)
    bad = [str(tmp_path / name) for name in ("bad.wav", "empty.wav", "missing.wav")]
    arguments = [part for file in [bad[0], wavs_of(home)[0], *bad[1:]] for part in ("--file", file)]
    assert demo.main([run_of(home), *arguments]) == 0
    shown = capsys.readouterr()
    assert shown.out.count("emotion:") == 1 and "no readable audio" in shown.err
    assert "length zero" in shown.err and "does not exist" in shown.err
    assert demo.main([run_of(home), "--file", bad[0]]) == 1
    shown = capsys.readouterr()
    assert "none of 1 recordings could be judged" in shown.err and "Traceback" not in shown.err


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (["--file", "a.wav", "--format", "xls"], "there is no format 'xls'"),
        (["--seconds", "0"], "seconds above 0"),
        (["--seconds", "-1", "--format", "json"], "seconds above 0"),
        (["--list", "/no/such/list"], "cannot be read"),
        (["--web", "--file", "a.wav"], "the page takes recordings itself"),
        (["--web", "--port", "99999"], "choose another port"),
        (["--web", "--host", "no.such.host.invalid"], "cannot be opened"),
    ],
)
def test_mistakes_in_the_call(home, capsys, arguments, what):
    assert demo.main([run_of(home), *arguments]) == 1
    shown = capsys.readouterr()
    assert what in shown.err and shown.out == "" and "Traceback" not in shown.err


def test_no_trained_experiment(tmp_path, capsys):
    assert demo.main([str(tmp_path), "--file", "a.wav"]) == 1
    assert "there is no trained experiment" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        demo.main([])


def test_without_a_file_the_microphone_is_asked(home, capsys, monkeypatch):
    from nkululeko.audio import record

    def missing():
        raise NkululekoError("no microphone can be used", "--mic", "plug one in")

    monkeypatch.setattr(record, "_sounddevice", missing)
    assert demo.main([run_of(home)]) == 1
    assert "no file was named, so the microphone was asked" in capsys.readouterr().err


def test_the_microphone_is_brought_to_the_rate_that_was_learned(home, capsys, monkeypatch):
    """With a device that gives the sound of a file, at three times its rate."""
    from nkululeko.audio import record

    signal, rate = soundfile.read(wavs_of(home)[0], dtype="float32")
    high = audresample.resample(signal, rate, 3 * rate).reshape(-1, 1)

    class Device:
        @staticmethod
        def check_input_settings(channels, samplerate): ...

        @staticmethod
        def rec(frames, samplerate, channels, dtype, blocking):
            return high

    monkeypatch.setattr(record, "_sounddevice", Device)
    monkeypatch.setattr(record, "RATE", 3 * rate)
    (heard,) = demo.run(run_of(home), explained=1)
    said = home[1]["xgb"].predictions.iloc[0]
    assert heard.prediction == said["prediction"] and heard.remark == "" and heard.drivers
    assert not Path(heard.file).exists()  # it is forgotten
    assert demo.main([run_of(home), "--format", "json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["prediction"] == said["prediction"]


def test_the_module(home):
    command = [sys.executable, "-m", "nkululeko.demo", "--config", run_of(home), "--file", wavs_of(home)[0]]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=120)
    assert ended.returncode == 0 and "emotion: " in ended.stdout


# in words and on the page


def test_words_without_blocks_and_of_strange_names():
    text = as_words("/x/a\x1b[31m.wav", "emotion", "anger", {"anger": 0.9, "\x07fear": 0.1}, True, "#")
    assert "\x1b" not in text and "\x07" not in text and "#" * 22 in text


def test_the_page_escapes_what_it_shows():
    evil = "<img src=x onerror=alert(1)>"
    moved = [Moved(evil, 1.0, 0.0, 0.5, "high", 0.2), Moved("b", float("nan"), 0.0, 0.5, "missing", -0.1)]
    page = answer_page(evil, evil, {evil: 0.9, "b": 0.1}, True, moved, remark=evil) + wrong(evil)
    assert "<img" not in page and page.count("&lt;img") >= 5
    assert "missing: usually 0 to 0.5" in page and "raises" in page and "lowers" in page


def test_a_bundle_knows_its_rate_and_what_is_usual(home, tmp_path):
    from nkululeko.steps.bundle_write import export_bundle

    place = export_bundle(run_of(home), tmp_path / "bundle").path
    run_rate = learned_rate(open_trained(run_of(home)))
    assert learned_rate(open_trained(place)) == run_rate == soundfile.info(wavs_of(home)[0]).samplerate
    (there,) = demo.run(place, wavs_of(home)[:1], explained=3)
    (here,) = demo.run(run_of(home), wavs_of(home)[:1], explained=3)
    assert there.prediction == here.prediction and there.drivers == here.drivers

"""Fine-tuning as an experiment: from the file to what is left in the run's folder."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest

from checkpoints import make_checkpoint
from nkululeko import nkululeko as door
from nkululeko.config.load import load
from nkululeko.core.errors import ConfigError
from nkululeko.testing.corpus import write_corpus

pytest.importorskip("accelerate", reason="NOT TESTED: accelerate is not installed")
INI = """\
[EXP]
root = ./results
name = tuned
epochs = 2
[DATA]
databases = ['db']
db = ./corpus/corpus.csv
db.type = csv
target = emotion
[FEATS]
type = []
[MODEL]
type = finetune
pretrained_model = ./tiny
device = cpu
head_layers = [8]
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finetune")
    write_corpus(folder / "corpus", speakers=4, utterances_per_emotion=2)
    make_checkpoint("wav2vec", folder / "tiny")
    (folder / "exp.ini").write_text(INI)
    return folder


@pytest.fixture(autouse=True)
def _here(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(project)
    monkeypatch.setenv("NKULULEKO_STORE", str(project / "store"))


def test_what_is_left(project):
    result = door.run("exp.ini")
    folder = project / "results" / "tuned"
    assert result.history is not None and list(result.history["epoch"]) == [1, 2]
    assert (folder / "models" / "model" / "network" / "config.json").exists()
    (logs,) = (folder / "tensorboard").iterdir()
    assert not (folder / "training").exists()
    assert not [
        name for name in ("file", "start", "end") if name in (folder / "report.html").read_text().split()
    ]
    text = (folder / "models" / "pipeline.json").read_text()
    assert "corpus" not in text and str(project) not in text
    door.run("exp.ini", ["EXP.random_seed=3"])
    assert [path.name for path in (folder / "tensorboard").iterdir()] != [logs.name]
    assert len([path for path in (folder / "tensorboard").rglob("events*")]) == 1


def test_recordings_that_cannot_be_used_are_counted(project):
    table = pd.read_csv("corpus/corpus.csv")
    short, broken = (Path("corpus") / name for name in ("short.wav", "broken.wav"))
    import soundfile

    soundfile.write(short, [0.1] * 300, 16000)
    broken.write_bytes(b"RIFF no sound")
    more = [table.iloc[0].to_dict() | {"file": path.name} for path in (short, broken)]
    pd.concat([table, pd.DataFrame(more)]).to_csv("corpus/more.csv", index=False)
    result = door.run("exp.ini", ["DATA.db=./corpus/more.csv", "EXP.name=more", "EXP.epochs=1"])
    assert result.sheet is not None
    reasons = " ".join(result.sheet.chain["reason"].astype(str))
    assert "too short" in reasons and len(result.sheet.chain.query("dropped > 0")) == 2


def test_a_section_of_its_own(project):
    (project / "own.ini").write_text(
        INI.replace(
            "[MODEL]\ntype = finetune\npretrained_model = ./tiny\ndevice = cpu\n",
            "[MODEL]\ntype = finetune\n",
        )
        + "learning_rate = 0.01\n[FINETUNE]\npretrained_model = ./tiny\ndevice = cpu\nbalancing = ros\n"
        "learning_rate = 0.5\nduration = 3\n"
    )
    config = load("own.ini")
    options = config.model.choice.options.model_dump()
    assert (options["learning_rate"], options["max_duration"]) == (0.01, 3)
    assert options["pretrained_model"] == str(project / "tiny")
    assert config.model.device == "cpu" and config.feats.balancing == "ros" and config.notes == ()
    assert load("own.ini", ["FINETUNE.max_duration=5"]).model.choice.options.max_duration == 5  # type: ignore[attr-defined]
    (note,) = [
        line for line in load("own.ini", ["MODEL.type=xgb", "FEATS.type=os"]).notes if "FINETUNE" in line
    ]
    assert note.endswith("section [FINETUNE] has no effect in this run: it is for MODEL.type = finetune")
    again = project / "again.ini"
    again.write_text(config.to_ini())
    assert load(again) == config


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("FINETUNE.learning_rat=1", "unknown option 'learning_rat' in [FINETUNE]"),
        ("MODEL.pooling=middle", "unknown pooling 'middle'"),
        ("MODEL.max_duration=0", "max_duration"),
        (
            "FEATS.balancing=smote",
            "[FEATS] balancing = smote makes up or compares features, and there are none",
        ),
        ("MODEL.device=gpu", "expected cpu, cuda"),
    ],
)
def test_mistakes(change, message):
    with pytest.raises(ConfigError) as caught:
        load("exp.ini", [change])
    assert message in str(caught.value)


def test_options_of_features_have_no_effect_and_say_so():
    notes = " ".join(load("exp.ini", ["FEATS.type=os", "FEATS.scale=standard"]).notes)
    assert "[FEATS] type has no effect in this run: finetune starts from the sound itself" in notes
    assert "[FEATS] scale has no effect" in notes


def test_a_network_that_cannot_be_used_is_told_before_anything_is_loaded(project, capsys):
    assert (
        door.main(
            ["--config", "exp.ini", "--set", "MODEL.pretrained_model=./corpus", "--set", "DATA.db=./gone.csv"]
        )
        == 1
    )
    assert door.main(["--config", "exp.ini", "--set", "MODEL.pretrained_model=./corpus"]) == 1
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert "is no checkpoint: it has no config.json" in error and "Traceback" not in error


def test_killed_and_called_again(project):
    """A real process, really killed, goes on after the epochs that it had finished."""
    command = [
        sys.executable,
        "-m",
        "nkululeko.nkululeko",
        "--config",
        "exp.ini",
        "--set",
        "EXP.name=killed",
        "--set",
        "EXP.epochs=12",
    ]
    waiting = project / "results" / "killed" / "training"
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        began = time.monotonic()
        while not list(waiting.glob("*/checkpoint-*/trainer_state.json")) and time.monotonic() - began < 120:
            assert process.poll() is None, "it was quicker than the test"
            time.sleep(0.05)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    time.sleep(1.0)  # its companion notices that it has gone
    done = subprocess.run(
        [*command, "--set", "EXP.epochs=12"],
        capture_output=True,
        text=True,
        timeout=300,
        env=dict(os.environ),
    )
    assert done.returncode == 0, done.stderr
    log = (project / "results" / "killed" / "log.txt").read_text()
    assert "going on with an interrupted training, after epoch" in log
    result = json.loads((project / "results" / "killed" / "result.json").read_text())
    assert [row["epoch"] for row in result["history"]] == list(range(1, 13))

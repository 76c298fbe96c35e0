"""Every experiment file of ``examples/`` runs through its door, on a small corpus."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from checkpoints import make_checkpoint
from docs_project import EXAMPLES, make_project
from nkululeko import aug_train, augment, explore, export, multidb, predict, quickstart, resample, segment
from nkululeko.config.load import RUN, load
from nkululeko.nkululeko import main
from nkululeko.testing.corpus import write_corpus
from nkululeko.testing.speech import STYLES

FILES = sorted(path.stem for path in EXAMPLES.glob("*.ini"))
#: files for another door than train
DOORS = {
    "auto": "auto",
    "optim": "optim",
    "flags": "flags",
    "multidb": "multidb",
    "ensemble": "ensemble",
    "compare": "compare",
    "explore": "explore",
    "predict": "predict",
    "export": "export",
    "segment": "segment",
    "resample": "resample",
    "augment": "augment",
}
NEEDED = {
    "praat_svm": "parselmouth", "two_feature_sets": "parselmouth", "emodb_audb": "audb", "filters": "onnxruntime",
    "mlp": "torch", "mlp_layers": "torch", "spectra_cnn": "torch", "lstm_frames": "torch", "runs": "torch",
    "wav2vec": "transformers", "finetune": "peft",
}  # fmt: skip


@dataclass(frozen=True)
class Left:
    """What a run left behind."""

    folder: Path
    result: dict
    config: str
    images: list[str]
    report: int


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_project(tmp_path_factory.mktemp("examples"))


@pytest.fixture(scope="module")
def run(project: Path) -> Callable[..., Left]:
    """Runs an example once; later callers get what it left."""
    done: dict[str, Left] = {}

    def door(name: str, *overrides: str) -> Left:
        if name not in done:
            if name == "reuse_split":
                door("base_os_xgb")
            changes = [part for override in overrides for part in ("--set", override)]
            with pytest.MonkeyPatch.context() as patch:
                patch.chdir(project)
                patch.setenv("NKULULEKO_STORE", str(project / "store"))
                assert main(["--config", f"examples/{name}.ini", *changes]) == 0
            own = re.search(r"^name = (\w+)", (EXAMPLES / f"{name}.ini").read_text(), re.MULTILINE)[1]
            folder = project / "results" / "examples" / own
            done[name] = Left(
                folder,
                json.loads((folder / "result.json").read_text()),
                (folder / "config.ini").read_text(),
                sorted(path.name for path in (folder / "images").iterdir()),
                (folder / "report.html").stat().st_size,
            )
        return done[name]

    return door


@pytest.fixture(scope="module")
def repository(project: Path):
    """A repository of audb on the disk; the corpus keeps its own name there."""
    audb = pytest.importorskip("audb", reason="NOT TESTED: audb is not installed")
    (project / "host" / "repository").mkdir(parents=True)
    place = audb.Repository("repository", str(project / "host"), "file-system")
    corpus = write_corpus(project / "small", speakers=5, utterances_per_emotion=1, format="audformat")
    audb.publish(str(corpus), "1.0.0", place, num_workers=1, verbose=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(audb.config, "REPOSITORIES", [place])
        for cache in ("CACHE_ROOT", "SHARED_CACHE_ROOT"):
            patch.setattr(audb.config, cache, str(project / "cache"))
        yield


@pytest.mark.parametrize("name", [name for name in FILES if name not in DOORS])
def test_runs(name, run, project, request, capsys):
    if name in NEEDED:
        pytest.importorskip(NEEDED[name], reason=f"NOT TESTED: {NEEDED[name]} is not installed")
    overrides = []
    if name == "emodb_audb":
        request.getfixturevalue("repository")
        overrides = ["DATA.emodb=synthetic"]
    if name in ("lstm_frames", "spectra_cnn"):  # slow nets; that they learn is tested elsewhere
        overrides = ["EXP.epochs=2"]
    if name == "wav2vec":  # a tiny network of the same kind, which has three layers
        tiny = make_checkpoint("wav2vec-group", project / "models" / "tiny")
        overrides = [f"FEATS.wav2vec.model={tiny}", "FEATS.wav2vec.layer=1"]
    if name == "finetune":
        tiny = make_checkpoint("wavlm", project / "models" / "tiny-wavlm")
        overrides = [f"MODEL.pretrained_model={tiny}", "EXP.epochs=1"]
    left = run(name, *overrides)
    headline = left.result["scores"][left.result["measure"]]
    assert headline["low"] <= headline["value"] <= headline["high"]
    assert left.report > 10_000
    if name != "base_os_xgb":  # reuse_split may have run it
        assert str(left.folder / "report.html") in capsys.readouterr().out.replace("\n", "")
    assert left.images
    assert "no effect" not in " ".join(left.result["notes"]), "an example sets an option that has no effect"


def test_validation_shows_what_its_comments_say(run):
    loso = run("loso").result
    assert len(loso["folds"]["each"]) == 8 and loso["test_samples"] == 64
    assert any("temperature" in line and "dev set" in line for line in run("dev_set").result["decided"])
    dev = run("dev_set").result["sheet"]
    assert {row["split"]: row["speakers"] for row in dev["parts"]} == {"train": 4, "dev": 2, "test": 2}
    across = run("cross_data")
    assert {(row["database"], row["split"]) for row in across.result["sheet"]["parts"]} == {
        ("studio", "train"), ("clinic", "test"),
    }  # fmt: skip
    assert not across.result["warnings"] and "value_counts.png" in across.images
    stated = run("smote").result
    assert stated["labels"] == ["anger", "other"]


def test_runs_have_seeds_of_their_own(run):
    pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
    rows = run("runs").result["runs"]["each"]
    assert [row["seed"] for row in rows] == [42, 43, 44] and sum(row["chosen"] for row in rows) == 1


def test_shows_what_its_comments_say(run):
    assert run("bin_continuous").result["labels"] == ["calm", "middle", "excited"]
    assert run("mfcc_logreg").result["calibration"] is not None
    assert run("mapping").result["sheet"]["chain"][1]["dropped"] == 16  # neutral
    assert any("speakers are in train and in test" in line for line in run("random_split").result["warnings"])
    assert {row["split"] for row in run("two_scales").result["sheet"]["parts"]} == {"train", "test"}
    assert run("segments").result["test_samples"] > run("specified_split").result["test_samples"]
    assert any("rf_reg" in line for line in run("forest_age").result["notes"])
    assert "test_size = 25.0" in run("root_folders").config
    assert "tsne.png" in run("base_os_xgb").images
    assert {Path(name).suffix for name in run("speaker_scale").images} == {".svg"}
    assert any("openSMILE" in line for line in run("regression").result["provenance"]["licences"])


@pytest.mark.parametrize("name", [name for name in FILES if name in DOORS])
def test_other_doors_read_their_files(name, project, monkeypatch):
    """The tests of the doors run searches and leaderboards; here the file must be right."""
    monkeypatch.chdir(project)
    if name == "explore":
        load(Path("examples") / "explore.ini", reads=explore.READS, if_there=("FEATS",))
    elif name == "predict":
        assert set(predict.run(Path("examples") / "predict.ini").files) == {"synthetic"}
    elif name == "multidb":
        grid = multidb.run(Path("examples") / "multidb.ini").grid
        assert not np.isnan(grid.values()).any() and not [line for line in grid.notes if "no effect" in line]
    elif name == "segment":
        pytest.importorskip("onnxruntime", reason="NOT TESTED: onnxruntime is not installed")
        assert segment.run(Path("examples") / "segment.ini").table.exists()
    elif name == "resample":
        assert resample.run(Path("examples") / "resample.ini").converted == 64
    elif name == "augment":
        copies = augment.run(Path("examples") / "augment.ini").copies
        assert copies.made == len(copies.samples) == 32
        load(Path("examples") / "augment.ini", reads=(*RUN, *aug_train.MORE))
    elif name == "export":
        exported = export.run(Path("examples") / "export.ini")
        assert exported.table == project / "results/examples/exported/phrases/phrases.csv"
        assert all((exported.folder / file).is_file() for file in exported.samples["file"])
    else:
        load(Path("examples") / f"{name}.ini", reads=(*RUN, name.upper()))


@pytest.mark.parametrize("name", FILES)
def test_says_how_it_is_called(name):
    head = (EXAMPLES / f"{name}.ini").read_text().split("[EXP]")[0]
    assert f"nkululeko {DOORS.get(name, 'train')} examples/{name}.ini" in head
    assert head.startswith("; ")


def test_readme_of_the_folder_lists_all():
    text = (EXAMPLES / "README.md").read_text()
    assert set(re.findall(r"\[(\w+)\.ini\]\(\1\.ini\)", text)) == set(FILES)


def test_tables_name_files_of_the_corpus(project):
    """``python examples/data/make_tables.py`` makes them anew."""
    tables = {path.stem: pd.read_csv(path).iloc[:, 0].tolist() for path in (EXAMPLES / "data").glob("*.csv")}
    whole = [
        f"quickstart/corpus/wav/s{speaker}_{style.emotion}_{number:02d}.wav"
        for speaker in range(1, quickstart.SPEAKERS + 1)
        for style in STYLES
        for number in range(1, quickstart.UTTERANCES + 1)
    ]
    assert sorted(tables.pop("features")) == sorted(whole)
    for name, files in tables.items():
        assert all((project / file).exists() for file in files), name
    assert not [path for path in EXAMPLES.rglob("*") if path.suffix in (".wav", ".flac")]

"""ONNX of trained experiments: in a bundle, and after a run; compared before it is kept."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import numpy as np
import pytest

from finished_runs import learn, write_ini
from nkululeko import auto, export_model
from nkululeko.core.errors import NkululekoError
from nkululeko.steps import onnx_files
from nkululeko.steps.apply import open_trained

for package in ("onnx", "onnxruntime", "skl2onnx", "onnxmltools"):
    pytest.importorskip(package, reason=f"NOT TESTED: {package} is not installed")

import onnxruntime  # noqa: E402

CARD = json.dumps(
    {
        "name": "exp", "task": "classification", "target": "emotion", "labels": ["anger"], "measure": "uar",
        "scores": {"uar": {"label": "UAR", "value": 0.8, "low": 0.6, "high": 0.9}}, "test_samples": 4,
        "interval": {"unit": "speakers", "groups": 4, "resamples": 1000, "level": 0.95},
    }
)  # fmt: skip


@pytest.fixture
def ini(bench) -> Path:
    return write_ini(bench.folder, bench.corpus, bench.store)


@pytest.mark.parametrize("model", ["svm", "xgb"])
def test_a_bundle_with_onnx(bench, ini, model):
    """From features alone, without any help of ours, the model gives its own answers."""
    folder, _ = learn(ini, "exp", f"MODEL.type={model}", result=CARD)
    made = export_model.export(folder, bench.folder / "b", onnx=True)
    (one,) = made.onnx
    assert one.file == "model.onnx" and "scale =" in one.note
    about = json.loads((made.path / "onnx" / "onnx.json").read_text())
    (described,) = about["models"]
    assert about["labels"] == described["columns"] and described["difference"] < 1e-4
    pipeline = open_trained(folder).experts[0].pipeline
    assert described["features"] == pipeline.feature_names
    rows = np.random.default_rng(1).normal(size=(20, len(pipeline.feature_names))).astype(np.float32)
    session = onnxruntime.InferenceSession(
        made.path / "onnx" / "model.onnx", providers=["CPUExecutionProvider"]
    )
    label, scores = session.run(described["outputs"], {described["input"]: rows})
    assert list(label) == list(pipeline.predict(rows))
    np.testing.assert_allclose(scores, pipeline.scores(rows), atol=1e-4)
    assert open_trained(made.path).name == "exp"  # the manifest lists it, too


def test_after_a_run(bench):
    result = bench.run(model="type = svm", exp="export_onnx = True", data="db.test_size = 40")
    assert {path.name for path in (result.folder / "onnx").iterdir()} == {"model.onnx", "onnx.json"}
    assert [note for note in result.notes if note.startswith("ONNX: model.onnx takes features")]
    text = (result.folder / "onnx" / "onnx.json").read_text()
    assert str(bench.folder) not in text and str(bench.corpus) not in text
    again = bench.run(model="type = svm", data="db.test_size = 40")
    assert not (again.folder / "onnx" / "model.onnx").exists(), "of an earlier run"


def test_nothing_is_kept_and_something_exported(bench):
    with pytest.raises(NkululekoError, match="export_onnx: only a model that is kept"):
        bench.run(model="type = svm\nsave = False", exp="export_onnx = True")


def test_a_missing_package_is_told_before_anything_runs(bench, ini, monkeypatch):
    find = onnx_files.importlib.util.find_spec
    monkeypatch.setattr(
        onnx_files.importlib.util, "find_spec", lambda name: None if name == "onnxmltools" else find(name)
    )
    with pytest.raises(NkululekoError, match=r'onnxmltools; pip install "nkululeko\[onnx\]"'):
        bench.run(model="type = xgb", exp="export_onnx = True")
    assert not (bench.folder / "results" / "exp" / "models").exists()
    folder, _ = learn(ini, "other", "MODEL.type=xgb", result=CARD)
    with pytest.raises(NkululekoError, match="onnxmltools"):
        export_model.export(folder, bench.folder / "b", onnx=True)
    assert not (bench.folder / "b").exists()
    onnx_files.check_onnx(["svm"])


def test_what_answers_otherwise_is_not_written(bench, ini, monkeypatch):
    from nkululeko.learning.exporting import whole

    folder, _ = learn(ini, "exp", "MODEL.type=svm", result=CARD)
    monkeypatch.setattr(whole, "difference", lambda *given: 0.01)
    made = export_model.export(folder, bench.folder / "b", onnx=True)
    assert not (made.path / "onnx" / "model.onnx").exists()
    assert made.onnx[0].file == "" and "answers otherwise (difference 0.01)" in made.onnx[0].note


def test_what_cannot_be_converted_is_said(bench, ini, monkeypatch, caplog):
    from nkululeko.learning.exporting import models

    monkeypatch.delitem(models.CONVERTERS, "nb")
    folder, _ = learn(ini, "exp", result=CARD)
    made = export_model.export(folder, bench.folder / "b", onnx=True)
    assert "model nb cannot be converted to ONNX" in made.onnx[0].note
    assert open_trained(made.path).name == "exp"
    with caplog.at_level(logging.WARNING, "nkululeko"):
        result = bench.run(model="type = nb", exp="export_onnx = True", data="db.test_size = 40")
    assert [line for line in result.warnings if "cannot be converted to ONNX" in line]


def test_a_scaler_that_stays_outside(bench, ini):
    folder, _ = learn(ini, "exp", "FEATS.scale=speaker", "MODEL.type=svm", result=CARD)
    made = export_model.export(folder, bench.folder / "b", onnx=True)
    assert "takes scaled_features and does: model svm" in made.onnx[0].note


def test_of_a_committee_each_member_has_a_file(bench):
    pytest.importorskip("optuna", reason="NOT TESTED: optuna is not installed")
    rest = "[AUTO]\nminutes = 0.1\nfeatures = ['mfcc']\nmodels = ['logreg', 'nb']\nscale = ['standard', 'speaker']"
    result = auto.run(bench.ini(data="db.test_size = 40", exp="export_onnx = True", rest=rest))
    about = json.loads((result.folder / "onnx" / "onnx.json").read_text())
    experts = open_trained(result.folder).experts
    assert [row["file"] for row in about["models"]] == [
        f"member_{n}.onnx" for n in range(1, len(experts) + 1)
    ]
    assert [row["weight"] for row in about["models"]] == [expert.weight for expert in experts]
    assert [note for note in result.notes if note.startswith("ONNX: member_1.onnx")]

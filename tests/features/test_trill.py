"""TRILL: a SavedModel with the same door as TRILL's, run by TensorFlow; without TensorFlow one line says what to do."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from config_files import Project, ini_text
from more_checkpoints import make_trill, trill_weights
from nkululeko.config.load import load
from nkululeko.core.errors import ConfigError, NkululekoError
from nkululeko.core.families import features

RATE = 16000
GOOGLE = "https://tfhub.dev/google/nonsemantic-speech-benchmark/trill/3"
needs_tensorflow = pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None, reason="NOT TESTED: tensorflow is not installed"
)


def make(**options: Any) -> Any:
    plugin = features.load("trill")
    return plugin(plugin.Options(**options))


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).normal(size=round(seconds * RATE)).astype(np.float32)


def test_only_googles_own_models_are_fetched():
    assert make().options.model == GOOGLE
    for stranger in (
        "https://tfhub.dev/stranger/trill/3",
        "http://tfhub.dev/google/nonsemantic-speech-benchmark/trill/3",
        "https://tfhub.dev.example.org/google/nonsemantic-speech-benchmark/trill/3",
        "gs://bucket/trill",
    ):
        with pytest.raises(ValidationError, match="a model of TensorFlow is a program"):
            make(model=stranger)


@pytest.mark.skipif(importlib.util.find_spec("tensorflow") is not None, reason="tensorflow is installed")
def test_without_tensorflow_one_line_says_what_to_do():
    with pytest.raises(NkululekoError) as caught:
        make().check_ready()
    assert str(caught.value) == (
        "feature set 'trill' needs the package tensorflow; pip install \"nkululeko[trill]\""
    )


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(
        NkululekoError, match=r"is no model for feature set 'trill': it has no saved_model.pb"
    ):
        make(model=str(tmp_path)).check_ready()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_trill(tmp_path_factory.mktemp("trill") / "model")


def by_hand(signal: np.ndarray) -> np.ndarray:
    frames = [signal[begin : begin + 400] for begin in range(0, len(signal) - 399, 160)]
    return np.tanh(np.array(frames) @ trill_weights()).mean(0)


@needs_tensorflow
def test_equals_the_model_called_by_hand(folder):
    signal = noise(1.3)
    np.testing.assert_allclose(make(model=str(folder)).extract(signal, RATE), by_hand(signal), atol=1e-5)
    whole = make(model=str(folder), output="layer19")
    expected = np.concatenate([by_hand(signal), 2 * by_hand(signal)])
    np.testing.assert_allclose(whole.extract(signal, RATE), expected, atol=1e-5)
    assert whole.names()[-1] == "trill_0011" and len(make(model=str(folder)).names()) == 6


@needs_tensorflow
def test_what_cannot_be_used(folder, tmp_path):
    extractor = make(model=str(folder))
    with pytest.raises(NkululekoError, match=r"segment of 0.020 s is too short for trill"):
        extractor.extract(noise(0.02), RATE)
    with pytest.raises(NkululekoError, match="needs 16000 Hz, not 8000 Hz"):
        extractor.extract(noise(1), 8000)
    for bad in (np.empty(0, np.float32), np.full(RATE, np.nan, np.float32)):
        with pytest.raises(NkululekoError, match="is empty, or holds values"):
            extractor.extract(bad, RATE)
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "x").write_bytes(b"")
    (tmp_path / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(NkululekoError, match="cannot be loaded"):
        make(model=str(tmp_path)).extract(noise(1), RATE)


@needs_tensorflow
def test_a_changed_model_has_another_version(folder, tmp_path):
    copy = Path(shutil.copytree(folder, tmp_path / "copy"))
    assert make(model=str(copy)).version() == make(model=str(folder)).version()
    (data,) = copy.glob("variables/*.data*")
    first, *others = data.read_bytes()
    data.write_bytes(bytes([first ^ 255, *others]))
    assert make(model=str(copy)).version() != make(model=str(folder)).version()


def test_in_the_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    project = Project(tmp_path)
    other = GOOGLE.replace("trill/3", "trill-distilled/3")
    (choice,) = load(project.write(ini_text(FEATS=f"type = trill\nmodel = {other}"))).feats.sets
    assert choice.options.model == other
    with pytest.raises(ConfigError, match=r"a model of TensorFlow is a program, and this is not the address"):
        load(project.write(ini_text(FEATS="type = trill\ntrill.model = https://example.org/trill/3")))

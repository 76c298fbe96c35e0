"""CLAP: equal to the model called by hand, pieces of long recordings, nothing left to chance."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkpoints import make_checkpoint
from config_files import Project, ini_text
from more_checkpoints import MORE
from nkululeko.config.load import load
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features
from nkululeko.pretrained.batches import cut

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
hf = pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")

RATE = 48000
KINDS = MORE["clap"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("clap")
    return {kind: make_checkpoint(kind, base / kind) for kind in KINDS}


def sound(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    tone = np.sin(2 * np.pi * (300 + 200 * seed) * time * (1 + 0.1 * time))
    return (0.2 * tone + 0.1 * np.sin(3 * time) * rng.normal(size=len(time))).astype(np.float32)


def make(folder: Path, **options: Any) -> Any:
    plugin = features.load("clap")
    return plugin(plugin.Options(model=str(folder), **options))


def by_hand(folder: Path, signal: np.ndarray) -> np.ndarray:
    """As transformers' documentation calls the model; of the fused model's extractor without its dice."""
    extractor = hf.ClapFeatureExtractor.from_pretrained(folder)
    inputs = extractor(signal, sampling_rate=RATE, return_tensors="pt")
    inputs["is_longer"] = torch.zeros_like(torch.as_tensor(inputs["is_longer"]))
    with torch.no_grad():
        found = hf.ClapModel.from_pretrained(folder).eval().get_audio_features(**inputs)
    return (found if isinstance(found, torch.Tensor) else found.pooler_output)[0].numpy()


@pytest.mark.parametrize("kind", KINDS)
def test_equals_the_model_called_by_hand(folders, kind):
    signal = sound(1.3)
    row = make(folders[kind]).extract(signal, RATE)
    np.testing.assert_allclose(row, by_hand(folders[kind], signal), atol=1e-5)
    assert row.shape == (12,) and np.linalg.norm(row) == pytest.approx(1, abs=1e-5)
    other = make(folders[kind]).extract(sound(1.3, 3), RATE)
    assert np.abs(row - other).max() > 1e-3


def test_long_recordings_are_the_mean_of_their_pieces(folders):
    signal = sound(14)
    spans = cut(len(signal), 10 * RATE, RATE)
    pieces = [by_hand(folders["clap"], signal[a:b]) for a, b in spans]
    assert len(pieces) == 2
    row = make(folders["clap"]).extract(signal, RATE)
    np.testing.assert_allclose(row, np.mean(pieces, axis=0), atol=1e-5)
    assert np.abs(make(folders["clap"], chunk=8).extract(signal, RATE) - row).max() > 1e-5


@pytest.mark.parametrize("kind", KINDS)
def test_company_changes_nothing(folders, kind):
    extractor = make(folders[kind], batch_size=2)
    signals = [sound(seconds, seed) for seed, seconds in enumerate((0.3, 12, 0.025))]
    together = extractor.extract_batch([extractor.prepare(signal, RATE) for signal in signals])
    np.testing.assert_allclose(together, [extractor.extract(s, RATE) for s in signals], atol=1e-5)


def test_what_cannot_be_used(folders, tmp_path):
    with pytest.raises(
        NkululekoError, match=r"segment of 0.020 s is too short for clap; it needs at least 0.025 s"
    ):
        make(folders["clap"]).extract(sound(0.02), RATE)
    with pytest.raises(NkululekoError, match="needs 48000 Hz, not 16000 Hz"):
        make(folders["clap"]).extract(sound(1), 16000)
    with pytest.raises(NkululekoError, match="not numbers"):
        make(folders["clap"]).extract(np.full(RATE, np.nan, np.float32), RATE)
    other = shutil.copytree(folders["clap"], tmp_path / "other")
    said = json.loads((other / "preprocessor_config.json").read_text())
    (other / "preprocessor_config.json").write_text(json.dumps(said | {"sampling_rate": 44100}))
    with pytest.raises(
        NkululekoError, match="is a network for 44100 Hz; feature set 'clap' takes those for 48000"
    ):
        make(other).version()
    with pytest.raises(NkululekoError, match="is a network of type 'wavlm'; feature set 'clap' takes clap"):
        make(make_checkpoint("wavlm", tmp_path / "wavlm")).check_ready()


def test_other_spellings_name_models_of_laion(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (choice,) = load(Project(tmp_path).write(ini_text(FEATS="type = clap-htsat-fused"))).feats.sets
    assert (choice.name, choice.options.model) == ("clap", "laion/clap-htsat-fused")

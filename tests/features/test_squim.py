"""SQUIM: against torchaudio's networks called by hand, where torchaudio is there; the way up to them always.

The weights are random, for those of torchaudio would have to be fetched. They are stored and loaded as a user's file
would be.
"""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
import soundfile

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features
from nkululeko.features import _squim as squim_module
from nkululeko.features.mos import Mos, clean_speech
from nkululeko.features.squim import Squim
from nkululeko.testing.speech import SENTENCES, VOICES, style, synthesise

RATE = 16000


def voice(number: int = 0) -> np.ndarray:
    """0.8 s of it: the networks are slow."""
    signal = synthesise(VOICES[number], style("neutral"), SENTENCES[number], seed=1).astype(np.float32)
    return signal[2000 : 2000 + RATE * 8 // 10]


@pytest.fixture
def torchaudio() -> ModuleType:
    """The real package; it must fit torch, so it may be there and yet be of no use."""
    try:
        importlib.import_module("torchaudio.models")
        return importlib.import_module("torchaudio")
    except Exception as problem:
        pytest.skip(f"NOT TESTED: SQUIM's values need a torchaudio that fits torch ({problem})")


def saved(torchaudio: Any, build: str, path: Path) -> Any:
    """A network of random weights, which are in the file."""
    torch = pytest.importorskip("torch", reason='NOT TESTED: pip install "nkululeko[torch]"')
    torch.manual_seed(0)
    network = getattr(torchaudio.models, build)()
    if path.suffix == ".safetensors":
        importlib.import_module("safetensors.torch").save_file(network.state_dict(), path)
    else:
        torch.save(network.state_dict(), path)
    return network.eval()


@pytest.mark.parametrize("name", ["weights.pth", "weights.safetensors"])
def test_values_are_those_of_the_network_called_by_hand(torchaudio, tmp_path, name):
    import torch

    network = saved(torchaudio, "squim_objective_base", tmp_path / name)
    extractor = Squim(Squim.Options(model=str(tmp_path / name)))
    with torch.inference_mode():
        expected = [float(score) for score in network(torch.from_numpy(voice()[None]))]
    np.testing.assert_allclose(extractor.extract(voice(), RATE), expected, rtol=1e-5)
    both = extractor.extract_batch([extractor.prepare(voice(place), RATE) for place in (1, 0)])
    np.testing.assert_allclose(both[1], expected, rtol=1e-5)
    assert not np.allclose(both[0], both[1], rtol=1e-4)
    extractor.check_ready()
    assert "weights=" in extractor.version() and extractor.identity() == {}


def test_a_long_recording_is_the_mean_of_its_pieces_and_silence_has_no_values(
    torchaudio, tmp_path, monkeypatch
):
    monkeypatch.setattr(squim_module, "LONGEST", 0.5)
    saved(torchaudio, "squim_objective_base", tmp_path / "w.pth")
    extractor = Squim(Squim.Options(model=str(tmp_path / "w.pth")))
    half = voice()[: RATE // 2]
    other = voice(1)[: RATE // 2]
    values = [extractor.extract(part, RATE) for part in (half, other)]
    together = extractor.extract(np.concatenate([half, other]), RATE)
    np.testing.assert_allclose(together, np.mean(values, axis=0), rtol=1e-5)
    padded = extractor.extract(np.concatenate([half, np.zeros(RATE // 2, np.float32)]), RATE)
    np.testing.assert_allclose(padded, values[0], rtol=1e-5)
    assert np.isnan(extractor.extract(np.zeros(RATE, np.float32), RATE)).all()


def test_a_single_measure_is_a_column_of_squim_and_extracted_with_it(torchaudio, tmp_path):
    saved(torchaudio, "squim_objective_base", tmp_path / "w.pth")
    whole = Squim(Squim.Options(model=str(tmp_path / "w.pth")))
    index = pd.MultiIndex.from_tuples([("a.wav", 0, 1)], names=["file", "start", "end"])
    asked = []

    def extraction(feature_set: Any, rows: pd.MultiIndex) -> pd.DataFrame:
        asked.append(feature_set.plugin_name())
        return pd.DataFrame([feature_set.extract(voice(), RATE)], index=rows, columns=feature_set.names())

    for place, name in enumerate(("stoi", "pesq", "sdr")):
        plugin = features.load(name)
        single = plugin(plugin.Options(model=whole.options.model))
        assert single.names() == [name]
        value = whole.extract(voice(), RATE)[place]
        np.testing.assert_array_equal(single.extract(voice(), RATE), [value])
        assert single.fetch(index, extraction)[name].tolist() == [value]
    assert asked == ["squim"] * 3


def test_the_opinion_score_is_that_of_the_network_with_the_reference(torchaudio, tmp_path):
    import torch

    network = saved(torchaudio, "squim_subjective_base", tmp_path / "w.pth")
    soundfile.write(tmp_path / "clean.wav", voice(2), RATE, subtype="FLOAT")
    extractor = Mos(Mos.Options(model=str(tmp_path / "w.pth"), reference=str(tmp_path / "clean.wav")))
    extractor.check_ready()
    with torch.inference_mode():
        expected = float(network(torch.from_numpy(voice()[None]), torch.from_numpy(voice(2)[None])))
    assert extractor.extract(voice(), RATE)[0] == pytest.approx(expected, rel=1e-5)
    before = extractor.version()
    soundfile.write(tmp_path / "clean.wav", voice(1), RATE, subtype="FLOAT")
    assert extractor.version() != before


@pytest.mark.parametrize("name", ["other.pth", "other.safetensors"])
def test_weights_of_another_network_are_refused(torchaudio, tmp_path, name):
    torch = importlib.import_module("torch")
    state = {"layer.weight": torch.zeros(3, 3)}
    if name.endswith(".pth"):
        torch.save(state, tmp_path / name)
    else:
        importlib.import_module("safetensors.torch").save_file(state, tmp_path / name)
    extractor = Squim(Squim.Options(model=str(tmp_path / name)))
    with pytest.raises(NkululekoError, match="holds no weights of torchaudio's squim_objective_base"):
        extractor.extract(voice(), RATE)


def test_a_file_that_would_run_something_is_refused_and_runs_nothing(tmp_path):
    pytest.importorskip("torch", reason='NOT TESTED: pip install "nkululeko[torch]"')
    ran = tmp_path / "ran"
    # a pickle that calls os.mkdir when it is read, written by hand
    (tmp_path / "bad.pth").write_bytes(b"cos\nmkdir\n(V" + str(ran).encode() + b"\ntR.")
    with pytest.raises(
        NkululekoError, match=r"cannot be read as weights .*expected a PyTorch state dict"
    ) as told:
        squim_module.read_weights(str(tmp_path / "bad.pth"))
    assert not ran.exists() and "\n" not in str(told.value)


def test_without_torchaudio_one_line_says_what_to_install(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch", reason='NOT TESTED: pip install "nkululeko[torch]"')
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
        monkeypatch.delitem(sys.modules, name)
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name == "torchaudio" else find(name, *more)
    )
    for name in ("squim", "stoi", "pesq", "sdr", "mos"):
        with pytest.raises(NkululekoError) as told:
            features.load(name)().check_ready()
        text = str(told.value)
        assert f"feature set '{name}' needs the package torchaudio, of the same make as your torch" in text
        assert torch.__version__ in text and "pip install torchaudio" in text and "\n" not in text


def test_a_torchaudio_that_does_not_fit_is_told_with_its_reason(tmp_path, monkeypatch):
    pytest.importorskip("torch", reason='NOT TESTED: pip install "nkululeko[torch]"')
    package = tmp_path / "torchaudio"
    package.mkdir()
    # what the real one does beside another torch
    (package / "__init__.py").write_text("raise OSError('Could not load this library: _torchaudio.so')\n")
    for name in [name for name in sys.modules if name.partition(".")[0] == "torchaudio"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.syspath_prepend(str(tmp_path))
    expected = r"does not fit your torch .*\(OSError: Could not load this library.*; pip install torchaudio.*--force-re"
    with pytest.raises(NkululekoError, match=expected) as told:
        features.load("squim")().version()
    assert "\n" not in str(told.value)


def test_weights_that_cannot_be_fetched_are_told_with_the_way_out(tmp_path, monkeypatch):
    torch = pytest.importorskip("torch", reason='NOT TESTED: pip install "nkululeko[torch]"')
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    monkeypatch.setattr(squim_module, "ADDRESS", "http://127.0.0.1:9/models/")  # nobody listens there
    with pytest.raises(
        NkululekoError, match=r"could not be fetched .*go on line once, or fetch http.*mos\.model"
    ):
        squim_module.weights_file(squim_module.SUBJECTIVE, None, "mos")
    kept = tmp_path / "torchaudio" / "models" / squim_module.OBJECTIVE.weights
    kept.write_bytes(b"here")
    assert squim_module.weights_file(squim_module.OBJECTIVE, None, "squim") == kept
    mine = tmp_path / "mine.pth"
    assert squim_module.weights_file(squim_module.OBJECTIVE, str(mine), "squim") == mine


def test_unusable_signals_are_refused():
    with pytest.raises(
        NkululekoError, match=r"segment of 0\.300 s is too short for squim; it needs at least 0\.4 s"
    ):
        Squim().prepare(voice()[:4800], RATE)
    with pytest.raises(NkululekoError, match="feature set 'mos' needs 16000 Hz, not 8000 Hz"):
        Mos().prepare(voice(), 8000)
    with pytest.raises(NkululekoError, match="not numbers"):
        Squim().prepare(np.full(RATE, np.nan, np.float32), RATE)


def test_pieces_are_equal_and_lose_nothing():
    for length in (1, RATE, 10 * RATE, 10 * RATE + 1, 47 * RATE + 3):
        signal = np.arange(length, dtype=np.float32)
        parts = squim_module.pieces(signal)
        np.testing.assert_array_equal(np.concatenate(parts), signal)
        assert max(map(len, parts)) <= 10 * RATE and max(map(len, parts)) - min(map(len, parts)) <= 1
        assert len(parts) == max(1, -(-length // (10 * RATE)))


def test_the_reference_is_resampled_shortened_and_must_sound(tmp_path):
    long = np.tile(voice(), 14)
    soundfile.write(tmp_path / "long.wav", np.repeat(long, 3), 3 * RATE)
    assert len(clean_speech(str(tmp_path / "long.wav"), "")) == 10 * RATE
    soundfile.write(tmp_path / "silent.wav", np.zeros(RATE), RATE)
    with pytest.raises(NkululekoError, match=r"no speech to compare with.*name another mos\.reference"):
        clean_speech(str(tmp_path / "silent.wav"), "")
    with pytest.raises(NkululekoError, match=r"there is no mos\.reference; name a good recording"):
        Mos()._reference()


def test_devices_have_names():
    with pytest.raises(ValueError, match=r"expected cpu, cuda, cuda:0 \.\.\. or auto"):
        Squim.Options(device="gpu")

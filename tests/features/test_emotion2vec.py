"""emotion2vec: equal to a network written plainly, the same in any company, weights read as numbers only."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkpoints import make_checkpoint
from nkululeko.config.load import load
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features
from nkululeko.pretrained.batches import cut
from nkululeko.pretrained.emotion2vec import convolutions, slopes

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
hf = pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")

from config_files import Project, ini_text  # noqa: E402
from emotion2vec_net import CONVOLUTIONS, make_emotion2vec  # noqa: E402

RATE = 16000


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NKULULEKO_STORE", str(tmp_path / "store"))


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    tone = 0.2 * np.sin((900 + 2000 * seed) * time)
    return (0.2 * np.sin(5 * time) * rng.normal(size=len(time)) + tone).astype(np.float32)


def make(folder: Path, **options: Any) -> Any:
    plugin = features.load("emotion2vec")
    return plugin(plugin.Options(model=str(folder), **options))


def plain(network: Any, signal: np.ndarray) -> np.ndarray:
    with torch.no_grad():
        return network(torch.from_numpy(signal)).mean(0).numpy()


@pytest.mark.parametrize("norm_first", [False, True])
@pytest.mark.parametrize("per_layer", [False, True])
def test_equals_a_network_written_plainly(tmp_path, norm_first, per_layer):
    network = make_emotion2vec(tmp_path / "model", norm_first, per_layer)
    extractor, signal = make(tmp_path / "model"), noise(0.5)
    row = extractor.extract(signal, RATE)
    np.testing.assert_allclose(row, plain(network, signal), atol=1e-5)
    assert row.shape == (24,) == (len(extractor.names()),) and extractor.names()[7] == "emotion2vec_0007"
    assert np.abs(row - extractor.extract(noise(0.5, 1), RATE)).max() > 1e-2


def test_data2vec_equals_transformers_called_by_hand(tmp_path):
    folder, signal = make_checkpoint("emotion2vec", tmp_path / "data2vec"), noise(1.1)
    inputs = hf.AutoFeatureExtractor.from_pretrained(folder)(signal, sampling_rate=RATE, return_tensors="pt")
    with torch.no_grad():
        model = hf.Data2VecAudioModel.from_pretrained(folder).eval()
        expected = model(inputs["input_values"]).last_hidden_state[0].mean(0).numpy()
    np.testing.assert_allclose(make(folder).extract(signal, RATE), expected, atol=1e-5)


@pytest.mark.parametrize("kind", ["published", "data2vec"])
def test_company_changes_nothing(tmp_path, kind):
    folder = tmp_path / kind
    _ = make_emotion2vec(folder) if kind == "published" else make_checkpoint("emotion2vec", folder)
    extractor = make(folder, batch_size=2)
    signals = [noise(seconds, seed) for seed, seconds in enumerate((0.3, 1, 0.025, 1, 0.6))]
    together = extractor.extract_batch([extractor.prepare(signal, RATE) for signal in signals])
    np.testing.assert_allclose(together, [extractor.extract(s, RATE) for s in signals], atol=1e-5)


def test_long_recordings_are_the_mean_of_their_pieces(tmp_path):
    network, signal = make_emotion2vec(tmp_path / "model"), noise(3)
    pieces = [plain(network, signal[a:b]) for a, b in cut(len(signal), 2 * RATE, RATE)]
    row = make(tmp_path / "model", chunk=2).extract(signal, RATE)
    assert len(pieces) == 2
    np.testing.assert_allclose(row, np.mean(pieces, axis=0), atol=1e-5)


def test_the_shortest_sound(tmp_path):
    make_emotion2vec(tmp_path / "model")
    assert np.isfinite(make(tmp_path / "model").extract(noise(1)[:400], RATE)).all()
    with pytest.raises(NkululekoError, match=r"too short for emotion2vec; it needs at least 0.025 s"):
        make(tmp_path / "model").extract(noise(1)[:399], RATE)


def test_weights_are_converted_once(tmp_path, caplog):
    caplog.set_level(logging.INFO, "nkululeko")
    network = make_emotion2vec(tmp_path / "model")
    version = make(tmp_path / "model").version()
    for _ in range(2):
        make(tmp_path / "model").extract(noise(1), RATE)
    assert sum("converted to safetensors" in line for line in caplog.messages) == 1
    weights = torch.load(tmp_path / "model" / "model.pt", weights_only=True)
    weights["model"]["blocks.1.norm2.bias"] += 1
    torch.save(weights, tmp_path / "model" / "model.pt")
    assert make(tmp_path / "model").version() != version
    np.testing.assert_allclose(
        make(tmp_path / "model").extract(noise(1), RATE), plain(network, noise(1)) + 1, atol=1e-4
    )


def test_weights_in_safetensors(tmp_path):
    from safetensors.torch import save_file

    folder = tmp_path / "model"
    network = make_emotion2vec(folder)
    save_file(torch.load(folder / "model.pt", weights_only=True)["model"], folder / "model.safetensors")
    (folder / "model.pt").unlink()
    np.testing.assert_allclose(make(folder).extract(noise(0.3), RATE), plain(network, noise(0.3)), atol=1e-5)
    (folder / "model.safetensors").write_bytes(b"nothing")
    assert "its weights cannot be read" in refused(folder)


# --- what cannot be used


def refused(folder: Path) -> str:
    with pytest.raises(NkululekoError) as caught:
        extractor = make(folder)
        extractor.check_ready()
        extractor.extract(noise(1), RATE)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_folders_that_are_none(tmp_path, monkeypatch):
    folder = tmp_path / "model"
    make_emotion2vec(folder)
    (folder / "model.pt").rename(folder / "away")
    assert "it has no model.pt; emotion2vec.model is a folder with config.yaml, model.pt" in refused(folder)
    for evil in (b"cos\nsystem\n(S'touch ran'\ntR.", b"no pickle"):
        monkeypatch.chdir(tmp_path)
        (folder / "model.pt").write_bytes(evil)
        assert "in model.pt, which cannot be opened safely" in refused(folder)
    assert not (tmp_path / "ran").exists()
    (folder / "away").replace(folder / "model.pt")
    text = (folder / "config.yaml").read_text()
    for changed, told in (
        (text.replace("embed_dim: 24", "embed_dim: 32"), "do not fit its configuration, e.g. embed_dim"),
        (text.replace("(8, 10, 5)", "(8, 9, 5)"), "e.g. modality_encoders.AUDIO.local_encoder.conv_layers.0"),
        (text.replace("layer_norm_first: false", "layer_norm_first: true"), "e.g. norm.weight"),
        (
            text.replace("[(8, 10, 5)]", "[(__import__('os').getcwd(), 10, 5)]"),
            "does not describe an emotion2vec",
        ),
        (
            text.replace("model: Emotion2vec", "model: Paraformer"),
            "is a model of FunASR of type 'Paraformer'",
        ),
        ("- 1", "does not describe an emotion2vec"),
        ("a: !!python/object/apply:os.getcwd []", "does not describe an emotion2vec (ConstructorError"),
    ):
        (folder / "config.yaml").write_text(changed)
        assert told in refused(folder), told


def test_another_network_is_refused(tmp_path):
    folder = make_checkpoint("wavlm", tmp_path / "wavlm")
    assert "is a network of type 'wavlm'; feature set 'emotion2vec' takes data2vec-audio" in refused(folder)


# --- names


@pytest.mark.parametrize(
    ("written", "model"),
    [
        ("emotion2vec", "emotion2vec/emotion2vec_base"),
        ("emotion2vec-base", "emotion2vec/emotion2vec_base"),
        ("emotion2vec-large", "emotion2vec/emotion2vec_plus_large"),
        ("emotion2vec_plus_seed", "emotion2vec/emotion2vec_plus_seed"),
    ],
)
def test_names_mean_models(tmp_path, monkeypatch, written, model):
    monkeypatch.chdir(tmp_path)
    (choice,) = load(Project(tmp_path).write(ini_text(FEATS=f"type = {written}"))).feats.sets
    assert (choice.name, choice.options.model) == ("emotion2vec", model)


def test_a_model_that_was_fetched_before_is_found_without_network(tmp_path, monkeypatch):
    import huggingface_hub.constants as constants

    commit = "0123456789abcdef" * 2 + "01234567"
    cached = tmp_path / "hub" / "models--emotion2vec--emotion2vec_plus_base"
    make_emotion2vec(cached / "snapshots" / commit)
    (cached / "refs").mkdir()
    (cached / "refs" / "main").write_text(commit)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    plugin = features.load("emotion2vec")
    for name in ("emotion2vec/emotion2vec_plus_base", "iic/emotion2vec_plus_base"):
        extractor = plugin(plugin.Options(model=name))
        assert f"checkpoint=commit={commit};" in extractor.version()
    with pytest.raises(NkululekoError, match="is not on this computer, and HF_HUB_OFFLINE is set"):
        plugin(plugin.Options(model="emotion2vec/emotion2vec_plus_large")).check_ready()


def test_convolutions_and_slopes():
    assert convolutions("[(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512,2,2)] + [(512,2,2)]") == list(
        CONVOLUTIONS
    )
    with pytest.raises(ValueError, match="feature_encoder_spec"):
        convolutions("open('x')")
    assert slopes(8) == [2.0**-n for n in range(1, 9)] and len(slopes(12)) == 12

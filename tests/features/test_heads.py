"""audEERING's networks: equal to their model cards, the same in any company, and told from others."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkpoints import HEADS, card_model, make_checkpoint
from config_files import Project, ini_text
from nkululeko.config.load import load
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features
from nkululeko.pretrained.batches import cut

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
safe = pytest.importorskip("safetensors.torch", reason="NOT TESTED: safetensors is not installed")
hf = pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")

RATE = 16000
OUTPUTS = ["auddim", "agender_agender"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("checkpoints")
    return {kind: make_checkpoint(kind, base / kind) for kind in ("emotion", "age-gender", "wav2vec")}


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.2 * np.sin(5 * time) * rng.normal(size=len(time)) + 0.2 * np.sin(900 * time)).astype(np.float32)


def make(name: str, folder: Path, **options: Any) -> Any:
    plugin = features.load(name)
    return plugin(plugin.Options(model=str(folder), **options))


def by_hand(name: str, folder: Path, signal: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pooled frames and outputs as the model cards compute them, ages in years."""
    model = card_model(HEADS[name]).from_pretrained(folder).eval()
    values = hf.AutoFeatureExtractor.from_pretrained(folder)(signal, sampling_rate=RATE)["input_values"][0]
    with torch.no_grad():
        pooled, outputs = model(torch.from_numpy(values).reshape(1, -1))
    years = 100 if HEADS[name] == "age-gender" else 1
    return pooled[0].numpy(), outputs[0].numpy() * np.array([years, 1, 1, 1][: outputs.shape[1]])


@pytest.mark.parametrize("name", HEADS)
def test_equals_its_model_card(name, folders):
    signal = noise(1.3)
    pooled, outputs = by_hand(name, folders[HEADS[name]], signal)
    row = make(name, folders[HEADS[name]]).extract(signal, RATE)
    np.testing.assert_allclose(row, outputs if name in OUTPUTS else pooled, rtol=1e-4, atol=1e-5)


def test_columns(folders):
    assert make("auddim", folders["emotion"]).names() == ["arousal", "dominance", "valence"]
    ages = make("agender_agender", folders["age-gender"])
    assert ages.names() == ["age", "female", "male", "child"]
    row = ages.extract(noise(1), RATE)
    assert row[1:].sum() == pytest.approx(1, abs=1e-6) and abs(row[0]) > 1  # years
    assert make("agender", folders["age-gender"]).names()[7] == "agender_0007_mean"
    assert make("audwav2vec2", folders["emotion"], pooling=("std",)).names()[31] == "audwav2vec2_0031_std"


@pytest.mark.parametrize("name", OUTPUTS)
def test_company_changes_nothing(name, folders):
    extractor = make(name, folders[HEADS[name]], batch_size=4)
    signals = [noise(seconds, seed) for seed, seconds in enumerate((0.5, 2, 0.025, 1.1, 2, 0.5, 1.7))]
    together = extractor.extract_batch([extractor.prepare(signal, RATE) for signal in signals])
    alone = [extractor.extract(signal, RATE) for signal in signals]
    np.testing.assert_allclose(together, alone, rtol=1e-4, atol=1e-4)


def test_heads_hear_all_frames_of_a_long_recording(folders):
    """The frames of all pieces are averaged, then the head follows: not the other way round."""
    signal = noise(5.2)
    spans = cut(len(signal), 2 * RATE, RATE)
    pooled = [by_hand("agender_agender", folders["age-gender"], signal[a:b])[0] for a, b in spans]
    model = card_model("age-gender").from_pretrained(folders["age-gender"]).eval()
    mean = torch.from_numpy(np.mean(pooled, axis=0))
    with torch.no_grad():
        golden = [100 * model.age(mean).item(), *torch.softmax(model.gender(mean), 0).tolist()]
    row = make("agender_agender", folders["age-gender"], chunk=2).extract(signal, RATE)
    np.testing.assert_allclose(row, golden, rtol=1e-4, atol=1e-5)


def rewrite(source: Path, folder: Path, change: Any) -> Path:
    """A copy of a checkpoint with other weights."""
    shutil.copytree(source, folder)
    weights = safe.load_file(folder / "model.safetensors")
    safe.save_file(change(weights), folder / "model.safetensors", metadata={"format": "pt"})
    return folder


def test_names_of_weights_as_they_were_published(folders, tmp_path):
    """The published files are older than PyTorch's way to name normalised weights."""
    old = {"original0": "weight_g", "original1": "weight_v"}

    def rename(weights: dict) -> dict:
        for new, known in old.items():
            (key,) = (key for key in weights if key.endswith(f"parametrizations.weight.{new}"))
            weights[key.replace(f"parametrizations.weight.{new}", known)] = weights.pop(key)
        return weights

    folder = rewrite(folders["emotion"], tmp_path / "old", rename)
    names = safe.load_file(folder / "model.safetensors")
    assert {"classifier.out_proj.bias", "wav2vec2.encoder.pos_conv_embed.conv.weight_g"} <= set(names)
    expected = make("auddim", folders["emotion"]).extract(noise(1), RATE)
    np.testing.assert_allclose(make("auddim", folder).extract(noise(1), RATE), expected, atol=1e-6)


def test_weights_in_several_files_and_in_half_precision(folders, tmp_path):
    model = card_model("age-gender").from_pretrained(folders["age-gender"])
    expected = make("agender_agender", folders["age-gender"]).extract(noise(1), RATE)
    for name, dtype, error in (("shards", torch.float32, 1e-6), ("half", torch.bfloat16, 0.2)):
        folder = tmp_path / name
        model.to(dtype).save_pretrained(folder, max_shard_size="20KB")
        shutil.copy(folders["age-gender"] / "preprocessor_config.json", folder)
        assert len(list(folder.glob("model-*.safetensors"))) > 1
        row = make("agender_agender", folder).extract(noise(1), RATE)
        np.testing.assert_allclose(row, expected, rtol=error, atol=error)


def test_older_checkpoints_in_a_pickle(folders, tmp_path, monkeypatch):
    monkeypatch.setenv("NKULULEKO_STORE", str(tmp_path / "store"))
    shutil.copytree(folders["emotion"], tmp_path / "old")
    weights = safe.load_file(tmp_path / "old" / "model.safetensors")
    torch.save(weights, tmp_path / "old" / "pytorch_model.bin")
    (tmp_path / "old" / "model.safetensors").unlink()
    expected = make("auddim", folders["emotion"]).extract(noise(1), RATE)
    np.testing.assert_array_equal(make("auddim", tmp_path / "old").extract(noise(1), RATE), expected)


def refused(name: str, folder: Path) -> str:
    with pytest.raises(NkululekoError) as caught:
        make(name, folder).version()
    assert "\n" not in str(caught.value)
    return str(caught.value).removeprefix(f"{folder}: ")


@pytest.mark.parametrize("name", HEADS)
def test_networks_without_the_head(name, folders):
    other = "age-gender" if HEADS[name] == "emotion" else "emotion"
    for kind in ("wav2vec", other):
        told = refused(name, folders[kind])
        assert told.startswith("has no head '" + ("classifier" if HEADS[name] == "emotion" else "age"))
        assert told.endswith("dense.weight is missing); for any other network set FEATS.type = wav2vec")


def test_heads_with_other_values(folders, tmp_path):
    def shorten(weights: dict) -> dict:
        for kind in ("weight", "bias"):
            weights[f"classifier.out_proj.{kind}"] = weights[f"classifier.out_proj.{kind}"][:2].clone()
        return weights

    folder = rewrite(folders["emotion"], tmp_path / "two", shorten)
    assert refused("auddim", folder) == (
        "its head 'classifier' gives 2 values, not arousal, dominance, valence; "
        "for any other network set FEATS.type = wav2vec"
    )
    (folder / "model.safetensors").write_bytes(b"no weights at all")
    assert "model.safetensors: cannot be loaded (" in refused("auddim", folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps(config | {"model_type": "hubert"}))
    assert "is a network of type 'hubert'; feature set 'auddim' takes wav2vec2; take another" in refused(
        "auddim", folder
    )


def test_in_an_experiment_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    config = load(Project(tmp_path).write(ini_text(FEATS="type = ['auddim', 'agender_agender', 'agender']")))
    models = [choice.options.model for choice in config.feats.sets]
    assert models == [
        "audeering/wav2vec2-large-robust-12-ft-emotion-msp-dim",
        *["audeering/wav2vec2-large-robust-24-ft-age-gender"] * 2,
    ]

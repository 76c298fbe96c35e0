"""Speaker embeddings: equal to the model called by hand, the same in any company, clear errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkpoints import make_checkpoint
from more_checkpoints import MORE
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features
from nkululeko.features.spkrec import shortest
from nkululeko.pretrained.batches import cut
from nkululeko.pretrained.loading import Recipe, load_parts

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
hf = pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")

RATE = 16000
KINDS = MORE["spkrec"]


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("spkrec")
    return {kind: make_checkpoint(kind, base / kind) for kind in KINDS}


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    return (
        0.2 * np.sin(5 * time) * rng.normal(size=len(time)) + 0.2 * np.sin((900 + 2000 * seed) * time)
    ).astype(np.float32)


def make(folder: Path, **options: Any) -> Any:
    plugin = features.load("spkrec")
    return plugin(plugin.Options(model=str(folder), **options))


def by_hand(folder: Path, signal: np.ndarray) -> np.ndarray:
    extractor = hf.AutoFeatureExtractor.from_pretrained(folder)
    inputs = extractor(signal, sampling_rate=RATE, return_tensors="pt")
    with torch.no_grad():
        return (
            hf.AutoModelForAudioXVector.from_pretrained(folder)
            .eval()(inputs["input_values"])
            .embeddings[0]
            .numpy()
        )


@pytest.mark.parametrize("kind", KINDS)
def test_equals_the_model_called_by_hand(folders, kind):
    signal = noise(1.2)
    row = make(folders[kind]).extract(signal, RATE)
    expected = by_hand(folders[kind], signal)
    np.testing.assert_allclose(row, expected, atol=1e-5, rtol=1e-5)
    assert row.shape == (20,) and np.linalg.norm(row) != pytest.approx(1, abs=1e-2)  # raw, as it is given out
    assert np.abs(row - make(folders[kind]).extract(noise(1.2, 1), RATE)).max() > 1e-3


@pytest.mark.parametrize("kind", KINDS)
def test_company_changes_nothing(folders, kind):
    extractor = make(folders[kind], batch_size=3)
    signals = [noise(seconds, seed) for seed, seconds in enumerate((0.5, 2, 0.325, 1.1, 2, 0.5))]
    together = extractor.extract_batch([extractor.prepare(signal, RATE) for signal in signals])
    np.testing.assert_allclose(together, [extractor.extract(s, RATE) for s in signals], atol=1e-5, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask")
def test_filled_up_batches_of_transformers_would_change_it(folders):
    """The reason why only pieces of one length go through the network together, even where it takes a mask."""
    folder = folders["spkrec-wavlm"]
    inputs = hf.AutoFeatureExtractor.from_pretrained(folder)(
        [noise(0.6), noise(2, 1)], sampling_rate=RATE, return_tensors="pt", padding=True
    )
    assert "attention_mask" in inputs
    with torch.no_grad():
        found = hf.AutoModelForAudioXVector.from_pretrained(folder).eval()(**inputs).embeddings[0].numpy()
    assert np.abs(found - by_hand(folder, noise(0.6))).max() > 1e-3


def test_long_recordings_are_the_mean_of_their_pieces(folders):
    folder, signal = folders["spkrec-wavlm"], noise(5.2)
    pieces = [by_hand(folder, signal[a:b]) for a, b in cut(len(signal), 2 * RATE, RATE)]
    np.testing.assert_allclose(
        make(folder, chunk=2).extract(signal, RATE), np.mean(pieces, axis=0), atol=1e-5, rtol=1e-5
    )


def test_short_pieces_overlap_by_half(folders):
    """An overlap as long as the piece itself would make a piece of every sample."""
    assert len(make(folders["spkrec-wavlm"], chunk=1).prepare(noise(3), RATE)) == 5


def test_the_shortest_piece(folders):
    extractor = make(folders["spkrec-wavlm"])
    least = shortest(extractor.checkpoint.config)
    assert np.isfinite(extractor.extract(noise(1)[:least], RATE)).all()
    with pytest.raises(NkululekoError, match=r"too short for spkrec; it needs at least 0.325 s"):
        extractor.extract(noise(1)[: least - 1], RATE)


def test_a_network_without_the_head_is_refused(tmp_path):
    folder = make_checkpoint("wavlm", tmp_path / "wavlm")
    with pytest.raises(
        NkululekoError, match=r"do not fit what feature set 'spkrec' needs: \d+ are missing, e.g. feature"
    ):
        make(folder).extract(noise(1), RATE)


def test_models_of_speechbrain_are_refused(tmp_path):
    (tmp_path / "hyperparams.yaml").write_text(
        "embedding_model: !new:speechbrain.lobes.models.ECAPA_TDNN.ECAPA_TDNN\n"
    )
    for model in (tmp_path, "speechbrain/spkrec-ecapa-voxceleb"):
        with pytest.raises(NkululekoError, match=r"is a model of SpeechBrain.*; take one of transformers"):
            make(model).check_ready()


def test_weights_that_cannot_be_read(folders, tmp_path):
    import shutil

    from nkululeko.features._transformer import asker_of

    folder = shutil.copytree(folders["spkrec-wavlm"], tmp_path / "broken")
    checkpoint = make(folder).checkpoint
    (folder / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(NkululekoError, match="cannot be loaded"):
        load_parts(
            checkpoint, Recipe("AutoModelForAudioXVector", "AutoFeatureExtractor"), "cpu", asker_of("spkrec")
        )

"""``pooling = attention``: equal to what transformers gives by hand, the same in any company and over pieces."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from checkpoints import KINDS, make_checkpoint
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features
from nkululeko.pretrained.attention import frame_weights, last_attention
from nkululeko.pretrained.batches import cut

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")
hf = pytest.importorskip("transformers", reason="NOT TESTED: transformers is not installed")

RATE = 16000
CASES = [(name, kind) for name, kinds in KINDS.items() for kind in kinds]
CLASSES = {"wav2vec": "Wav2Vec2Model", "hubert": "HubertModel", "wavlm": "WavLMModel", "ast": "ASTModel"}


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    base = tmp_path_factory.mktemp("checkpoints")
    return {kind: make_checkpoint(kind, base / kind) for _, kind in CASES}


def noise(seconds: float, seed: int = 0) -> np.ndarray:
    """Noise whose level changes: no two moments are alike."""
    rng = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    return (0.2 * np.sin(5 * time) * rng.normal(size=len(time)) + 0.2 * np.sin(900 * time)).astype(np.float32)


def make(name: str, folder: Path, **options: Any) -> Any:
    plugin = features.load(name)
    return plugin(plugin.Options(model=str(folder), **{"pooling": ("attention",)} | options))


def by_hand(name: str, folder: Path, signal: np.ndarray, layer: int = 0) -> np.ndarray:
    """The weighted mean, from the attentions that transformers' own documentation speaks of."""
    values = hf.AutoFeatureExtractor.from_pretrained(folder)(signal, sampling_rate=RATE, return_tensors="pt")
    ask = {"output_hidden_states": True, "output_attentions": True}
    with torch.no_grad():
        if name == "whisper":
            model = hf.WhisperModel.from_pretrained(folder, attn_implementation="eager").eval().encoder
            found = model(values["input_features"], **ask)
        else:
            class_ = getattr(hf, CLASSES[name])
            model = class_.from_pretrained(folder, attn_implementation="eager").eval()
            found = model(values["input_values"], **ask)
    hidden = (found.last_hidden_state if layer == 0 else found.hidden_states[-1 - layer])[0].numpy()
    paid = found.attentions[-1][0].numpy().mean(0)  # over the heads
    assert len(found.attentions) == 3 and np.allclose(paid.sum(1), 1, atol=1e-5)
    keep = np.arange(len(hidden))
    if name == "whisper":
        keep = keep[: int(np.ceil(len(signal) / 320))]
    if name == "ast":
        frames = int(np.ceil((1 + (len(signal) - 400) // 160) / 10))
        keep = 2 + np.flatnonzero(np.arange(len(hidden) - 2) % 19 < frames)
    weights = paid[np.ix_(keep, keep)].sum(0)
    return (weights / weights.sum()) @ hidden[keep]


@pytest.mark.parametrize(
    ("name", "kind", "layer"), [*((*case, 0) for case in CASES), ("wav2vec", "wav2vec", 2)]
)
def test_equals_transformers_called_by_hand(name, kind, layer, folders):
    signal = noise(1.3)
    row = make(name, folders[kind], layer=(layer,)).extract(signal, RATE)
    np.testing.assert_allclose(row, by_hand(name, folders[kind], signal, layer), atol=1e-5)
    mean = make(name, folders[kind], layer=(layer,), pooling=("mean",)).extract(signal, RATE)
    assert np.abs(row - mean).max() > 1e-3


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_company_changes_nothing(name, kind, folders):
    extractor = make(name, folders[kind], batch_size=4)
    signals = [noise(seconds, seed) for seed, seconds in enumerate((0.5, 2, 0.025, 0.5))]
    together = extractor.extract_batch([extractor.prepare(signal, RATE) for signal in signals])
    alone = [extractor.extract(signal, RATE) for signal in signals]
    np.testing.assert_allclose(together, alone, atol=1e-4)


def test_pieces_count_by_their_frames(folders):
    signal = noise(5.2)
    spans = cut(len(signal), 2 * RATE, RATE)
    pieces = [by_hand("wav2vec", folders["wav2vec"], signal[a:b]) for a, b in spans]
    row = make("wav2vec", folders["wav2vec"], chunk=2).extract(signal, RATE)
    np.testing.assert_allclose(row, np.mean(pieces, axis=0), atol=1e-5)  # all are of one length


def test_beside_the_others(folders):
    names = make("wav2vec", folders["wav2vec"], pooling=("std", "attention", "mean"))
    row, columns = names.extract(noise(1), RATE), names.names()
    assert (columns[0], columns[32], columns[64]) == (
        "wav2vec_0000_std", "wav2vec_0000_attention", "wav2vec_0000_mean",
    )  # fmt: skip
    for place, pooling in ((0, "std"), (32, "attention"), (64, "mean")):
        alone = make("wav2vec", folders["wav2vec"], pooling=(pooling,)).extract(noise(1), RATE)
        np.testing.assert_allclose(row[place : place + 32], alone, atol=1e-5)


def test_one_frame_has_all_attention(folders):
    both = make("wav2vec", folders["wav2vec"], pooling=("mean", "attention")).extract(noise(0.025), RATE)
    np.testing.assert_allclose(both[:32], both[32:], atol=1e-6)


def test_weights_of_what_was_filled_up_are_zero():
    attention = torch.softmax(torch.randn(2, 3, 6, 6, generator=torch.Generator().manual_seed(0)), -1)
    valid = torch.tensor([[True, True, False, False], [True] * 4])
    weights = frame_weights(attention, valid)  # two tokens stand before the four frames
    assert weights[0, 2:].abs().max() == 0
    np.testing.assert_allclose(weights.sum(1), 1, atol=1e-6)
    golden = attention[1].mean(0)[2:, 2:].sum(0)
    np.testing.assert_allclose(weights[1], golden / golden.sum(), atol=1e-6)


def test_networks_that_do_not_tell_their_attention():
    config = hf.ResNetConfig(embedding_size=4, hidden_sizes=[4], depths=[1])
    with pytest.raises(NkululekoError) as caught:
        last_attention(hf.ResNetModel(config))
    assert str(caught.value) == (
        "networks of type 'resnet' do not tell what they pay attention to; set pooling = mean"
    )

"""Hours of audio a minute of the feature set ``wav2vec``: in batches, beside one file at a time.

    python benchmarks/bench_embeddings.py [--size tiny] [--files 120] [--device auto] [--runs 3]

The network has random weights, so nothing is fetched; the files are noise of 0.5 to 4 s, as in databases of
emotions. Both ways give the same values; in turn, as machines drift. On a GPU take ``--size base`` and
``large``: the last line then says what share of the card's peak is used,
for dense layers in bfloat16 (``--peak`` in TFLOP/s).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from _measure import header, in_turn, row

from nkululeko.audio.read import read_segment
from nkululeko.core.families import features
from nkululeko.steps.batches import Segment, extract_batches

RATE = 16000
_SIZES: dict[str, dict[str, Any]] = {
    "tiny": {"hidden_size": 128, "num_hidden_layers": 4, "num_attention_heads": 4, "intermediate_size": 256,
             "conv_dim": (64,) * 7},
    "small": {"hidden_size": 384, "num_hidden_layers": 6, "num_attention_heads": 6, "intermediate_size": 1536,
              "conv_dim": (256,) * 7},
    "base": {"hidden_size": 768, "num_hidden_layers": 12, "num_attention_heads": 12, "intermediate_size": 3072},
    "large": {"hidden_size": 1024, "num_hidden_layers": 24, "num_attention_heads": 16, "intermediate_size": 4096},
}  # fmt: skip


def network(size: str, folder: Path) -> Path:
    """A wav2vec 2.0 with random weights, as it would lie on the disk."""
    import transformers as hf

    config = hf.Wav2Vec2Config(
        **_SIZES[size], feat_extract_norm="layer", do_stable_layer_norm=True, conv_bias=True
    )
    hf.Wav2Vec2Model(config).save_pretrained(folder)
    hf.Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True).save_pretrained(folder)
    return folder


def corpus(folder: Path, count: int) -> list[Segment]:
    """Files of noise, and their segments."""
    rng = np.random.default_rng(0)
    segments = []
    for number, seconds in enumerate(rng.uniform(0.5, 4, count)):
        path = folder / f"{number}.wav"
        samples = 0.1 * rng.normal(size=int(seconds * RATE))
        soundfile.write(path, samples, RATE)
        segments.append(Segment(path.name.encode(), str(path), 0.0, len(samples) / RATE))
    return segments


def one_by_one(extractor: Any, segments: list[Segment]) -> float:
    """Seconds of reading a file, extracting it, reading the next."""
    start = time.perf_counter()
    for segment in segments:
        extractor.extract(*read_segment(segment.file, segment.start, segment.end))
    return time.perf_counter() - start


def in_batches(extractor: Any, segments: list[Segment]) -> float:
    """Seconds of the way that runs take."""
    start = time.perf_counter()
    done = sum(len(rows) for rows in extract_batches(extractor, segments, 2))
    assert done == len(segments)
    return time.perf_counter() - start


def operations(size: str, seconds: float) -> float:
    """Floating-point operations of the dense layers, two for each weight and frame."""
    shape = _SIZES[size]
    width, inner, layers = (shape[key] for key in ("hidden_size", "intermediate_size", "num_hidden_layers"))
    return 2 * layers * (4 * width**2 + 2 * width * inner) * 50 * seconds


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", choices=list(_SIZES), default="tiny")
    parser.add_argument("--files", type=int, default=120)
    parser.add_argument("--device", default="auto")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--peak", type=float, default=0.0, help="of the card, in TFLOP/s")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        segments = corpus(Path(folder), given.files)
        plugin = features.load("wav2vec")
        model = network(given.size, Path(folder) / "model")
        extractor = plugin(plugin.Options(model=str(model), device=given.device))
        one_by_one(extractor, segments[:3])  # libraries and network into memory
        batched, single, ratio = in_turn(
            lambda: in_batches(extractor, segments), lambda: one_by_one(extractor, segments), given.runs
        )
    seconds = sum(segment.duration for segment in segments)
    header()
    what = f"wav2vec, {given.size}, {len(segments)} files"
    row(what, f"{batched:.2f} s in batches", f"{single:.2f} s one by one", ratio, 1 / 1.5)
    print(
        f"\n{seconds / 60 / batched:.2f} hours of audio a minute in batches, {seconds / 60 / single:.2f} one by one"
    )
    if given.peak:
        print(f"{operations(given.size, seconds) / batched / given.peak / 1e10:.1f} % of the card's peak")


if __name__ == "__main__":
    main()

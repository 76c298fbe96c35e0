"""A small network of emotion2vec's kind, written plainly after data2vec 2.0, with FunASR's names for its weights."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import torch
from torch import nn

CONVOLUTIONS = ((10, 5), (3, 2), (3, 2), (3, 2), (3, 2), (2, 2), (2, 2))


class Turned(nn.Module):
    def forward(self, x: Any) -> Any:
        return x.transpose(-2, -1)


class Attention(nn.Module):
    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv, self.proj = nn.Linear(width, 3 * width), nn.Linear(width, width)

    def forward(self, x: Any, slopes: Any, scale: Any, extra: int) -> Any:
        """One head after another; distance counts between frames, not with the summary tokens."""
        tokens, width = x.shape
        places = torch.arange(tokens - extra)
        apart = (places[None] - places[:, None]).abs()
        size = width // self.heads
        query, key, value = self.qkv(x).split(width, dim=1)
        heads = []
        for head in range(self.heads):
            part = slice(head * size, (head + 1) * size)
            scores = query[:, part] @ key[:, part].T / math.sqrt(size)
            scores[extra:, extra:] -= slopes[head] * scale[head] * apart
            heads.append(scores.softmax(1) @ value[:, part])
        return self.proj(torch.cat(heads, 1))


class Block(nn.Module):
    def __init__(self, width: int, heads: int, first: bool) -> None:
        super().__init__()
        self.first = first
        self.norm1, self.norm2 = nn.LayerNorm(width), nn.LayerNorm(width)
        self.attn = Attention(width, heads)
        self.mlp = nn.ModuleDict({"fc1": nn.Linear(width, 2 * width), "fc2": nn.Linear(2 * width, width)})

    def forward(self, x: Any, *attention: Any) -> Any:
        def mlp(inner: Any) -> Any:
            return self.mlp["fc2"](nn.functional.gelu(self.mlp["fc1"](inner)))

        if self.first:
            x = x + self.attn(self.norm1(x), *attention)
            found = mlp(self.norm2(x))
            return found + found
        x = self.norm1(x + self.attn(x, *attention))
        return self.norm2(x + mlp(x))


class Plain(nn.Module):
    """Frames of one signal; see the module."""

    def __init__(self, width: int, heads: int, first: bool, per_layer: bool) -> None:
        super().__init__()
        channels, prenet, depth, self.first = 8, 2, 2, first
        sound = nn.Module()
        sound.local_encoder = nn.Module()
        sound.local_encoder.conv_layers = nn.ModuleList(
            nn.Sequential(
                nn.Conv1d(channels if place else 1, channels, kernel, stride, bias=False),
                nn.Dropout(0),
                nn.Sequential(Turned(), nn.LayerNorm(channels), Turned()),
                nn.GELU(),
            )
            for place, (kernel, stride) in enumerate(CONVOLUTIONS)
        )
        sound.project_features = nn.Sequential(Turned(), nn.LayerNorm(channels), nn.Linear(channels, width))
        sound.relative_positional_encoder = nn.Sequential(
            Turned(),
            *(
                nn.Sequential(
                    nn.Conv1d(width, width, 5, padding=2, groups=4), nn.Identity(), Turned(),
                    nn.LayerNorm(width, elementwise_affine=False), Turned(), nn.GELU(),
                )
                for _ in range(3)
            ),
            Turned(),
        )  # fmt: skip
        sound.extra_tokens = nn.Parameter(torch.randn(1, 4, width))
        layers = prenet + depth if per_layer else 1
        sound.alibi_scale = nn.Parameter(torch.rand(layers, 1, heads, 1, 1) - 0.1)
        sound.context_encoder = nn.Module()
        sound.context_encoder.blocks = nn.ModuleList(Block(width, heads, first) for _ in range(prenet))
        if not first:
            sound.context_encoder.norm = nn.LayerNorm(width)
        self.modality_encoders = nn.ModuleDict({"AUDIO": sound})
        self.blocks = nn.ModuleList(Block(width, heads, first) for _ in range(depth))
        if first:
            self.norm = nn.LayerNorm(width)
        self.proj = nn.Linear(width, 9)  # the emotions of the published models: no part of the embedding

    def forward(self, signal: Any) -> Any:
        sound = self.modality_encoders["AUDIO"]
        x = ((signal - signal.mean()) / torch.sqrt(signal.var(unbiased=False) + 1e-5))[None]
        for layer in sound.local_encoder.conv_layers:
            x = layer(x)
        x = sound.project_features(x)
        x = torch.cat([sound.extra_tokens[0], x + sound.relative_positional_encoder(x[None])[0]])
        scales = sound.alibi_scale.clamp(min=0)[:, 0, :, 0, 0]
        if not self.first:
            x = sound.context_encoder.norm(x)
        # 6 heads: those of 4, then every second of 8
        slopes = [1 / 4, 1 / 16, 1 / 64, 1 / 256, 1 / 2, 1 / 8]
        for place, block in enumerate([*sound.context_encoder.blocks, *self.blocks]):
            x = block(x, slopes, scales[place % len(scales)], 4)
        return (self.norm(x) if self.first else x)[4:]


CONFIG = """
model: Emotion2vec
model_conf:
    depth: 2
    num_heads: 6
    norm_eps: 1e-05
    mlp_ratio: 2.0
    embed_dim: 24
    layer_norm_first: {first}
    normalize: true
    modalities:
        audio:
            type: AUDIO
            prenet_depth: 2
            feature_encoder_spec: '[(8, 10, 5)] + [(8, 3, 2)] * 4 + [(8,2,2)] + [(8,2,2)]'
scope_map:
    - 'd2v_model.'
    - none
"""


def make_emotion2vec(folder: Path, first: bool = False, per_layer: bool = True) -> Plain:
    """Save random weights as FunASR lays them, and return the network that they are of."""
    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(3)
        network = Plain(24, 6, first, per_layer).eval()
        for parameter in network.parameters():
            torch.nn.init.normal_(parameter, parameter.mean().item(), 0.2)
    weights = {
        (f"d2v_model.{name}" if first else name): value for name, value in network.state_dict().items()
    }
    torch.save({"model": weights}, folder / "model.pt")
    (folder / "config.yaml").write_text(CONFIG.format(first=str(first).lower()))
    return network

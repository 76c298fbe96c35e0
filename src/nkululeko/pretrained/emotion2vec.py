"""emotion2vec (Ma et al. 2024) from the weights that its authors publish, for FunASR: a data2vec 2.0 network for sound.

Written after the paper, data2vec 2.0 (Baevski et al. 2023) and the names of the weights; only what turns sound into
frames. Convolutions look at the signal, five more say where a frame stands, then come layers of attention in which
distant frames count for less (ALiBi, Press et al. 2022); some summary tokens before the frames are cut off at the end.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from nkululeko.core.errors import NkululekoError
from nkululeko.pretrained._convert import converted
from nkululeko.pretrained.checkpoint import Asker, Checkpoint
from nkululeko.pretrained.loading import Loaded
from nkululeko.pretrained.network import device_of, need_transformers, precision_of

if TYPE_CHECKING:
    from torch import Tensor

#: the files of a model, as FunASR lays them
FILES = ("config.yaml", "model.pt")
#: or this instead of the last
SAFE = "model.safetensors"
_SOUND = "modality_encoders.AUDIO"
_CONVOLUTIONS = "[(512, 10, 5)] + [(512, 3, 2)] * 4 + [(512,2,2)] + [(512,2,2)]"
_loading = Lock()


@dataclass(frozen=True)
class Form:
    """What the weights themselves do not say.

    Args:
        kernels: of the convolutions that look at the signal, in samples or frames
        strides: of the same
        width: dimensions of a frame
        heads: of attention
        epsilon: of the norms
        norm_first: whether a layer normalises what comes in, not what goes out
        normalise: whether the signal is brought to mean 0 and deviation 1
    """

    kernels: tuple[int, ...]
    strides: tuple[int, ...]
    width: int
    heads: int
    epsilon: float
    norm_first: bool
    normalise: bool


def form_of(folder: Path) -> Form:
    """What ``config.yaml`` says of the network, read as plain data.

    Raises:
        NkululekoError: it is no emotion2vec, or its description cannot be read
    """
    import yaml  # type: ignore[import-untyped]

    path = folder / FILES[0]
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
        name, form = str(found.get("model", "")), found["model_conf"]
        sound = form["modalities"]["audio"]
        spec = str(sound.get("feature_encoder_spec", _CONVOLUTIONS))
        layers = convolutions(spec)
        made = Form(
            tuple(kernel for kernel, _ in layers), tuple(stride for _, stride in layers),
            int(form.get("embed_dim", 768)), int(form.get("num_heads", 12)), float(form.get("norm_eps", 1e-5)),
            bool(form.get("layer_norm_first", False)), bool(form.get("normalize", False)),
        )  # fmt: skip
    except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as problem:
        what = f"does not describe an emotion2vec ({type(problem).__name__}: {' '.join(str(problem).split())[:100]})"
        raise NkululekoError(what, str(path)) from None
    if name != "Emotion2vec":
        raise NkululekoError(f"is a model of FunASR of type '{name}', not Emotion2vec", str(folder))
    return made


def convolutions(spec: str) -> list[tuple[int, int]]:
    """Kernel and stride of each convolution, of what data2vec writes as a Python expression; nothing is executed.

    Example:
        >>> convolutions("[(512, 10, 5)] + [(512, 3, 2)] * 2")
        [(10, 5), (3, 2), (3, 2)]
    """
    found: list[tuple[int, int]] = []
    for term in spec.split("+"):
        parts = re.fullmatch(r"\s*\[\(\s*\d+,\s*(\d+),\s*(\d+)\s*,?\s*\)\]\s*(?:\*\s*(\d+))?\s*", term)
        if parts is None:
            raise ValueError(f"feature_encoder_spec: {term.strip()[:60]}")
        found += [(int(parts[1]), int(parts[2]))] * int(parts[3] or 1)
    return found


class Emotion2vec:
    """The network.

    Args:
        weights: by the names of FunASR, on one device
        form: what they do not say
    """

    def __init__(self, weights: Mapping[str, Tensor], form: Form) -> None:
        self.weights, self.form = weights, form

    def frames(self, signals: Tensor) -> Tensor:
        """Its last layer, shape ``(signals, frames, width)``, of signals of one length, ``(signals, samples)``."""
        import torch
        from torch.nn import functional

        if self.form.normalise:
            signals = functional.layer_norm(signals, signals.shape[1:])
        hidden = self._positioned(self._local(signals))
        own = self.weights.get(f"{_SOUND}.extra_tokens")
        extra = 0 if own is None else own.shape[1]
        if own is not None:
            hidden = torch.cat([own.expand(len(hidden), -1, -1).to(hidden.dtype), hidden], dim=1)
        far = self._distances(hidden.shape[1] - extra, extra, hidden)
        before = _blocks(self.weights, f"{_SOUND}.context_encoder.blocks.")
        if f"{_SOUND}.context_encoder.norm.weight" in self.weights and not self.form.norm_first:
            hidden = self._norm(hidden, f"{_SOUND}.context_encoder.norm", self.form.epsilon)
        for place, name in enumerate([*before, *_blocks(self.weights, "blocks.")]):
            hidden = self._block(hidden, name, None if far is None else far[place % len(far)])
        if self.form.norm_first:
            hidden = self._norm(hidden, "norm", self.form.epsilon)
        return hidden[:, extra:]

    def _local(self, signals: Tensor) -> Tensor:
        """What the convolutions make of the signal, ``(signals, frames, width)``."""
        from torch.nn import functional

        hidden = signals.unsqueeze(1)
        for place, stride in enumerate(self.form.strides):
            name = f"{_SOUND}.local_encoder.conv_layers.{place}"
            hidden = functional.conv1d(
                hidden, self.weights[f"{name}.0.weight"], self.weights.get(f"{name}.0.bias"), stride=stride
            )
            if f"{name}.2.1.weight" in self.weights:
                hidden = self._norm(hidden.transpose(1, 2), f"{name}.2.1").transpose(1, 2)
            elif f"{name}.2.weight" in self.weights:  # one norm a channel, over time
                scale, shift = self.weights[f"{name}.2.weight"], self.weights[f"{name}.2.bias"]
                hidden = functional.group_norm(hidden, hidden.shape[1], scale, shift)
            hidden = functional.gelu(hidden)
        hidden = self._norm(hidden.transpose(1, 2), f"{_SOUND}.project_features.1")
        return self._linear(hidden, f"{_SOUND}.project_features.2")

    def _positioned(self, hidden: Tensor) -> Tensor:
        """Frames with what convolutions over their neighbours say of their place."""
        from torch.nn import functional

        name = f"{_SOUND}.relative_positional_encoder"
        place = hidden
        if f"{name}.0.weight" in self.weights:
            place, name = self._norm(place, f"{name}.0"), f"{name}.1"
        place = place.transpose(1, 2)
        for layer in _numbers(self.weights, f"{name}."):
            weight = self.weights[f"{name}.{layer}.0.weight"]
            groups, kernel = place.shape[1] // weight.shape[1], weight.shape[2]
            made = functional.conv1d(
                place, weight, self.weights.get(f"{name}.{layer}.0.bias"), padding=kernel // 2, groups=groups
            )
            place = made[:, :, :-1] if kernel % 2 == 0 else made
            place = functional.layer_norm(place.transpose(1, 2), (place.shape[1],)).transpose(1, 2)
            place = functional.gelu(place)
        return hidden + place.transpose(1, 2)

    def _distances(self, frames: int, extra: int, like: Tensor) -> list[Tensor] | None:
        """How much less a distant frame counts: one for all layers, or one a layer, ``(1, heads, tokens, tokens)``."""
        import torch
        from torch.nn import functional

        scale = self.weights.get(f"{_SOUND}.alibi_scale")
        if scale is None:
            return None
        steps = torch.arange(frames, device=like.device)
        apart = -(steps[None] - steps[:, None]).abs().float()
        slope = torch.tensor(slopes(self.form.heads), device=like.device)
        bias = functional.pad(slope[:, None, None] * apart, (extra, 0, extra, 0))[None]
        return [bias * each.reshape(1, -1, 1, 1) for each in scale.float().clamp_min(0)]

    def _block(self, hidden: Tensor, name: str, far: Tensor | None) -> Tensor:
        epsilon = self.form.epsilon
        if self.form.norm_first:
            hidden = hidden + self._attention(
                self._norm(hidden, f"{name}.norm1", epsilon), f"{name}.attn", far
            )
            # data2vec 2.0 adds the result to itself here, not to what came in: the weights were trained so
            return 2 * self._mlp(self._norm(hidden, f"{name}.norm2", epsilon), f"{name}.mlp")
        hidden = self._norm(hidden + self._attention(hidden, f"{name}.attn", far), f"{name}.norm1", epsilon)
        return self._norm(hidden + self._mlp(hidden, f"{name}.mlp"), f"{name}.norm2", epsilon)

    def _attention(self, hidden: Tensor, name: str, far: Tensor | None) -> Tensor:
        from torch.nn import functional

        batch, tokens, width = hidden.shape
        parts = self._linear(hidden, f"{name}.qkv").reshape(batch, tokens, 3, self.form.heads, -1)
        query, key, value = parts.permute(2, 0, 3, 1, 4)
        bias = None if far is None else far.to(query.dtype)
        found = functional.scaled_dot_product_attention(query, key, value, attn_mask=bias)
        return self._linear(found.transpose(1, 2).reshape(batch, tokens, width), f"{name}.proj")

    def _mlp(self, hidden: Tensor, name: str) -> Tensor:
        from torch.nn import functional

        return self._linear(functional.gelu(self._linear(hidden, f"{name}.fc1")), f"{name}.fc2")

    def _linear(self, hidden: Tensor, name: str) -> Tensor:
        from torch.nn import functional

        return functional.linear(hidden, self.weights[f"{name}.weight"], self.weights.get(f"{name}.bias"))

    def _norm(self, hidden: Tensor, name: str, epsilon: float = 1e-5) -> Tensor:
        from torch.nn import functional

        scale, shift = self.weights.get(f"{name}.weight"), self.weights.get(f"{name}.bias")
        return functional.layer_norm(hidden, hidden.shape[-1:], scale, shift, epsilon)


def slopes(heads: int) -> list[float]:
    """How steeply distance counts in each head; between powers of two as in the paper's own program.

    Example:
        >>> slopes(4)
        [0.25, 0.0625, 0.015625, 0.00390625]
        >>> slopes(6)[4:]
        [0.5, 0.125]
    """
    if math.log2(heads).is_integer():
        start = 2 ** (-8 / heads)
        return [start ** (head + 1) for head in range(heads)]
    less = 2 ** math.floor(math.log2(heads))
    return [*slopes(less), *slopes(2 * less)[::2][: heads - less]]


def _numbers(weights: Mapping[str, Any], prefix: str) -> list[int]:
    """The numbers that stand behind a prefix in the names of the weights, in order."""
    found = {name[len(prefix) :].partition(".")[0] for name in weights if name.startswith(prefix)}
    return sorted(int(number) for number in found if number.isdigit())


def _blocks(weights: Mapping[str, Any], prefix: str) -> list[str]:
    return [f"{prefix}{number}" for number in _numbers(weights, prefix)]


def load_emotion2vec(checkpoint: Checkpoint, device: str, asker: Asker) -> Loaded:
    """The network of a folder of FunASR, loaded once; its weights are converted to safetensors, once.

    Raises:
        NkululekoError: its files cannot be read, or the weights do not fit the configuration
    """
    with _loading:
        return _shared(checkpoint, device_of(device, asker), precision_of(device), asker)


@lru_cache(maxsize=2)
def _shared(checkpoint: Checkpoint, device: str, precision: str, asker: Asker) -> Loaded:
    need_transformers(asker.who)
    from safetensors.torch import load_file

    folder, form = checkpoint.folder, form_of(checkpoint.folder)
    safe = folder if (folder / SAFE).exists() else converted(folder, FILES[1], checkpoint.content)
    try:
        found = load_file(safe / SAFE)
    except Exception as problem:  # of safetensors, whose errors have no common class
        raise NkululekoError(f"its weights cannot be read ({type(problem).__name__})", str(folder)) from None
    weights = {
        re.sub(r"^(module\.)?(d2v_model\.)?", "", name): value.float().to(device)
        for name, value in found.items()
    }
    _check(weights, form, folder)
    return Loaded(Emotion2vec(weights, form), None, device, precision)


def _check(weights: Mapping[str, Tensor], form: Form, folder: Path) -> None:
    convolved = [f"{_SOUND}.local_encoder.conv_layers.{place}.0.weight" for place in range(len(form.strides))]
    parts = (
        "norm1.weight",
        "norm2.weight",
        "attn.qkv.weight",
        "attn.proj.weight",
        "mlp.fc1.weight",
        "mlp.fc2.weight",
    )
    blocks = [*_blocks(weights, f"{_SOUND}.context_encoder.blocks."), *_blocks(weights, "blocks.")]
    needed = [
        *convolved,
        f"{_SOUND}.project_features.2.weight",
        *(f"{b}.{part}" for b in blocks for part in parts),
    ]
    if form.norm_first:
        needed.append("norm.weight")
    lost = [name for name in needed if name not in weights]
    wrong = [
        name for name, kernel in zip(convolved, form.kernels, strict=True)
        if name in weights and weights[name].shape[-1] != kernel
    ]  # fmt: skip
    width = weights.get(f"{_SOUND}.project_features.2.weight")
    if width is not None and width.shape[0] != form.width:
        wrong.append("embed_dim")
    if lost or wrong or not blocks:
        example = (lost or wrong or ["blocks.0"])[0]
        raise NkululekoError(f"its weights do not fit its configuration, e.g. {example}", str(folder))

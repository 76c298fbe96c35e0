"""A pretrained network in memory: from prepared pieces of sound to frames of its hidden layers."""

from __future__ import annotations

import logging
import os
import shutil
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.pretrained.attention import frame_weights, last_attention, watching
from nkululeko.pretrained.checkpoint import Asker, Checkpoint

if TYPE_CHECKING:
    from torch import Tensor

_log = logging.getLogger("nkululeko")
RATE = 16000
#: architectures that take sound: ``model_type`` of a checkpoint to the feature set that is for it
KINDS = {
    "wav2vec2": "wav2vec", "hubert": "hubert", "wavlm": "wavlm", "whisper": "whisper",
    "audio-spectrogram-transformer": "ast",
}  # fmt: skip
#: distance of the frames of a spectrogram, and its window, in samples
_HOP, _WINDOW = 160, 400
_loading = Lock()


@dataclass(frozen=True)
class Piece:
    """A piece of sound as a network wants it.

    Args:
        values: samples, shape ``(samples,)``, or a spectrogram of fixed size
        frames: how many frames of the network's output are about sound, not about what was filled up
    """

    values: np.ndarray
    frames: int


@dataclass(frozen=True)
class Pooled:
    """Frames of one piece, summed up.

    Args:
        mean: of each dimension
        variance: of each dimension
        frames: how many there are
        attended: the mean weighted by the attention that each frame gets, where the network is watched
    """

    mean: np.ndarray
    variance: np.ndarray
    frames: int
    attended: np.ndarray | None = None


class Network:
    """A loaded network of one of the architectures below.

    Args:
        model: of transformers, in evaluation mode, on its device
        preparation: of transformers, from samples to what the network takes
        device: where it computes
        precision: ``float32``, or what it computes with on a GPU
    """

    def __init__(self, model: Any, preparation: Any, device: str, precision: str) -> None:
        self.model, self.preparation = model, preparation
        self.device, self.precision = device, precision
        self.config = model.config
        self.kind: str = model.config.model_type
        self._attention: Any | None = None

    def watch(self) -> None:
        """From now on, frames are also summed up by the attention that the last layer pays to them.

        Raises:
            NkululekoError: the network does not tell it
        """
        self._attention = last_attention(self.model)

    @property
    def can_pad(self) -> bool:
        """Whether pieces of different lengths may be filled up to one length without changing what comes out.

        Networks that normalise over time (``feat_extract_norm = group``) would take the filling for sound.
        """
        if not self.takes_samples:
            return True  # all spectrograms are of one size
        return self.config.feat_extract_norm == "layer" and not getattr(
            self.config, "conv_pos_batch_norm", False
        )

    @property
    def takes_samples(self) -> bool:
        """Whether it takes the signal itself, not a spectrogram."""
        return self.kind in ("wav2vec2", "hubert", "wavlm")

    def prepare(self, signal: np.ndarray) -> Piece:
        """A signal at 16 kHz, no longer than :func:`longest`, as the network wants it."""
        made = self.preparation(np.asarray(signal, np.float32), sampling_rate=RATE, return_tensors="np")
        values = made["input_features" if self.kind == "whisper" else "input_values"][0]
        return Piece(np.ascontiguousarray(values, np.float32), self._frames(len(signal)))

    def _frames(self, samples: int) -> int:
        if self.takes_samples:
            return frames_of(samples, self.config.conv_kernel, self.config.conv_stride)
        if self.kind == "whisper":  # every second frame of the spectrogram
            return min(-(-samples // (2 * _HOP)), self.config.max_source_positions)
        seen = min(1 + (samples - _WINDOW) // _HOP, self.config.max_length)
        return min(-(-seen // self.config.time_stride), self._time_patches())

    def _time_patches(self) -> int:
        return (self.config.max_length - self.config.patch_size) // self.config.time_stride + 1

    def pooled(self, pieces: Sequence[Piece], layers: Sequence[int]) -> list[Pooled]:
        """Each piece's frames, summed up; one pass of the network for all of them.

        Args:
            pieces: of one length, unless the network :attr:`can_pad`
            layers: counted from the last, which is 0; several: their mean
        """
        import torch

        with torch.inference_mode(), self._precision(), watching(self._attention) as seen:
            hidden, valid = self.hidden(pieces, layers)
        hidden = hidden.float()
        weight = valid.unsqueeze(2).float()
        count = weight.sum(1)
        mean = (hidden * weight).sum(1) / count
        variance = ((hidden - mean.unsqueeze(1)) ** 2 * weight).sum(1) / count
        attended: Any = [None] * len(pieces)
        if self._attention is not None:
            attended = (hidden * frame_weights(seen[-1], valid).unsqueeze(2)).sum(1).cpu().numpy()
        rows = zip(mean.cpu().numpy(), variance.cpu().numpy(), count[:, 0].tolist(), attended, strict=True)
        return [Pooled(*row) for row in rows]

    def _precision(self) -> Any:
        import torch

        if self.precision == "float32":
            return torch.autocast(self.device.partition(":")[0], enabled=False)
        return torch.autocast("cuda", dtype=getattr(torch, self.precision))

    def hidden(self, pieces: Sequence[Piece], layers: Sequence[int]) -> tuple[Tensor, Tensor]:
        """Frames ``(pieces, frames, dimensions)``, and which of them are about sound ``(pieces, frames)``."""
        import torch

        longest = max(len(piece.values) for piece in pieces)
        values = np.zeros((len(pieces), longest, *pieces[0].values.shape[1:]), np.float32)
        for row, piece in zip(values, pieces, strict=True):
            row[: len(piece.values)] = piece.values
        inputs: Any = torch.from_numpy(values).to(self.device)
        frames = torch.tensor([piece.frames for piece in pieces], device=self.device)
        more: dict[str, Any] = {"output_hidden_states": True} if any(layers) else {}
        if self.takes_samples and len({len(piece.values) for piece in pieces}) > 1:
            samples = torch.tensor([len(piece.values) for piece in pieces], device=self.device)
            more["attention_mask"] = torch.arange(longest, device=self.device) < samples[:, None]
        found = self.model(inputs, **more)
        hidden = _mean_of([_layer(found, layer) for layer in layers])
        if self.kind == "audio-spectrogram-transformer":
            hidden, times = self._patches(hidden)
        else:
            times = torch.arange(hidden.shape[1], device=self.device)
        return hidden, times < frames[:, None]

    def _patches(self, hidden: Tensor) -> tuple[Tensor, Tensor]:
        """The patches of a spectrogram without the two summary tokens before them, and the place in time of each."""
        import torch

        times = torch.arange(self._time_patches(), device=self.device)
        patches = hidden[:, 2:]
        return patches, times.repeat(patches.shape[1] // len(times))


def _layer(found: Any, layer: int) -> Tensor:
    """A hidden layer, counted from the last; the last one as the network gives it out, its final norm included."""
    if layer == 0:
        return found.last_hidden_state
    return found.hidden_states[-1 - layer]


def _mean_of(hidden: Sequence[Tensor]) -> Tensor:
    import torch

    return hidden[0] if len(hidden) == 1 else torch.stack([layer.float() for layer in hidden]).mean(0)


def frames_of(samples: int, kernels: Sequence[int], strides: Sequence[int]) -> int:
    """How many frames the convolutions make of so many samples; 0 where they are fewer than the receptive field.

    Example:
        >>> wav2vec = (10, 3, 3, 3, 3, 2, 2), (5, 2, 2, 2, 2, 2, 2)
        >>> frames_of(399, *wav2vec), frames_of(400, *wav2vec), frames_of(16000, *wav2vec)
        (0, 1, 49)
    """
    for kernel, stride in zip(kernels, strides, strict=True):
        samples = (samples - kernel) // stride + 1 if samples >= kernel else 0
    return samples


def shortest(config: dict[str, Any]) -> int:
    """The fewest samples that a network makes a frame of: its receptive field.

    Example:
        >>> shortest({"conv_kernel": [10, 3, 3, 3, 3, 2, 2], "conv_stride": [5, 2, 2, 2, 2, 2, 2]})
        400
    """
    if "conv_kernel" not in config:
        return _WINDOW
    samples = 1
    for kernel, stride in zip(reversed(config["conv_kernel"]), reversed(config["conv_stride"]), strict=True):
        samples = (samples - 1) * stride + kernel
    return samples


def longest(config: dict[str, Any], seconds: float) -> int:
    """The most samples that a network is given at once: so many seconds, less where it cannot take them.

    Example:
        >>> longest({"model_type": "wav2vec2"}, 20), longest({"model_type": "whisper"}, 60)
        (320000, 480000)
    """
    asked = round(seconds * RATE)
    if config["model_type"] == "whisper":
        return min(asked, 2 * _HOP * config.get("max_source_positions", 1500))
    if config["model_type"] == "audio-spectrogram-transformer":
        return min(asked, _WINDOW + _HOP * (config.get("max_length", 1024) - 1))
    return asked


def precision_of(device: str) -> str:
    """What a device computes with: half of the digits on a GPU, which is much quicker there; all on the CPU.

    PyTorch is asked only where there may be a GPU: importing it takes longer than a run on features that are known.
    """
    drivers = shutil.which("nvidia-smi") or Path("/proc/driver/nvidia").exists()
    if device == "cpu" or (device == "auto" and not drivers and not os.environ.get("CUDA_VISIBLE_DEVICES")):
        return "float32"
    torch = _torch()
    if not torch.cuda.is_available():
        return "float32"
    return "bfloat16" if torch.cuda.is_bf16_supported() else "float16"


def device_of(device: str, asker: Asker) -> str:
    """The device to compute on, under PyTorch's name.

    Raises:
        NkululekoError: there is no such device; names those that there are
    """
    torch = _torch()
    gpus = [f"cuda:{number}" for number in range(torch.cuda.device_count())]
    if device == "auto":
        return gpus[0] if gpus else "cpu"
    if device == "cuda" and gpus:
        return gpus[0]
    if device != "cpu" and device not in gpus:
        there = ", ".join(["auto", "cpu", *gpus])
        raise NkululekoError(f"there is no device '{device}' here", asker.device, f"expected one of: {there}")
    return device


def load_network(
    checkpoint: Checkpoint, device: str, precision: str, asker: Asker, watched: bool = False
) -> Network:
    """The network of a checkpoint, loaded once; ``watched``: see :meth:`Network.watch`.

    Raises:
        NkululekoError: transformers is missing, or the weights do not fit the configuration
    """
    with _loading:
        return _shared(checkpoint, device_of(device, asker), precision, asker, watched)


@lru_cache(maxsize=2)
def _shared(checkpoint: Checkpoint, device: str, precision: str, asker: Asker, watched: bool) -> Network:
    _log.info("%s: %s on %s in %s", asker.who, checkpoint.folder.name, device, precision)
    network = read_network(checkpoint, device, precision, asker)
    if watched:
        network.watch()
    return network


def read_network(checkpoint: Checkpoint, device: str, precision: str, asker: Asker) -> Network:
    """The network of a checkpoint, read anew: whoever trains it on has it for himself.

    Raises:
        NkululekoError: transformers is missing, or the weights do not fit the configuration
    """
    transformers = need_transformers(asker.who)
    folder = str(checkpoint.folder)
    safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        preparation = transformers.AutoFeatureExtractor.from_pretrained(folder, **safe)
        model, report = _class_of(checkpoint, transformers).from_pretrained(
            folder, use_safetensors=True, dtype="float32", output_loading_info=True, **safe
        )
    except (
        Exception
    ) as problem:  # of transformers, safetensors, torch: whatever is wrong, it is wrong with this folder
        reason = " ".join(str(problem).split())[:200]
        raise NkululekoError(f"cannot be loaded ({type(problem).__name__}: {reason})", folder) from None
    lost = sorted(key for key in report["missing_keys"] if "masked_spec_embed" not in key)
    lost += sorted(str(key) for key in report.get("mismatched_keys") or ())
    if lost:
        what = f"its weights do not fit its configuration: {len(lost)} are missing, e.g. {lost[0]}"
        raise NkululekoError(what, folder, "the download may be incomplete, or config.json of another model")
    if hasattr(model, "get_encoder") and model.config.model_type == "whisper":
        model = model.get_encoder()
    return Network(model.eval().to(device), preparation, device, precision)


def _class_of(checkpoint: Checkpoint, transformers: Any) -> Any:
    """What reads a checkpoint: an encoder of Whisper that we have trained comes without its decoder."""
    if checkpoint.config.get("architectures") == ["WhisperEncoder"]:
        return transformers.models.whisper.modeling_whisper.WhisperEncoder
    return transformers.AutoModel


def need_transformers(who: str) -> Any:
    """The package, told to be quiet and to tell nobody.

    Raises:
        NkululekoError: it, or PyTorch, is not installed
    """
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    _torch()
    try:
        import transformers
    except ImportError as problem:
        raise missing_package("transformers", "transformers", who) from problem
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    # WavLM's own code asks PyTorch in a way that is about to change: nothing that a user can mend
    warnings.filterwarnings("ignore", message="Support for mismatched key_padding_mask")
    return transformers


def _torch() -> Any:
    try:
        import torch
    except ImportError as problem:
        raise missing_package("torch", "transformers", "a pretrained network") from problem
    return torch

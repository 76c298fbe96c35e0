"""Feature set ``spkrec``: who speaks, as x-vectors (Snyder et al. 2018) on top of a pretrained transformer."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.plugin import option
from nkululeko.features._pretrained import DeviceOptions, Part, PieceEmbedding
from nkululeko.features._transformer import asker_of, model_option
from nkululeko.pretrained.checkpoint import Checkpoint, for_sound, open_checkpoint
from nkululeko.pretrained.loading import Loaded, Recipe
from nkululeko.pretrained.network import RATE

_KINDS = ("wavlm", "wav2vec2", "unispeech-sat", "data2vec-audio", "wav2vec2-conformer")
#: the head's own defaults, which a configuration need not repeat
_KERNEL, _DILATION = (5, 3, 3, 1, 1), (1, 2, 3, 1, 1)


class SpkrecOptions(DeviceOptions):
    """Which network for speakers."""

    model: str = model_option("microsoft/wavlm-base-plus-sv")
    chunk: float = option(
        30.0, "longer recordings go through the network in pieces of so many s", ge=1, le=120
    )


class Spkrec(PieceEmbedding):
    """The x-vector of a recording, as the network gives it out: not brought to length 1.

    Transformers' own handling of filled-up batches counts frames of the filling as sound (it leaves out the
    dilation of the head), so that only pieces of one length go through the network together.
    """

    Options = SpkrecOptions
    publisher = "microsoft"
    summary = "embeddings of who speaks (x-vectors)"
    sampling_rate: ClassVar[int | None] = RATE
    recipe = Recipe(
        "AutoModelForAudioXVector", "AutoFeatureExtractor", ("masked_spec_embed", "classifier.", "objective.")
    )

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The folder of the model, looked at once."""
        folder = Path(self.options.model).expanduser()
        if (folder / "hyperparams.yaml").is_file() or self.options.model.startswith("speechbrain/"):
            what = (
                "is a model of SpeechBrain, whose own program (with torchaudio) reads it: it cannot be used"
            )
            todo = "take one of transformers with x-vectors, e.g. microsoft/wavlm-base-plus-sv"
            raise NkululekoError(what, self.options.model, todo)
        return for_sound(open_checkpoint(self.options.model, _KINDS, asker_of("spkrec"), {}))

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        return int(self.checkpoint.config.get("xvector_output_dim", 512))

    def limits(self) -> tuple[int, int]:
        """From two frames of the head, for it takes their deviation, to the length of a piece."""
        return shortest(self.checkpoint.config), round(self.options.chunk * RATE)

    def part(self, loaded: Loaded, signal: np.ndarray) -> Part:
        """The signal, normalised where the network wants it so."""
        made = loaded.preparation(signal, sampling_rate=RATE, return_tensors="np")
        return Part(np.ascontiguousarray(made["input_values"][0], np.float32), len(signal))

    def vectors(self, loaded: Loaded, values: Any) -> Any:
        """The x-vectors."""
        return loaded.model(values).embeddings


def shortest(config: dict[str, Any]) -> int:
    """The fewest samples of which the head makes two frames.

    Example:
        >>> shortest({})
        5200
    """
    kernels = config.get("tdnn_kernel", _KERNEL)
    dilations = config.get("tdnn_dilation", _DILATION)
    samples = 2 + sum(dilation * (kernel - 1) for kernel, dilation in zip(kernels, dilations, strict=True))
    convolutions = (
        config.get("conv_kernel", (10, 3, 3, 3, 3, 2, 2)),
        config.get("conv_stride", (5, 2, 2, 2, 2, 2, 2)),
    )
    for kernel, stride in reversed(list(zip(*convolutions, strict=True))):
        samples = (samples - 1) * stride + kernel
    return samples

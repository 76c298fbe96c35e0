"""Feature set ``clap``: embeddings of CLAP's ear (Wu et al. 2023), which learned sounds from captions."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.plugin import option
from nkululeko.features._pretrained import DeviceOptions, Part, PieceEmbedding
from nkululeko.features._transformer import asker_of, model_option
from nkululeko.pretrained.checkpoint import Checkpoint, open_checkpoint
from nkululeko.pretrained.loading import Loaded, Recipe

#: what the network hears of a second
RATE = 48000
#: shorter than this is no sound to anybody, in s
_SHORTEST = 0.025


class ClapOptions(DeviceOptions):
    """Which CLAP."""

    model: str = model_option("laion/clap-htsat-unfused")
    chunk: float = option(
        10.0, "longer recordings go through the network in pieces of so many s", ge=1, le=10
    )


class Clap(PieceEmbedding):
    """The embedding that CLAP compares with that of a caption, of length 1; the mean of pieces of up to 10 s.

    Pieces are cut here and never longer than what CLAP takes: of longer ones it would hear a part, chosen by chance.
    """

    Options = ClapOptions
    publisher = "laion"
    summary = "embeddings of CLAP (sounds and their captions)"
    sampling_rate: ClassVar[int | None] = RATE
    recipe = Recipe("ClapAudioModelWithProjection", "ClapFeatureExtractor")

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The folder of the model, looked at once."""
        found = open_checkpoint(self.options.model, ("clap", "clap_audio_model"), asker_of("clap"), {})
        rate = found.preparation.get("sampling_rate", RATE)
        if rate != RATE:
            what = f"is a network for {rate} Hz; feature set 'clap' takes those for {RATE} Hz"
            raise NkululekoError(what, str(found.folder))
        return found

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        config = self.checkpoint.config
        found = config.get("projection_dim") or config.get("audio_config", {}).get("projection_dim", 512)
        return int(found)

    def limits(self) -> tuple[int, int]:
        """From 25 ms to what the network takes, 10 s."""
        takes = float(self.checkpoint.preparation.get("max_length_s", 10))
        return round(_SHORTEST * RATE), round(min(self.options.chunk, takes) * RATE)

    def part(self, loaded: Loaded, signal: np.ndarray) -> Part:
        """The spectrogram of a piece, repeated until it fills what the network takes."""
        made = loaded.preparation(signal, sampling_rate=RATE, return_tensors="np")
        return Part(np.asarray(made["input_features"][0], np.float32), len(signal))

    def vectors(self, loaded: Loaded, values: Any) -> Any:
        """The projection, brought to length 1."""
        import torch

        # the extractor of fused models calls one piece of a batch long by chance: none is
        short = torch.zeros((len(values), 1), dtype=torch.bool, device=values.device)
        found = loaded.model(input_features=values, is_longer=short).audio_embeds
        return torch.nn.functional.normalize(found.float(), dim=-1)

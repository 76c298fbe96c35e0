"""Feature set ``emotion2vec``: embeddings of a network that learned speech emotion without labels (Ma et al. 2024)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.plugin import option
from nkululeko.features._pretrained import DeviceOptions, Part, PieceEmbedding
from nkululeko.features._transformer import asker_of, model_option
from nkululeko.pretrained.checkpoint import Checkpoint, for_sound, open_checkpoint, open_files
from nkululeko.pretrained.emotion2vec import FILES, SAFE, form_of, load_emotion2vec
from nkululeko.pretrained.emotion2vec import Emotion2vec as Network
from nkululeko.pretrained.loading import Loaded, Recipe, load_parts
from nkululeko.pretrained.network import RATE, shortest

#: what users call the published models
_NAMES = {
    "emotion2vec-base": "emotion2vec_base", "emotion2vec-seed": "emotion2vec_plus_seed",
    "emotion2vec-large": "emotion2vec_plus_large",
}  # fmt: skip
_PUBLISHERS = ("emotion2vec/", "iic/")


class Emotion2vecOptions(DeviceOptions):
    """Which emotion2vec."""

    model: str = model_option("emotion2vec/emotion2vec_base")
    chunk: float = option(
        30.0, "longer recordings go through the network in pieces of so many s", ge=1, le=120
    )


class Emotion2vec(PieceEmbedding):
    """The last layer of emotion2vec, averaged over time; also of data2vec (Baevski et al. 2022), which it grew from.

    Convolutions over neighbouring frames would take what a piece is filled up with for sound, so that only
    pieces of one length go through the network together.
    """

    Options = Emotion2vecOptions
    summary = "embeddings of emotion2vec"
    sampling_rate: ClassVar[int | None] = RATE
    recipe = Recipe("AutoModel", "AutoFeatureExtractor")

    @classmethod
    def meant_by(cls, spelling: str) -> Mapping[str, Any]:
        """``emotion2vec-large`` and the authors' own names mean their models on the hub."""
        return {"model": f"emotion2vec/{_NAMES.get(spelling, spelling.replace('-', '_'))}"}

    @property
    def _published(self) -> bool:
        """Whether it is in the format of FunASR, as the authors publish it."""
        model = self.options.model
        folder = Path(model).expanduser()
        if folder.is_dir():
            return any((folder / name).is_file() for name in FILES)
        return model.startswith(_PUBLISHERS)

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The folder of the model, looked at once."""
        asker = asker_of(self.plugin_name())
        if not self._published:
            return for_sound(open_checkpoint(self.options.model, ("data2vec-audio",), asker, {}))
        # ModelScope, where FunASR fetches from, calls the same authors iic
        name, folder = self.options.model, Path(self.options.model).expanduser()
        name = name if folder.is_dir() else name.replace("iic/", "emotion2vec/", 1)
        found = open_files(name, (FILES[0], SAFE) if (folder / SAFE).exists() else FILES, asker)
        form_of(found.folder)
        return found

    @property
    def width(self) -> int:
        """How many numbers a vector has."""
        if self._published:
            return form_of(self.checkpoint.folder).width
        found = self.checkpoint.config.get("hidden_size")
        if not isinstance(found, int):
            where = str(self.checkpoint.folder)
            raise NkululekoError("config.json does not say how wide its layers are (hidden_size)", where)
        return found

    def limits(self) -> tuple[int, int]:
        """From the receptive field, 25 ms, to the length of a piece."""
        if self._published:
            form = form_of(self.checkpoint.folder)
            convolutions: dict[str, Any] = {"conv_kernel": form.kernels, "conv_stride": form.strides}
        else:
            convolutions = self.checkpoint.config
        return shortest(convolutions), round(self.options.chunk * RATE)

    def part(self, loaded: Loaded, signal: np.ndarray) -> Part:
        """The signal; that of data2vec normalised where the network wants it so."""
        if loaded.preparation is None:
            return Part(signal, len(signal))
        made = loaded.preparation(signal, sampling_rate=RATE, return_tensors="np")
        return Part(np.ascontiguousarray(made["input_values"][0], np.float32), len(signal))

    def vectors(self, loaded: Loaded, values: Any) -> Any:
        """The mean of the frames."""
        network = loaded.model
        frames = network.frames(values) if isinstance(network, Network) else network(values).last_hidden_state
        return frames.float().mean(1)

    def _loaded(self) -> Loaded:
        asker = asker_of(self.plugin_name())
        if self._published:
            return load_emotion2vec(self.checkpoint, self.options.device, asker)
        return load_parts(self.checkpoint, self.recipe, self.options.device, asker)

"""Embeddings: what a pretrained transformer makes of a recording, summed up over time.

One extractor for all; a plug-in adds its architectures and its default model. The signal is handed over in
pieces, the hidden layer is averaged over the frames of all pieces that are about sound.
"""

from __future__ import annotations

import importlib.metadata
import logging
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import field_validator

from nkululeko.core import plugin
from nkululeko.core.errors import NkululekoError, did_you_mean, missing_package
from nkululeko.core.families import BatchFeatureSet
from nkululeko.core.plugin import Device, option
from nkululeko.pretrained import network as networks
from nkululeko.pretrained.batches import batches, cut
from nkululeko.pretrained.checkpoint import Asker, Checkpoint, for_sound, open_checkpoint
from nkululeko.pretrained.heads import Form, check_heads
from nkululeko.pretrained.loading import in_halves
from nkululeko.pretrained.network import KINDS, RATE, Network, Piece, Pooled
from nkululeko.pretrained.streams import side_by_side

_log = logging.getLogger("nkululeko")
#: raise it whenever this code may give other values
REVISION = 1
POOLING = ("mean", "std", "attention")
#: how far pieces of a long recording overlap, in s
OVERLAP = 1.0


def model_option(default: str) -> Any:
    """The option ``model`` of a plug-in, with its default."""
    return option(default, "name on the Hugging Face hub, or a folder with a checkpoint", is_path="or name")


def asker_of(name: str) -> Asker:
    """A feature set, as messages about its network speak of it."""
    return Asker(f"feature set '{name}'", f"FEATS.{name}.model", f"FEATS.{name}.device")


class NetworkOptions(plugin.Options):
    """Which network, and where it computes."""

    model: str = model_option("")
    chunk: float = option(
        30.0, "longer recordings go through the network in pieces of so many s", ge=1, le=120
    )
    device: Device = option("auto", "cpu, cuda, cuda:3 or auto (cuda where there is one)")
    batch_size: int | None = option(None, "pieces at once; not given: 4, on a GPU 32", ge=1)


class TransformerOptions(NetworkOptions):
    """Which network, and what of it."""

    layer: tuple[int, ...] = option(
        (0,), "hidden layer, counted from the last, which is 0; several: their mean"
    )
    pooling: tuple[str, ...] = option(
        ("mean",), f"how frames become one vector: {', '.join(POOLING)}, or several of them"
    )

    @field_validator("layer")
    @classmethod
    def _layers(cls, layers: tuple[int, ...]) -> tuple[int, ...]:
        if not layers or min(layers) < 0:
            raise ValueError("expected whole numbers >= 0: layers are counted from the last, which is 0")
        return tuple(sorted(set(layers)))

    @field_validator("pooling")
    @classmethod
    def _known_pooling(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in POOLING:
                raise ValueError(f"unknown pooling '{name}'; {did_you_mean(name, POOLING)}")
        if not names:
            raise ValueError("expected at least one of: " + ", ".join(POOLING))
        return names


class NetworkFeatures(BatchFeatureSet):
    """What a network makes of a recording, summed up over all frames."""

    Options = NetworkOptions
    options: NetworkOptions
    sampling_rate: ClassVar[int | None] = RATE
    workers: ClassVar[Literal["threads", "processes"]] = "threads"
    #: whose models on the hub are meant by names such as ``hubert-base-ls960``
    publisher: ClassVar[str] = ""
    #: the feature set whose architectures it takes, where these are not its own
    like: ClassVar[str] = ""
    #: what a checkpoint must have on top of the network
    heads: ClassVar[tuple[Form, ...]] = ()

    @property
    def layers(self) -> tuple[int, ...]:
        """Hidden layers whose mean is taken, counted from the last, which is 0."""
        return (0,)

    @property
    def watched(self) -> bool:
        """Whether the attention that frames get is needed."""
        return False

    @abstractmethod
    def row(self, mean: np.ndarray, variance: np.ndarray, attended: np.ndarray | None) -> np.ndarray:
        """The features of a segment, from what was summed up over all its frames."""

    @classmethod
    def meant_by(cls, spelling: str) -> Mapping[str, Any]:
        """``wav2vec2-base-960h`` in the INI file is the model of that name on the hub."""
        return {"model": f"{cls.publisher}/{spelling}"}

    def version(self) -> str:
        """Revision, content of the checkpoint, versions of the libraries, precision of the device."""
        parts = [str(REVISION), f"checkpoint={self.checkpoint.content}"]
        for package in ("transformers", "torch"):
            try:
                parts.append(f"{package}={importlib.metadata.version(package)}")
            except importlib.metadata.PackageNotFoundError:
                what = f"feature set '{self.plugin_name()}'"
                raise missing_package(package, "transformers", what) from None
        return ";".join([*parts, networks.precision_of(self.options.device)])

    def identity(self) -> dict[str, Any]:
        """Without the model's name and place (its content is in the version), device and size of the batch."""
        values = self.options.model_dump(mode="json")
        return {key: value for key, value in values.items() if key not in ("model", "device", "batch_size")}

    @property
    def asker(self) -> Asker:
        """This feature set, as messages about its network speak of it."""
        return asker_of(self.plugin_name())

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The folder of the model, looked at once."""
        mine = [
            kind for kind, feature_set in KINDS.items() if feature_set == (self.like or self.plugin_name())
        ]
        hints = {} if self.like else {kind: f"set FEATS.type = {name}" for kind, name in KINDS.items()}
        found = for_sound(open_checkpoint(self.options.model, mine, self.asker, hints))
        count = found.config.get("num_hidden_layers" if "d_model" not in found.config else "encoder_layers")
        if count is not None and max(self.layers) > count:
            what = f"there is no layer {max(self.layers)}: {found.folder.name} has {count}"
            todo = f"layers are counted from the last: 0 to {count}, where {count} is the input of the first"
            raise NkululekoError(what, f"FEATS.{self.plugin_name()}.layer", todo)
        if self.heads:
            check_heads(found, self.heads, f"for any other network set FEATS.type = {self.like}")
        return found

    def prepare(self, signal: np.ndarray, sampling_rate: int) -> list[Piece]:
        """The pieces of one segment, as the network wants them.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``
            sampling_rate: 16000 Hz

        Raises:
            NkululekoError: the segment is shorter than the receptive field, of another rate or not a signal
        """
        name, config = self.plugin_name(), self.checkpoint.config
        if sampling_rate != RATE:
            raise NkululekoError(f"feature set '{name}' needs {RATE} Hz, not {sampling_rate} Hz")
        network = self._network()
        needed = networks.shortest(network.config.to_dict())
        if len(signal) < needed:
            found = f"segment of {len(signal) / RATE:.3f} s is too short for {name}"
            raise NkululekoError(found, todo=f"it needs at least {needed / RATE:.3f} s")
        if not np.all(np.isfinite(signal)):
            raise NkululekoError("the segment holds values that are not numbers (NaN or infinite)")
        spans = cut(len(signal), networks.longest(config, self.options.chunk), round(OVERLAP * RATE))
        return [network.prepare(signal[start:end]) for start, end in spans]

    def extract_batch(self, prepared: Sequence[list[Piece]]) -> np.ndarray:
        """The embeddings of some segments, shape ``(segments, features)``.

        Raises:
            NkululekoError: memory does not suffice, not even for half of the batch
        """
        network = self._network()
        pieces = [piece for parts in prepared for piece in parts]
        lengths = [len(piece.values) for piece in pieces]
        pooled: list[Pooled | None] = [None] * len(pieces)
        most = self.options.batch_size or (4 if network.device == "cpu" else 32)
        longest = round(most * self.options.chunk * RATE / 4)
        together = list(batches(lengths, most, longest, network.can_pad))
        ready = ([pieces[place] for place in places] for places in together)
        for places, found in zip(together, side_by_side(self._pooled, ready, network.device), strict=True):
            for place, one in zip(places, found, strict=True):
                pooled[place] = one
        rest = iter(pooled)
        return np.stack(
            [self._row([part for _, part in zip(parts, rest, strict=False) if part]) for parts in prepared]
        )

    def _pooled(self, pieces: Sequence[Piece]) -> list[Pooled]:
        """One batch; in two halves where memory does not suffice."""
        network = self._network()
        return in_halves(lambda part: network.pooled(part, self.layers), pieces, network.device, self.asker)

    def _row(self, parts: Sequence[Pooled]) -> np.ndarray:
        """The statistics of all frames of a segment, from those of its pieces."""
        weights = np.array([part.frames for part in parts], np.float64)
        means = np.array([part.mean for part in parts], np.float64)
        spread = np.array([part.variance for part in parts], np.float64)
        mean = np.average(means, axis=0, weights=weights)
        variance = np.average(spread + (means - mean) ** 2, axis=0, weights=weights)
        paid = [part.attended for part in parts if part.attended is not None]
        attended = np.average(np.array(paid, np.float64), axis=0, weights=weights) if paid else None
        return self.row(mean, variance, attended).astype(np.float32)

    def _network(self) -> Network:
        device = self.options.device
        return networks.load_network(
            self.checkpoint, device, networks.precision_of(device), self.asker, self.watched
        )


class Transformer(NetworkFeatures):
    """An embedding of a recording; see the module. A plug-in is a subclass with its ``Options`` and ``publisher``."""

    Options = TransformerOptions
    options: TransformerOptions

    @property
    def layers(self) -> tuple[int, ...]:
        """Hidden layers whose mean is taken, counted from the last, which is 0."""
        return self.options.layer

    @property
    def watched(self) -> bool:
        """Whether the attention that frames get is needed."""
        return "attention" in self.options.pooling

    def names(self) -> list[str]:
        """Names like ``wav2vec_0007_mean``: dimension 7, from 0."""
        config, folder = self.checkpoint.config, str(self.checkpoint.folder)
        width = config.get("d_model" if config["model_type"] == "whisper" else "hidden_size")
        if not isinstance(width, int):
            raise NkululekoError("config.json does not say how wide its layers are (hidden_size)", folder)
        name = self.plugin_name()
        return [f"{name}_{place:04d}_{pool}" for pool in self.options.pooling for place in range(width)]

    def row(self, mean: np.ndarray, variance: np.ndarray, attended: np.ndarray | None) -> np.ndarray:
        """Whatever ``pooling`` names, one after the other."""
        values: dict[str, Any] = {"mean": mean, "std": np.sqrt(variance), "attention": attended}
        return np.concatenate([values[pool] for pool in self.options.pooling])

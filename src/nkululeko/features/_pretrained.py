"""What feature sets of pretrained networks share: options of the device, versions, and one vector a piece of sound."""

from __future__ import annotations

import importlib.metadata
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from nkululeko.core import plugin
from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.families import BatchFeatureSet
from nkululeko.core.plugin import Device, option
from nkululeko.features._transformer import OVERLAP, asker_of, model_option
from nkululeko.pretrained.batches import batches, cut
from nkululeko.pretrained.checkpoint import Checkpoint
from nkululeko.pretrained.loading import Loaded, Recipe, in_halves, load_parts
from nkululeko.pretrained.network import precision_of

#: options that values do not depend on: a model's content is in the version
PLACE = ("model", "device", "batch_size")


class DeviceOptions(plugin.Options):
    """Where a network computes."""

    model: str = model_option("")
    device: Device = option("auto", "cpu, cuda, cuda:3 or auto (cuda where there is one)")
    batch_size: int | None = option(None, "pieces at once; not given: 4, on a GPU 32", ge=1)


def version_of(name: str, revision: int, content: str, device: str) -> str:
    """Revision, content of the checkpoint, versions of the libraries, precision of the device.

    Raises:
        NkululekoError: a library is missing
    """
    parts = [str(revision), f"checkpoint={content}"]
    for package in ("transformers", "torch"):
        try:
            parts.append(f"{package}={importlib.metadata.version(package)}")
        except importlib.metadata.PackageNotFoundError:
            raise missing_package(package, "transformers", f"feature set '{name}'") from None
    return ";".join([*parts, precision_of(device)])


@dataclass(frozen=True)
class Part:
    """A piece of sound, ready for the network: its input, and how many samples it is about."""

    values: np.ndarray
    samples: int


class PieceEmbedding(BatchFeatureSet):
    """One vector a piece of sound, by a network that sums up over time itself; long recordings: mean of their pieces.

    A plug-in says how its checkpoint is opened and read, how long a piece may be, and what becomes of a batch.
    """

    Options = DeviceOptions
    workers: ClassVar[Literal["threads", "processes"]] = "threads"
    #: raise it whenever the code may give other values
    revision: ClassVar[int] = 1
    #: how its checkpoint is read
    recipe: ClassVar[Recipe]
    #: whose models on the hub are meant by names such as ``clap-htsat-fused``
    publisher: ClassVar[str] = ""

    @classmethod
    def meant_by(cls, spelling: str) -> Mapping[str, Any]:
        """Another spelling of the name in the INI file is the model of that name on the hub."""
        return {"model": f"{cls.publisher}/{spelling}"}

    @property
    @abstractmethod
    def checkpoint(self) -> Checkpoint:
        """The folder of the model, looked at once."""

    @property
    @abstractmethod
    def width(self) -> int:
        """How many numbers a vector has."""

    @abstractmethod
    def limits(self) -> tuple[int, int]:
        """The fewest and the most samples of a piece."""

    @abstractmethod
    def part(self, loaded: Loaded, signal: np.ndarray) -> Part:
        """A piece of sound as the network wants it."""

    @abstractmethod
    def vectors(self, loaded: Loaded, values: Any) -> Any:
        """What the network makes of a batch: tensor in, tensor ``(pieces, width)`` out."""

    def names(self) -> list[str]:
        """Names like ``clap_0007``: dimension 7, from 0."""
        return [f"{self.plugin_name()}_{place:04d}" for place in range(self.width)]

    def check_ready(self) -> None:
        """Stop where the checkpoint is not there, or a package."""
        self.version()

    def version(self) -> str:
        """Revision, content of the checkpoint, versions of the libraries, precision of the device."""
        return version_of(self.plugin_name(), self.revision, self.checkpoint.content, self.options.device)

    def identity(self) -> dict[str, Any]:
        """Without the model's name and place (its content is in the version), device and size of the batch."""
        return {key: value for key, value in self.options.model_dump(mode="json").items() if key not in PLACE}

    def prepare(self, signal: np.ndarray, sampling_rate: int) -> list[Part]:
        """The pieces of one segment, as the network wants them.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``
            sampling_rate: that of the plug-in, in Hz

        Raises:
            NkululekoError: the segment is too short, of another rate or not a signal
        """
        name, rate = self.plugin_name(), self.sampling_rate
        assert rate
        if sampling_rate != rate:
            raise NkululekoError(f"feature set '{name}' needs {rate} Hz, not {sampling_rate} Hz")
        loaded = self._loaded()
        shortest, longest = self.limits()
        if len(signal) < shortest:
            what = f"segment of {len(signal) / rate:.3f} s is too short for {name}"
            raise NkululekoError(what, todo=f"it needs at least {shortest / rate:.3f} s")
        if not np.all(np.isfinite(signal)):
            raise NkululekoError("the segment holds values that are not numbers (NaN or infinite)")
        signal = np.ascontiguousarray(signal, np.float32)
        overlap = min(round(OVERLAP * rate), longest // 2)
        return [self.part(loaded, signal[a:b]) for a, b in cut(len(signal), longest, overlap)]

    def extract_batch(self, prepared: Sequence[list[Part]]) -> np.ndarray:
        """The vectors of some segments, shape ``(segments, features)``.

        Raises:
            NkululekoError: memory does not suffice, not even for half of the batch
        """
        loaded = self._loaded()
        parts = [part for parts in prepared for part in parts]
        lengths = [len(part.values) for part in parts]
        found = np.empty((len(parts), self.width), np.float64)
        most = self.options.batch_size or (4 if loaded.device == "cpu" else 32)
        # filled up, a piece would give other values: those of a batch are of one length
        for places in batches(lengths, most, most * max(lengths), can_pad=False):
            ready = [parts[place].values for place in places]
            found[places] = in_halves(self._batch, ready, loaded.device, asker_of(self.plugin_name()))
        ends = np.cumsum([len(parts) for parts in prepared])
        weights = np.array([part.samples for part in parts], np.float64)
        spans = [slice(end - len(each), end) for end, each in zip(ends, prepared, strict=True)]
        rows = [np.average(found[span], axis=0, weights=weights[span]) for span in spans]
        return np.array(rows, np.float32)

    def _batch(self, values: Sequence[np.ndarray]) -> list[np.ndarray]:
        import torch

        loaded = self._loaded()
        with loaded.computing():
            found = self.vectors(loaded, torch.from_numpy(np.stack(values)).to(loaded.device))
        return list(found.float().cpu().numpy())

    def _loaded(self) -> Loaded:
        return load_parts(self.checkpoint, self.recipe, self.options.device, asker_of(self.plugin_name()))

"""What targets share that ask a network of their own: options, version, pieces of long recordings.

The network's answers go through the feature store as numbers, like those of a feature set: an interrupted prediction
goes on where it was.
"""

from __future__ import annotations

import importlib.metadata
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal, TypeVar

import numpy as np

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.families import BatchFeatureSet
from nkululeko.core.plugin import Options
from nkululeko.core.plugin import option as plugin_option
from nkululeko.pretrained.batches import cut
from nkululeko.pretrained.checkpoint import Asker, Checkpoint, for_sound, open_checkpoint
from nkululeko.pretrained.loading import Loaded, Recipe, load_parts
from nkululeko.pretrained.network import RATE, precision_of

#: raise it whenever this code may give other values
REVISION = 1
#: longer recordings go through the network in pieces of so many s
LONGEST = 30.0
#: shorter ones (s) tell nothing
SHORTEST = 0.1
N = TypeVar("N", bound="Network")


class NetworkOptions(Options):
    """Which network."""

    model: str = plugin_option("", "name on the Hugging Face hub, or a folder with a checkpoint")


def asker_of(target: str) -> Asker:
    """A target, as messages about its network speak of it."""
    return Asker(f"target '{target}'", f"PREDICT.{target}.model", f"PREDICT.{target}.device")


def opened(kind: type[N], target: str, options: Mapping[str, Any], model: str) -> N:
    """A network for a target.

    Args:
        kind: what listens
        target: its name
        options: as the user gave them
        model: where no other is named

    Raises:
        NkululekoError: there is no such option
    """
    unknown = [name for name in options if name != "model"]
    if unknown:
        raise NkululekoError(f"target '{target}' has no option '{unknown[0]}'", "PREDICT", "remove it")
    return kind(kind.Options(model=options.get("model") or model), target)


class Network(BatchFeatureSet):
    """A network that listens; its answers are numbers, a row a segment."""

    Options = NetworkOptions
    sampling_rate: ClassVar[int | None] = RATE
    workers: ClassVar[Literal["threads", "processes"]] = "threads"
    #: architectures that it takes
    kinds: ClassVar[tuple[str, ...]] = ()
    recipe: ClassVar[Recipe]

    def __init__(self, options: Any = None, target: str = "") -> None:
        super().__init__(options)
        self.asker = asker_of(target)

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The folder of the model, looked at once."""
        return for_sound(open_checkpoint(self.options.model, self.kinds, self.asker, {}))

    @property
    def loaded(self) -> Loaded:
        """The network, loaded when it is needed."""
        return load_parts(self.checkpoint, self.recipe, "auto", self.asker)

    def version(self) -> str:
        """Revision, content of the checkpoint, versions of the libraries, precision."""
        parts = [f"{type(self).__name__}={REVISION}", f"checkpoint={self.checkpoint.content}"]
        for package in ("transformers", "torch"):
            try:
                parts.append(f"{package}={importlib.metadata.version(package)}")
            except importlib.metadata.PackageNotFoundError:
                raise missing_package(package, "transformers", self.asker.who) from None
        return ";".join([*parts, precision_of("auto")])

    def identity(self) -> dict[str, Any]:
        """Without the model's name: its content is in the version."""
        return {}

    def prepare(self, signal: np.ndarray, sampling_rate: int) -> list[np.ndarray]:
        """The pieces of one segment.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``
            sampling_rate: 16000 Hz

        Raises:
            NkululekoError: the segment is too short, or not a signal
        """
        if len(signal) < SHORTEST * RATE:
            raise NkululekoError(f"segment of {len(signal) / RATE:.3f} s is too short for {self.asker.who}")
        if not np.all(np.isfinite(signal)):
            raise NkululekoError("the segment holds values that are not numbers (NaN or infinite)")
        signal = np.ascontiguousarray(signal, np.float32)
        return [signal[start:end] for start, end in cut(len(signal), round(LONGEST * RATE), 0)]

    def extract_batch(self, prepared: Sequence[list[np.ndarray]]) -> np.ndarray:
        """The answers to some segments; each by itself, so that company changes nothing."""
        return np.array([self.answer(pieces) for pieces in prepared], dtype=np.float32)

    @abstractmethod
    def answer(self, pieces: Sequence[np.ndarray]) -> np.ndarray:
        """The numbers of one segment, as many as there are names."""

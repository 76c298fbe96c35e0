"""The abstract classes of plug-ins that work on sound: segmenters and augmenters."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nkululeko.core.plugin import Plugin

if TYPE_CHECKING:  # numpy is heavy: only for the type checker
    import numpy as np


@dataclass(frozen=True)
class Lengths:
    """How long segments may be.

    Args:
        shortest: in s
        longest: in s
        borders: the silence at both ends of a segment belongs to it
    """

    shortest: float = 2.0
    longest: float = 10.0
    borders: bool = False


class Segmenter(Plugin):
    """Cuts a recording into segments: ``SEGMENT.method`` in the INI file."""

    def check_ready(self) -> None:
        """Stop, before any data are loaded, where a package is missing.

        Raises:
            NkululekoError: says which, and how to get it
        """

    @abstractmethod
    def speech(self, signal: np.ndarray, sampling_rate: int) -> list[tuple[float, float]]:
        """What is to be kept of a recording, as start and end in s, in order, without overlap.

        Args:
            signal: mono, float32 in -1..1, shape ``(samples,)``
            sampling_rate: in Hz
        """

    @abstractmethod
    def segments(
        self, speech: Sequence[tuple[float, float]], signal: np.ndarray, sampling_rate: int, lengths: Lengths
    ) -> list[tuple[float, float]]:
        """The segments, as start and end in s: in order, without overlap, within the signal.

        Args:
            speech: what :meth:`speech` said of the signal
            signal: mono, float32 in -1..1, shape ``(samples,)``
            sampling_rate: in Hz
            lengths: how long they may be

        Returns:
            empty where there is nothing to keep

        Raises:
            NkululekoError: the signal cannot be used
        """


class Augmenter(Plugin):
    """Changes a recording so that its label stays true: ``AUGMENT.augment`` in the INI file."""

    #: ``threads`` where nothing global is touched, else ``processes``
    workers: ClassVar[Literal["threads", "processes"]] = "threads"

    def check_ready(self) -> None:
        """Stop, before any data are loaded, where a package is missing or an option is wrong.

        Raises:
            NkululekoError: says which, and what to do
        """

    def identity(self) -> Mapping[str, Any]:
        """What its result depends on beside audio and seed: its options, and versions of libraries."""
        return self.options.model_dump(mode="json")

    @abstractmethod
    def augment(self, signal: np.ndarray, sampling_rate: int, seed: int) -> np.ndarray:
        """A changed copy; the same for the same seed.

        Args:
            signal: mono, float32 in -1..1, shape ``(samples,)``
            sampling_rate: in Hz
            seed: decides everything that is random, 0 to 2**32 - 1

        Returns:
            mono, at the same rate; maybe of another length

        Raises:
            NkululekoError: the signal cannot be used, e.g. is silent
        """

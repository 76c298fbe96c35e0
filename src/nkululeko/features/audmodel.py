"""Feature set ``audmodel``: what a network in a file of ONNX makes of the signal, such as audEERING's ``audmodel`` has.

Long recordings go through the network in pieces, whose vectors are averaged by their length.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np

from nkululeko.core import plugin
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import BatchFeatureSet
from nkululeko.core.plugin import option
from nkululeko.pretrained.batches import batches, cut
from nkululeko.pretrained.onnx_model import RATE, OnnxFile, OnnxNetwork, load_onnx, open_onnx, runtime_version

#: raise it whenever this code may give other values
REVISION = 1
#: how far pieces of a long recording overlap, in s
OVERLAP = 1.0
#: pieces at once
MOST = 8


class AudmodelOptions(plugin.Options):
    """Which network, and what of it."""

    model: str = option("", "a file .onnx, or a folder with model.onnx", is_path=True)
    output: str = option("", "which of its outputs; not given: hidden_states if there is one, else the first")
    chunk: float = option(
        30.0, "longer recordings go through the network in pieces of so many s", ge=1, le=120
    )


class Audmodel(BatchFeatureSet):
    """One output of a network in ONNX; frames are averaged over time."""

    Options = AudmodelOptions
    options: AudmodelOptions
    summary = "what a network in a file of ONNX gives out, on the CPU; needs the extra onnx"
    sampling_rate: ClassVar[int | None] = RATE
    workers: ClassVar[Literal["threads", "processes"]] = "threads"

    def names(self) -> list[str]:
        """As the network's description has them, else ``audmodel_0007``: value 7, from 0."""
        network = self._network()
        return list(self._file.names(network)) or [f"audmodel_{place:04d}" for place in range(network.width)]

    def version(self) -> str:
        """Revision, content of the network's files, version of onnxruntime."""
        return f"{REVISION};onnx={self._file.content};onnxruntime={runtime_version(_WHO)}"

    def identity(self) -> dict[str, Any]:
        """Without the network's place: its content is in the version."""
        return {key: value for key, value in self.options.model_dump(mode="json").items() if key != "model"}

    def prepare(self, signal: np.ndarray, sampling_rate: int) -> list[np.ndarray]:
        """The pieces of one segment.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``
            sampling_rate: 16000 Hz

        Raises:
            NkululekoError: the segment is shorter than what the network makes something of, or not a signal
        """
        if sampling_rate != RATE:
            raise NkululekoError(f"feature set 'audmodel' needs {RATE} Hz, not {sampling_rate} Hz")
        needed = self._network().shortest
        if len(signal) < needed:
            found = f"segment of {len(signal) / RATE:.3f} s is too short for audmodel"
            raise NkululekoError(found, todo=f"it needs at least {needed / RATE:.3f} s")
        if not np.all(np.isfinite(signal)):
            raise NkululekoError("the segment holds values that are not numbers (NaN or infinite)")
        longest = max(round(self.options.chunk * RATE), needed)
        spans = cut(len(signal), longest, round(OVERLAP * RATE))
        return [np.ascontiguousarray(signal[start:end], np.float32) for start, end in spans]

    def extract_batch(self, prepared: Sequence[list[np.ndarray]]) -> np.ndarray:
        """The vectors of some segments, shape ``(segments, features)``."""
        network = self._network()
        pieces = [piece for parts in prepared for piece in parts]
        lengths = [len(piece) for piece in pieces]
        found = np.empty((len(pieces), network.width))
        most = MOST if network.can_batch else 1
        # filled up, a piece would give other values: those of a batch are of one length
        for places in batches(lengths, most, most * max(lengths), can_pad=False):
            found[places] = network.vectors([pieces[place] for place in places])
        rows, first = [], 0
        for parts in prepared:
            span = slice(first, first + len(parts))
            rows.append(np.average(found[span], axis=0, weights=lengths[span]))
            first += len(parts)
        return np.array(rows, np.float32)

    @cached_property
    def _file(self) -> OnnxFile:
        if not self.options.model:
            what = "needs a network: a file .onnx, or a folder with model.onnx"
            raise NkululekoError(f"{_WHO} {what}", "FEATS.audmodel.model", "audmodel.model = /path/to/model")
        return open_onnx(self.options.model, "FEATS.audmodel.model")

    def _network(self) -> OnnxNetwork:
        return load_onnx(self._file, self.options.output, _WHO, "FEATS.audmodel.output")


_WHO = "feature set 'audmodel'"

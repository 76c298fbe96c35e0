"""From rows of segments to what a network takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from nkululeko.audio.read import read_segment, resample
from nkululeko.core.families import Recordings
from nkululeko.pretrained.batches import batches
from nkululeko.pretrained.network import RATE, Network, Piece, longest

#: so much of prepared sound is kept from epoch to epoch, in bytes: some three hours
_KEPT = 2**29 + 2**28


class Sounds:
    """Prepared segments by their place, read when they are asked for; what fits into memory is kept.

    A ``map-style`` data set for PyTorch, which fetches whole batches by ``__getitems__``.

    Args:
        rows: place of the file in ``recordings``, start and end in s, shape ``(segments, 3)``
        recordings: the files
        network: prepares them
        seconds: only so much of each is heard
        labels: encoded, shape ``(segments,)``; None: there are none
        jobs: threads that read
    """

    def __init__(
        self, rows: np.ndarray, recordings: Recordings, network: Network, seconds: float,
        labels: np.ndarray | None = None, jobs: int = 1,
    ) -> None:  # fmt: skip
        self.rows, self.files, self.network, self.labels = rows, recordings.files, network, labels
        self.most = longest(network.config.to_dict(), seconds)
        self._kept: dict[int, Piece] = {}
        self._room, self._jobs = _KEPT, jobs

    def __len__(self) -> int:
        return len(self.rows)

    def samples(self, place: int) -> int:
        """How many samples of a segment are heard."""
        _, start, end = self.rows[place]
        return min(round((end - start) * RATE), self.most)

    def piece(self, place: int) -> Piece:
        """One segment, as the network wants it.

        Raises:
            NkululekoError: its file cannot be read
        """
        known = self._kept.get(place)
        if known is not None:
            return known
        number, start, end = self.rows[place]
        end = min(end, start + (self.most + 1) / RATE)
        signal, rate = read_segment(self.files[int(number)], start, end)
        made = self.network.prepare(resample(signal, rate, RATE)[: self.most])
        if made.values.nbytes <= self._room:
            self._room -= made.values.nbytes
            self._kept[place] = made
        return made

    def pieces(self, places: Sequence[int]) -> list[Piece]:
        """Some segments, read side by side."""
        if self._jobs == 1 or all(place in self._kept for place in places):
            return [self.piece(place) for place in places]
        with ThreadPoolExecutor(self._jobs) as pool:
            return list(pool.map(self.piece, places))

    def __getitem__(self, place: int) -> dict[str, Any]:
        return self.__getitems__([place])[0]

    def __getitems__(self, places: Sequence[int]) -> list[dict[str, Any]]:
        labels = self.labels
        return [
            {"piece": piece, "label": None if labels is None else labels[place]}
            for place, piece in zip(places, self.pieces(places), strict=True)
        ]


def collate(items: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """A batch: the pieces as they are, the labels as one tensor."""
    import torch

    labels = torch.from_numpy(np.asarray([item["label"] for item in items]))
    return {"pieces": [item["piece"] for item in items], "labels": labels}


def outputs_of(module: Any, sounds: Sounds, most: int) -> np.ndarray:
    """The module's outputs for all segments, in batches of like length, each the same in whatever company.

    Args:
        module: in evaluation mode meanwhile
        sounds: what to listen to
        most: segments in a batch

    Returns:
        shape ``(segments, outputs)``
    """
    import torch

    was_training = module.training
    found: dict[int, np.ndarray] = {}
    module.eval()
    try:
        with torch.inference_mode():
            for places in _portions(sounds, most):
                made = module(sounds.pieces(places)).float().cpu().numpy()
                found.update(zip(places, made, strict=True))
    finally:
        module.train(was_training)
    return np.stack([found[place] for place in range(len(sounds))]).astype(np.float64)


def _portions(sounds: Sounds, most: int) -> Iterator[list[int]]:
    lengths = [sounds.samples(place) for place in range(len(sounds))]
    return batches(lengths, most, most * max(lengths, default=1), sounds.network.can_pad)

"""Feature set ``mos``: how good listeners would find a recording, as a network estimates it."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from nkululeko.audio.read import read_segment, resample
from nkululeko.core.errors import NkululekoError
from nkululeko.core.plugin import option
from nkululeko.features import _files as files
from nkululeko.features._squim import RATE, SHORTEST, SUBJECTIVE, Estimator, Kind, SquimOptions

#: seconds of the reference that are used: as long as the longest piece that it is compared with
_LONGEST = 10.0


class MosOptions(SquimOptions):
    """The network, and what it compares with."""

    reference: str | None = option(
        None,
        "a clean recording of speech to compare with: anyone, saying anything; its first 10 s count",
        is_path=True,
    )


class Mos(Estimator):
    """Mean opinion score, 1 (bad) to 5 (excellent), estimated by SQUIM against clean speech of any kind.

    ``mos.reference`` is a recording of some seconds, made well: another speaker and another sentence will do. Compare
    only scores that have the same reference.

    Example:
        >>> Mos().names()
        ['mos']
    """

    Options = MosOptions
    options: MosOptions
    kind: ClassVar[Kind] = SUBJECTIVE
    columns: ClassVar[tuple[str, ...]] = ("mos",)
    summary = (
        "mean opinion score, estimated by a network against clean speech (mos.reference); needs torchaudio"
    )
    licence = "SQUIM's subjective weights (BVCC, DAPS): CC BY-NC 4.0, no commercial use"

    def version(self) -> str:
        """That of the network, and the content of the reference.

        Raises:
            NkululekoError: torchaudio, the weights or the reference are missing
        """
        return f"{super().version()};reference={files.digest(self._reference(), 'FEATS.mos.reference')}"

    def check_ready(self) -> None:
        """The network, the weights and the reference must be there."""
        super().check_ready()
        self._clean()

    def estimate(self, network: Any, piece: np.ndarray, device: str) -> list[float]:
        """The score of one piece."""
        import torch

        heard, compared = (torch.tensor(x[np.newaxis]).to(device) for x in (piece, self._clean()))
        with torch.inference_mode():
            return [float(network(heard, compared))]

    def _clean(self) -> np.ndarray:
        path = self._reference()
        return clean_speech(path, files.digest(path, "FEATS.mos.reference"))

    def _reference(self) -> str:
        if self.options.reference is None:
            what = "feature set 'mos' compares with clean speech: there is no mos.reference"
            todo = (
                "name a good recording of some seconds of speech, of anyone: mos.reference = clean_speech.wav"
            )
            raise NkululekoError(what, "FEATS", todo)
        return self.options.reference


@lru_cache(maxsize=2)
def clean_speech(path: str, content: str) -> np.ndarray:
    """The first 10 s of the reference at 16 kHz.

    Args:
        path: of the recording
        content: its hash, so that another content is read anew

    Raises:
        NkululekoError: it cannot be read, is too short, or is silent
    """
    signal = resample(*read_segment(path, 0.0, _LONGEST), RATE)
    if len(signal) < SHORTEST * RATE or np.ptp(signal) == 0:
        raise NkululekoError(
            "is no speech to compare with: too short, or silent", path, "name another mos.reference"
        )
    return signal

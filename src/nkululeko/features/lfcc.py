"""Feature set ``lfcc``: cepstral coefficients of bands that are equally wide in Hz, through spafe."""

from __future__ import annotations

import importlib.metadata
from typing import ClassVar, Literal

import numpy as np
from pydantic import model_validator

from nkululeko.core import plugin
from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.families import FeatureSet
from nkululeko.core.plugin import option
from nkululeko.features import _cepstra as cepstra

#: raise it whenever this code may give other values
REVISION = 1


class LfccOptions(plugin.Options):
    """Settings of the filter bank."""

    n_filters: int = option(20, "number of bands from 0 to 8 kHz", also=("lfcc.n_filters",), ge=5, le=120)
    n_lfcc: int = option(
        20, "number of cepstral coefficients, C0 included", also=("lfcc.n_lfcc",), ge=1, le=120
    )

    @model_validator(mode="after")
    def _enough(self) -> LfccOptions:
        if self.n_lfcc > self.n_filters:
            raise ValueError(f"n_lfcc ({self.n_lfcc}) must not exceed n_filters ({self.n_filters})")
        return self


class Lfcc(FeatureSet):
    """Mean, spread and quantiles of 20 linear-frequency cepstral coefficients and of their deltas: 200 columns.

    Like MFCCs, but the bands are as narrow at 7 kHz as at 200 Hz, so that they tell apart what hearing does not:
    hiss, codecs, synthetic speech (Sahidullah, Kinnunen and Hanilci 2015, "A comparison of features for synthetic
    speech detection", Interspeech). Pre-emphasis 0.97; Hamming windows of 25 ms every 10 ms; power spectrum of 512
    points; 20 triangular bands, each reaching from the centre of one neighbour to that of the other; natural
    logarithm (of zero: of 2e-16); orthonormal DCT-II.

    Example:
        >>> Lfcc().names()[:2], len(Lfcc().names())
        (['lfcc0_mean', 'lfcc0_std'], 200)
    """

    Options = LfccOptions
    options: LfccOptions
    sampling_rate: ClassVar[int | None] = cepstra.RATE
    workers: ClassVar[Literal["threads", "processes"]] = "processes"
    summary = "linear-frequency cepstral coefficients; needs the extra spafe"

    def names(self) -> list[str]:
        """Names like ``lfcc3_mean``, ``lfcc3_delta_p20``."""
        return cepstra.named("lfcc", self.options.n_lfcc)

    def version(self) -> str:
        """Revision of this code and version of spafe."""
        try:
            return f"{REVISION};spafe={importlib.metadata.version('spafe')}"
        except importlib.metadata.PackageNotFoundError:
            raise self._missing() from None

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """The functionals of one segment, in the order of :meth:`names`.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``, at least 25 ms
            sampling_rate: 16000 Hz

        Raises:
            NkululekoError: spafe is missing; the segment is too short, of another sampling rate or not a signal
        """
        try:
            from spafe.features.lfcc import lfcc
        except ImportError:
            raise self._missing() from None
        samples = cepstra.centred(signal, sampling_rate, "lfcc")
        o = self.options
        # spafe's own defaults may change: what matters is said here
        coefficients = lfcc(
            samples, fs=sampling_rate, num_ceps=o.n_lfcc, nfilts=o.n_filters, nfft=512, pre_emph=True,
            pre_emph_coeff=0.97, low_freq=0, high_freq=sampling_rate / 2, scale="constant", dct_type=2,
            use_energy=False, lifter=None, normalize=None,
        )  # fmt: skip
        return cepstra.summed_up(coefficients)

    @staticmethod
    def _missing() -> NkululekoError:
        return missing_package("spafe", "spafe", "feature set 'lfcc'")

"""Feature set ``sptk``: mel-cepstrum and F0, by the Speech Signal Processing Toolkit."""

from __future__ import annotations

import importlib.metadata
import warnings
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import model_validator

from nkululeko.core import plugin
from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.families import FeatureSet
from nkululeko.core.plugin import option
from nkululeko.features import _cepstra as cepstra
from nkululeko.features import _functionals as functionals

#: raise it whenever this code may give other values
REVISION = 1
#: SPTK's programs take samples of 16 bits
FULL_SCALE = 32768.0
#: points of the spectrum
FFT = 512
#: added to the periodogram before its logarithm is taken: a silent frame has one too. Half a step of 16 bits, squared
FLOOR = 0.25


class SptkOptions(plugin.Options):
    """Settings of the mel-cepstral and the pitch analysis."""

    order: int = option(24, "order of the mel-cepstrum: one coefficient more, with c0", ge=1, le=60)
    alpha: float = option(0.42, "bends the frequencies; 0.42 is near the mel scale at 16 kHz", ge=0, lt=1)
    f0min: float = option(75.0, "lowest F0 in Hz", ge=20, le=1000)
    f0max: float = option(500.0, "highest F0 in Hz", ge=50, le=1000)

    @model_validator(mode="after")
    def _ordered(self) -> SptkOptions:
        if self.f0min >= self.f0max:
            raise ValueError(f"f0min ({self.f0min:g} Hz) must be below f0max ({self.f0max:g} Hz)")
        return self


class Sptk(FeatureSet):
    """Mean, spread and quantiles of 25 mel-cepstral coefficients, of their deltas and of F0: 258 columns.

    Mel-cepstral analysis (Tokuda et al. 1994, "Mel-generalized cepstral analysis", ICSLP; Fukada et al. 1992) finds the
    spectral envelope of which the recording is the likeliest; speech synthesis builds on it. Blackman windows of 25 ms
    every 10 ms, 512 points, samples scaled to 16 bits. F0 is SWIPE' (Camacho and Harris 2008, JASA 124), of voiced
    frames; NaN where there are none. Both are pysptk's.

    Example:
        >>> Sptk().names()[:2], len(Sptk().names())
        (['mcep0_mean', 'mcep0_std'], 258)
    """

    Options = SptkOptions
    options: SptkOptions
    sampling_rate: ClassVar[int | None] = cepstra.RATE
    workers: ClassVar[Literal["threads", "processes"]] = "processes"
    summary = "mel-cepstrum and F0 by SPTK; needs the extra sptk"

    def names(self) -> list[str]:
        """Names like ``mcep3_mean``, ``mcep3_delta_p20``, ``f0_p50``."""
        f0 = functionals.named(["f0"], functionals.PROSODIC)
        return [*cepstra.named("mcep", self.options.order + 1), *f0, "voiced_fraction"]

    def version(self) -> str:
        """Revision of this code and version of pysptk.

        Raises:
            NkululekoError: pysptk is missing
        """
        try:
            return f"{REVISION};pysptk={importlib.metadata.version('pysptk')}"
        except importlib.metadata.PackageNotFoundError:
            raise _missing() from None

    def check_ready(self) -> None:
        """pysptk must be there, and must work."""
        _sptk()

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """The functionals of one segment, in the order of :meth:`names`.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``, at least 25 ms
            sampling_rate: 16000 Hz

        Raises:
            NkululekoError: pysptk is missing; the segment is too short, of another sampling rate or not a signal
        """
        sptk = _sptk()
        samples = cepstra.centred(signal, sampling_rate, "sptk") * FULL_SCALE
        o = self.options
        windows = np.lib.stride_tricks.sliding_window_view(samples, cepstra.WINDOW)[:: cepstra.HOP]
        frames = np.zeros((len(windows), FFT))
        frames[:, : cepstra.WINDOW] = windows * np.blackman(cepstra.WINDOW)
        coefficients = sptk.mcep(frames, order=o.order, alpha=o.alpha, etype=1, eps=FLOOR)
        f0 = sptk.swipe(samples, sampling_rate, cepstra.HOP, min=o.f0min, max=o.f0max, otype="f0")
        voiced = f0 > 0
        times = np.flatnonzero(voiced) * cepstra.HOP / sampling_rate
        return np.concatenate([
            cepstra.summed_up(coefficients),
            functionals.prosodic(f0[voiced], times),
            [voiced.mean()],
        ])  # fmt: skip


def _sptk() -> Any:
    """The package pysptk.

    Raises:
        NkululekoError: it is missing, or lacks what it needs itself
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pkg_resources growing old: nothing that a user can mend
            import pysptk
    except ImportError as problem:
        if problem.name == "pysptk":
            raise _missing() from None
        what = f"feature set 'sptk': pysptk is installed, but cannot be imported ({problem})"
        raise NkululekoError(what, todo='pip install "nkululeko[sptk]"') from None
    return pysptk


def _missing() -> NkululekoError:
    return missing_package("pysptk", "sptk", "feature set 'sptk'")

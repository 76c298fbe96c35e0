"""Feature set ``mfcc``: functionals of log-mel spectrum, MFCCs, energy and F0, free of licence limits."""

from __future__ import annotations

import importlib.metadata
from typing import ClassVar, Literal

import numpy as np
from pydantic import model_validator

from nkululeko.core import plugin
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import FeatureSet
from nkululeko.core.plugin import option
from nkululeko.features import _functionals as functionals
from nkululeko.features import _kaldi as kaldi

#: raise it whenever this code may give other values
REVISION = 1
#: a frame counts as voiced from this probability on
VOICED = 0.5


class MfccOptions(plugin.Options):
    """Settings of the spectral and the pitch analysis."""

    n_mels: int = option(40, "number of mel bands", also=("mfcc.n_mels",), ge=10, le=80)
    n_mfcc: int = option(
        20, "number of cepstral coefficients, C0 included", also=("mfcc.n_mfcc",), ge=1, le=80
    )
    f0min: float = option(75.0, "lowest F0 in Hz", also=("mfcc.f0min",), ge=20, le=1000)
    f0max: float = option(500.0, "highest F0 in Hz", also=("mfcc.f0max",), ge=50, le=1000)

    @model_validator(mode="after")
    def _ordered(self) -> MfccOptions:
        if self.f0min >= self.f0max:
            raise ValueError(f"f0min ({self.f0min:g} Hz) must be below f0max ({self.f0max:g} Hz)")
        if self.n_mfcc > self.n_mels:
            raise ValueError(f"n_mfcc ({self.n_mfcc}) must not exceed n_mels ({self.n_mels})")
        return self


class Mfcc(FeatureSet):
    """Mean, spread and quantiles of 40 log-mel bands, 20 MFCCs with deltas, log energy and F0: 420 columns.

    Windows, filters and coefficients are Kaldi's, for signals scaled to 16-bit range; ``energy`` and ``f0``
    also have the distance of their 20 % and 80 % quantiles (``range``) and their slope a second. F0 is that
    of voiced frames, NaN where there are none.

    Example:
        >>> t = np.arange(16000) / 16000
        >>> buzz = sum(np.sin(2 * np.pi * 200 * k * t) / k for k in range(1, 20)) / 4
        >>> mfcc = Mfcc()
        >>> values = dict(zip(mfcc.names(), mfcc.extract(buzz, 16000)))
        >>> round(float(values["f0_p50"])), float(values["voiced_fraction"])
        (200, 1.0)
    """

    Options = MfccOptions
    options: MfccOptions
    tried = ({},)
    sampling_rate: ClassVar[int | None] = kaldi.RATE
    # kaldi-native-fbank holds the interpreter lock: two threads take as long as one after the other
    workers: ClassVar[Literal["threads", "processes"]] = "processes"
    summary = "functionals of log-mel spectrum, MFCCs, energy and F0; free of licence limits"

    def names(self) -> list[str]:
        """Names like ``logmel12_std``, ``mfcc3_mean``, ``mfcc3_delta_p20``, ``energy_slope``, ``f0_p50``."""
        o = self.options
        cepstra = [f"mfcc{i}" for i in range(o.n_mfcc)]
        spectral = [
            *(f"logmel{i}" for i in range(o.n_mels)),
            *cepstra,
            *(f"{name}_delta" for name in cepstra),
        ]
        prosodic = functionals.named(["energy", "f0"], functionals.PROSODIC)
        return [*functionals.named([*spectral, "energy_delta"]), *prosodic, "voiced_fraction"]

    def version(self) -> str:
        """Revision of this code and version of kaldi-native-fbank."""
        return f"{REVISION};kaldi-native-fbank={importlib.metadata.version('kaldi-native-fbank')}"

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """The functionals of one segment, in the order of :meth:`names`.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``, at least 25 ms
            sampling_rate: 16000 Hz

        Raises:
            NkululekoError: the segment is too short, of another sampling rate or not a signal
        """
        samples = np.asarray(signal, dtype=np.float32)
        _check(samples, sampling_rate)
        o = self.options
        # an offset correlates with itself at any lag: the pitch tracker would take it for voice
        scaled = ((samples - samples.mean(dtype=np.float64)) * kaldi.FULL_SCALE).tolist()
        energy, bands = kaldi.log_mel(scaled, o.n_mels)
        cepstra = kaldi.cepstra(bands, o.n_mfcc)
        moving = kaldi.deltas(np.column_stack([cepstra, energy]))
        f0, voicing = kaldi.pitch(scaled, o.f0min, o.f0max)
        voiced = voicing > VOICED
        parts: list[np.ndarray] = [
            functionals.basic(np.hstack([bands, cepstra, moving])).ravel(),
            functionals.prosodic(energy, kaldi.HOP * np.arange(len(energy))),
            functionals.prosodic(f0[voiced], kaldi.HOP * np.flatnonzero(voiced)),
            np.array([np.mean(voiced)]),
        ]
        return np.concatenate(parts)


def _check(samples: np.ndarray, sampling_rate: int) -> None:
    if sampling_rate != kaldi.RATE:
        raise NkululekoError(f"feature set 'mfcc' needs {kaldi.RATE} Hz, not {sampling_rate} Hz")
    if len(samples) < kaldi.WINDOW:
        found = f"segment of {len(samples) / sampling_rate:.3f} s is too short for a spectrum"
        raise NkululekoError(found, todo=f"it needs at least {kaldi.WINDOW / sampling_rate:.3f} s")
    if not np.all(np.isfinite(samples)):
        raise NkululekoError("the segment holds values that are not numbers (NaN or infinite)")

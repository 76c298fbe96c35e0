"""Feature set ``praat``: the classical phonetic measures of voice, vocal tract and speech rate."""

from __future__ import annotations

import importlib.metadata
import math
from typing import Any, ClassVar, Literal

import numpy as np
from pydantic import model_validator

from nkululeko.core import plugin
from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.families import FeatureSet
from nkululeko.core.plugin import option
from nkululeko.features import _praat_measures as measures
from nkululeko.features import _praat_rate as speech

#: raise it whenever this code may give other values
REVISION = 1
#: Praat's intensity with a pitch floor of 50 Hz looks at 6.4 periods
SHORTEST = 6.4 / 50


class PraatOptions(plugin.Options):
    """Settings of the Praat analyses."""

    f0min: float = option(75.0, "lowest F0 in Hz", also=("praat.f0min",), ge=20, le=1000)
    f0max: float = option(500.0, "highest F0 in Hz", also=("praat.f0max",), ge=50, le=3000)
    max_formant: float = option(
        5500.0, "look for five formants below, Hz: men 5000, women 5500, children 8000", ge=3000, le=12000
    )
    formant_step: float = option(0.00625, "distance of two formant analyses in s", ge=0.001, le=0.05)
    min_pause: float = option(0.3, "shortest pause in s", ge=0.05, le=5)

    @model_validator(mode="after")
    def _ordered(self) -> PraatOptions:
        if self.f0min >= self.f0max:
            raise ValueError(f"f0min ({self.f0min:g} Hz) must be below f0max ({self.f0max:g} Hz)")
        return self


class Praat(FeatureSet):
    """F0, HNR, jitter, shimmer, formants, vocal-tract length and speech rate; 45 measures a file.

    One pitch analysis serves F0, the glottal pulses and the voicing of syllables. F0 from 75 to 500 Hz fits
    adults' speech with emotion; raise ``f0max`` for children, lower it to 300 for calm men. Values that do
    not exist, such as the jitter of whispered speech, are NaN. Nothing is resampled, so that the measures are
    those of Praat on the same file; at 48 kHz they take three times as long as at 16 kHz, mostly for HNR.

    Example:
        >>> t = np.arange(16000) / 16000
        >>> buzz = sum(np.sin(2 * np.pi * 200 * k * t) / k for k in range(1, 20)) / 4
        >>> praat = Praat()
        >>> values = dict(zip(praat.names(), praat.extract(buzz, 16000)))
        >>> round(float(values["f0_mean"]))
        200
    """

    Options = PraatOptions
    options: PraatOptions
    tried = ({},)
    workers: ClassVar[Literal["threads", "processes"]] = "processes"
    summary = "F0, HNR, jitter, shimmer, formants, vocal-tract length and speech rate, by Praat"
    licence = "praat-parselmouth is GPLv3"

    def names(self) -> list[str]:
        """Names of the measures: ``f0_*``, ``f1_*`` ... in Hz, times in s, ``vtl_*`` in cm, ``hnr`` in dB."""
        return [*measures.NAMES, *speech.NAMES]

    def version(self) -> str:
        """Revision of this code and version of Parselmouth, which brings its own Praat."""
        try:
            return f"{REVISION};praat-parselmouth={importlib.metadata.version('praat-parselmouth')}"
        except importlib.metadata.PackageNotFoundError:
            raise self._missing() from None

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """The measures of one segment, in the order of :meth:`names`.

        Args:
            signal: mono, shape ``(samples,)``, at least 0.128 s (more with an ``f0min`` below 24 Hz)
            sampling_rate: in Hz

        Raises:
            NkululekoError: Parselmouth is missing, the segment is too short or not a signal
        """
        try:
            import parselmouth
        except ImportError:
            raise self._missing() from None
        samples = np.array(signal, dtype=np.float64)
        self._check(samples, sampling_rate)
        if np.ptp(samples) == 0:
            values = self._silence(len(samples) / sampling_rate)
        else:
            try:
                values = self._measure(parselmouth.Sound(samples, sampling_rate))
            except parselmouth.PraatError as error:
                reason = " ".join(str(error).split())
                raise NkululekoError(f"Praat cannot analyse the segment: {reason}") from None
        return np.array([values[name] for name in self.names()], dtype=np.float64)

    def _measure(self, sound: Any) -> dict[str, float]:
        from parselmouth.praat import call

        o = self.options
        pitch = call(sound, "To Pitch", 0.0, o.f0min, o.f0max)
        pulses, times = measures.glottal_pulses(sound, pitch)
        return {
            **measures.pitch_statistics(pitch),
            "hnr": measures.harmonicity(sound, o.f0min),
            **measures.jitter(pulses),
            **measures.shimmer(sound, pulses, len(times)),
            **measures.formants_at(sound, times, o.max_formant, o.formant_step),
            **speech.speech_rate(sound, pitch, o.f0max, o.min_pause),
        }

    def _silence(self, duration: float) -> dict[str, float]:
        """What a constant signal has: a duration, no voice, no speech."""
        nothing = dict.fromkeys(measures.NAMES, math.nan) | {"voiced_fraction": 0.0}
        return nothing | speech.rate(duration, syllables=0, pauses=0, phonation=0.0)

    def _check(self, samples: np.ndarray, sampling_rate: int) -> None:
        shortest = max(SHORTEST, 3 / self.options.f0min)
        if len(samples) < shortest * sampling_rate:
            found = f"segment of {len(samples) / sampling_rate:.3f} s is too short for Praat"
            raise NkululekoError(found, todo=f"it needs at least {shortest:.3f} s")
        if not np.all(np.isfinite(samples)):
            raise NkululekoError("the segment holds values that are not numbers (NaN or infinite)")

    @staticmethod
    def _missing() -> NkululekoError:
        return missing_package("praat-parselmouth", "praat", "feature set 'praat'")

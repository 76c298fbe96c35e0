"""Noise, tempo, pitch, level: what the package audiomentations does to a signal."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from nkululeko.audio.augmenters._seeded import seeded
from nkululeko.audio.augmenters._transformations import built, steps_of
from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.families import Augmenter
from nkululeko.core.plugin import Options, option

#: where nothing is asked for: each copy has noise, and mostly another tempo, pitch and level
USUAL: dict[str, dict[str, Any]] = {
    "AddGaussianSNR": {"min_snr_db": 10.0, "max_snr_db": 30.0, "p": 1.0},
    "TimeStretch": {"min_rate": 0.9, "max_rate": 1.1, "leave_length_unchanged": False, "p": 0.5},
    "PitchShift": {"min_semitones": -2.0, "max_semitones": 2.0, "p": 0.5},
    "Gain": {"min_gain_db": -6.0, "max_gain_db": 6.0, "p": 0.5},
}
#: what a file may ask for: all that works on one signal, but what runs functions (Lambda)
KNOWN = (
    "AddBackgroundNoise", "AddColorNoise", "AddGaussianNoise", "AddGaussianSNR", "AddShortNoises", "AdjustDuration",
    "AirAbsorption", "Aliasing", "ApplyImpulseResponse", "BandPassFilter", "BandStopFilter", "BitCrush", "Clip",
    "ClippingDistortion", "Gain", "GainTransition", "HighPassFilter", "HighShelfFilter", "Limiter",
    "LoudnessNormalization", "LowPassFilter", "LowShelfFilter", "Mp3Compression", "Normalize", "Padding",
    "PeakingFilter", "PitchShift", "PolarityInversion", "RepeatPart", "Resample", "Reverse", "RoomSimulator",
    "SevenBandParametricEQ", "Shift", "TanhDistortion", "TimeMask", "TimeStretch", "Trim",
)  # fmt: skip


class TraditionalOptions(Options):
    """What is done to a signal."""

    augmentations: Any = option(
        None,
        "transformations of audiomentations with their settings: {'AddGaussianNoise': {'p': 1.0}, ...};"
        " not given: noise, and at random tempo, pitch and level",
    )


class Traditional(Augmenter):
    """The transformations of audiomentations, one after the other.

    Source: Iver Jordal, audiomentations, https://github.com/iver56/audiomentations.
    """

    Options = TraditionalOptions
    summary = "noise, tempo, pitch, level ... by the package audiomentations (extra augment)"
    workers = "processes"

    def check_ready(self) -> None:
        """See :class:`Augmenter`."""
        _ = self._compose

    def identity(self) -> Mapping[str, Any]:
        """See :class:`Augmenter`."""
        try:
            version = importlib.metadata.version("audiomentations")
        except importlib.metadata.PackageNotFoundError:
            raise _missing() from None
        return {"steps": self._steps(), "audiomentations": version}

    def augment(self, signal: np.ndarray, sampling_rate: int, seed: int) -> np.ndarray:
        """See :class:`Augmenter`."""
        compose = self._compose
        with seeded(seed):
            try:
                changed = compose(samples=np.asarray(signal, dtype=np.float32), sample_rate=sampling_rate)
            except Exception as problem:  # the package raises what it likes
                raise NkululekoError(f"audiomentations: {' '.join(str(problem).split())}") from None
        return np.asarray(changed, dtype=np.float32)

    def _steps(self) -> list[tuple[str, dict[str, Any]]]:
        asked = self.options.augmentations
        return steps_of(asked if asked not in (None, "", (), [], {}) else USUAL, "AUGMENT.augmentations")

    @cached_property
    def _compose(self) -> Any:
        try:
            package: Any = importlib.import_module("audiomentations")
        except ImportError:
            raise _missing() from None

        known = {name: getattr(package, name) for name in KNOWN if hasattr(package, name)}
        return package.Compose(built(self._steps(), known, "AUGMENT.augmentations"))


def _missing() -> NkululekoError:
    return missing_package("audiomentations", "augment", "AUGMENT.augment = traditional")

"""Noise, filters, compression, telephony: what the package auglib does to a signal."""

from __future__ import annotations

import importlib
import importlib.metadata
from collections.abc import Mapping
from functools import cached_property, partial
from typing import Any

import numpy as np

from nkululeko.audio.augmenters._seeded import seeded
from nkululeko.audio.augmenters._transformations import built, steps_of
from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.families import Augmenter
from nkululeko.core.plugin import Options, option

#: where nothing is asked for
USUAL: dict[str, dict[str, Any]] = {
    "PinkNoise": {"snr_db": [10.0, 30.0]},
    "GainStage": {"gain_db": [-6.0, 6.0]},
}
#: what a file may ask for: all that works on one signal with plain settings
KNOWN = (
    "AMRNB", "AppendValue", "BandPass", "BandStop", "Clip", "ClipByRatio", "CompressDynamicRange", "Fade",
    "FFTConvolve", "GainStage", "HighPass", "LowPass", "Mix", "NormalizeByPeak", "PinkNoise",
    "PrependValue", "Shift", "Tone", "Trim", "WhiteNoiseGaussian", "WhiteNoiseUniform",
)  # fmt: skip


class AuglibOptions(Options):
    """What is done to a signal."""

    transformations: Any = option(
        None,
        "transformations of auglib with their settings, [low, high] draws between two numbers:"
        " {'PinkNoise': {'snr_db': [10, 30]}, ...}; not given: pink noise and another level",
    )


class Auglib(Augmenter):
    """The transformations of auglib, one after the other.

    Source: audEERING, auglib, https://audeering.github.io/auglib.
    """

    Options = AuglibOptions
    summary = "noise, filters, compression ... by the package auglib (extra augment)"
    workers = "processes"

    def check_ready(self) -> None:
        """See :class:`Augmenter`."""
        _ = self._compose

    def identity(self) -> Mapping[str, Any]:
        """See :class:`Augmenter`."""
        try:
            version = importlib.metadata.version("auglib")
        except importlib.metadata.PackageNotFoundError:
            raise _missing() from None
        return {"steps": self._steps(), "auglib": version}

    def augment(self, signal: np.ndarray, sampling_rate: int, seed: int) -> np.ndarray:
        """See :class:`Augmenter`."""
        compose = self._compose
        with seeded(seed):
            try:
                changed = compose(np.array(signal, dtype=np.float32), sampling_rate)
            except Exception as problem:  # the package raises what it likes
                raise NkululekoError(f"auglib: {' '.join(str(problem).split())}") from None
        return np.asarray(changed, dtype=np.float32).reshape(-1)

    def _steps(self) -> list[tuple[str, dict[str, Any]]]:
        asked = self.options.transformations
        return steps_of(asked if asked not in (None, "", (), [], {}) else USUAL, "AUGMENT.transformations")

    @cached_property
    def _compose(self) -> Any:
        try:
            package: Any = importlib.import_module("auglib")
        except (ImportError, OSError):  # it brings libraries in C, which not every system can load
            raise _missing() from None

        kinds = package.transform
        known = {name: getattr(kinds, name) for name in KNOWN if hasattr(kinds, name)}
        return kinds.Compose(built(self._steps(), known, "AUGMENT.transformations", partial(_drawn, package)))


def _drawn(package: Any, value: Any) -> Any:
    """Two numbers are the ends of a range that is drawn from, other lists what one is drawn of."""
    if not isinstance(value, list | tuple):
        return value
    if len(value) == 2 and all(isinstance(end, int | float) and not isinstance(end, bool) for end in value):
        return package.observe.FloatUni(float(value[0]), float(value[1]))
    return package.observe.List(list(value), draw=True)


def _missing() -> NkululekoError:
    return missing_package("auglib", "augment", "AUGMENT.augment = auglib")

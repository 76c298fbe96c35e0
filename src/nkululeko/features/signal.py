"""Feature set ``signal``: how long and how loud a segment is."""

from __future__ import annotations

from typing import ClassVar, Literal

import numpy as np

from nkululeko.core import plugin
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import FeatureSet
from nkululeko.core.plugin import option

#: raise it whenever this code may give other values
REVISION = 1
#: the level of digital silence, in dB
_FLOOR = -120.0


class SignalOptions(plugin.Options):
    """What counts as a signal."""

    least: float = option(0.0, "shorter segments cannot be used (s)", ge=0)


class Signal(FeatureSet):
    """Duration and level: what a baseline that does not listen to the voice has; also tells what can be read at all.

    Example:
        >>> Signal().extract(np.full(8000, 0.1, np.float32), 16000).round(2).tolist()
        [0.5, -20.0]
    """

    Options = SignalOptions
    options: SignalOptions
    workers: ClassVar[Literal["threads", "processes"]] = "threads"
    summary = "duration and level"

    def names(self) -> list[str]:
        """``duration_s`` in s, ``level_db`` in dB below full scale."""
        return ["duration_s", "level_db"]

    def version(self) -> str:
        """Revision of this code."""
        return str(REVISION)

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """Duration in s and level in dB, shape ``(2,)``.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``
            sampling_rate: in Hz

        Raises:
            NkululekoError: the segment is too short, or holds values that are not numbers
        """
        duration = len(signal) / sampling_rate
        if len(signal) == 0 or duration < self.options.least:
            raise NkululekoError(
                f"segment of {duration:.3f} s is too short",
                todo=f"it needs at least {self.options.least:.3f} s",
            )
        if not np.all(np.isfinite(signal)):
            raise NkululekoError("the segment holds values that are not numbers (NaN or infinite)")
        power = float(np.mean(np.square(signal, dtype=np.float64)))
        return np.array([duration, max(_FLOOR, 10 * np.log10(power)) if power else _FLOOR])

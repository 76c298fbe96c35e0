"""openSMILE features (Eyben et al. 2010): eGeMAPS, ComParE and all other sets of its library."""

from __future__ import annotations

import warnings
from functools import cache
from importlib.metadata import version
from typing import Any

import numpy as np
from pydantic import SerializerFunctionWrapHandler, field_validator, model_serializer, model_validator

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import FeatureSet
from nkululeko.core.plugin import Options as BaseOptions
from nkululeko.core.plugin import option
from nkululeko.features import _sequences as sequences

#: the sets of openSMILE's Python package; those of GeMAPS have no deltas
SETS = (
    "GeMAPS", "GeMAPSv01a", "GeMAPSv01b", "eGeMAPS", "eGeMAPSv01a", "eGeMAPSv01b", "eGeMAPSv02",
    "ComParE_2016", "emobase", "IS09", "IS10", "IS11", "IS12", "IS13",
)  # fmt: skip
LEVELS = ("functionals", "lld", "lld_de", "frame")
POOLING = {
    "mean": lambda frames: frames.mean(axis=1),
    "std": lambda frames: frames.std(axis=1),
    "min": lambda frames: frames.min(axis=1),
    "max": lambda frames: frames.max(axis=1),
    "median": lambda frames: np.median(frames, axis=1),
}
#: frames a second, of all sets
FRAME_RATE = 100
#: what is used of each segment where frames stay a sequence, in s
MAX_DURATION = 5.0


class OsOptions(BaseOptions):
    """Which of openSMILE's feature sets."""

    set: str = option("eGeMAPSv02", "openSMILE set: " + ", ".join(SETS))
    level: str = option(
        "functionals", "functionals (one vector), lld or lld_de or frame (pooled over time, or a sequence)"
    )
    pooling: tuple[str, ...] = option(
        ("mean", "std"),
        f"how frames become one vector: {', '.join(POOLING)}; none or []: they stay a sequence, for lstm and cnn",
    )
    max_duration: float | None = option(
        None,
        f"of sequences, use the first so many seconds; not given: {MAX_DURATION:g}",
        gt=0,
        le=60,
    )

    @field_validator("set")
    @classmethod
    def _known_set(cls, name: str) -> str:
        if name not in SETS:
            raise ValueError(f"unknown openSMILE set '{name}'; {did_you_mean(name, SETS)}")
        return name

    @field_validator("level")
    @classmethod
    def _known_level(cls, name: str) -> str:
        if name not in LEVELS:
            raise ValueError(f"unknown level '{name}'; {did_you_mean(name, LEVELS)}")
        return name

    @field_validator("pooling")
    @classmethod
    def _known_pooling(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if names in (("none",), ("None",)):
            return ()
        for name in names:
            if name not in POOLING:
                raise ValueError(f"unknown pooling '{name}'; {did_you_mean(name, [*POOLING, 'none'])}")
        return names

    @model_validator(mode="after")
    def _level_of_set(self) -> OsOptions:
        if self.level == "lld_de" and "GeMAPS" in self.set:
            raise ValueError(
                f"set '{self.set}' has no level 'lld_de'; expected one of: functionals, lld, frame"
            )
        return self

    @property
    def is_sequence(self) -> bool:
        """Whether frames stay frames."""
        return self.level != "functionals" and not self.pooling

    @property
    def seconds(self) -> float:
        """What is used of each segment where frames stay a sequence, in s."""
        return MAX_DURATION if self.max_duration is None else self.max_duration

    @model_serializer(mode="wrap")
    def _as_far_as_values_depend_on_it(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """The feature store tells options apart by this: vectors know of no duration, sequences of the true one."""
        values: dict[str, Any] = handler(self)
        values.pop("max_duration", None)
        return values | {"max_duration": self.seconds} if self.is_sequence else values


class OpenSmile(FeatureSet):
    """Functionals, or low-level descriptors, pooled over time or as a sequence, of an openSMILE set."""

    Options = OsOptions
    tried = ({"set": "eGeMAPSv02"}, {"set": "ComParE_2016"})
    summary = (
        "openSMILE sets (eGeMAPS, ComParE ...), functionals or low-level descriptors, pooled or as sequences"
    )
    licence = "openSMILE: free for research and personal use only (audEERING); commercial use needs a licence"
    # its C library releases the interpreter lock: threads scale as well as processes and start at once
    workers = "threads"

    @property
    def level(self) -> str:
        """openSMILE's own name of the level."""
        return "lld" if self.options.level == "frame" else self.options.level

    def names(self) -> list[str]:
        """Column names of openSMILE, with the pooling or the number of the frame behind them."""
        columns = list(self._smile().feature_names)
        if self.level == "functionals":
            return columns
        if self.options.is_sequence:
            return sequences.names(columns, self._frames())
        return [f"{column}_{pool}" for pool in self.options.pooling for column in columns]

    def shape(self) -> tuple[int, int] | None:
        """Frames (one every 10 ms) and columns of openSMILE where frames stay a sequence, else None."""
        if not self.options.is_sequence:
            return None
        return self._frames(), len(self._smile().feature_names)

    def version(self) -> str:
        """Revision of this file and version of openSMILE."""
        return f"1;opensmile={version('opensmile')}"

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """See :class:`FeatureSet`; openSMILE takes any sampling rate."""
        if self.options.is_sequence:
            signal = signal[: round(self.options.seconds * sampling_rate)]
        frames = np.asarray(self._smile()(signal, sampling_rate))
        frames = frames.reshape(frames.shape[-2] if frames.ndim > 1 else len(frames), -1)
        if frames.size == 0 or np.isnan(frames).all():
            raise NkululekoError(f"too short for openSMILE ({len(signal) / sampling_rate:.3f} s)")
        if self.level == "functionals":
            return frames[:, 0]
        if self.options.is_sequence:
            return sequences.row(frames.T, self._frames())
        return np.concatenate([POOLING[pool](frames) for pool in self.options.pooling])

    def _frames(self) -> int:
        return max(1, round(self.options.seconds * FRAME_RATE))

    def _smile(self) -> Any:
        return _extractor(self.options.set, self.level)


@cache
def _extractor(feature_set: str, level: str) -> Any:
    """openSMILE's extractor: no more than a configuration, so all threads share it; making one takes 0.5 s."""
    import opensmile

    # older sets are the user's choice, and short segments are reported by us
    warnings.filterwarnings("ignore", module="opensmile")
    levels = {
        "functionals": opensmile.FeatureLevel.Functionals,
        "lld": opensmile.FeatureLevel.LowLevelDescriptors,
        "lld_de": opensmile.FeatureLevel.LowLevelDescriptors_Deltas,
    }
    return opensmile.Smile(feature_set=opensmile.FeatureSet[feature_set], feature_level=levels[level])

"""Feature set ``xbow``: bags of audio words, by openXBOW."""

from __future__ import annotations

import importlib.metadata
import warnings
from collections.abc import Iterator, Sequence
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np

from nkululeko.audio.read import read_segment
from nkululeko.core import plugin
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import BatchFeatureSet
from nkululeko.core.plugin import option
from nkululeko.features import _files as files
from nkululeko.features import _openxbow as openxbow

#: raise it whenever this code may give other values
REVISION = 1
Set = Literal["ComParE_2016", "eGeMAPSv02", "GeMAPSv01b", "emobase"]


class XbowOptions(plugin.Options):
    """Where openXBOW is, and which words it counts."""

    jar: str | None = option(None, "openXBOW.jar; its folder props must lie beside it", is_path=True)
    codebook: str | None = option(
        None, "the words: a codebook that openXBOW has learned (-B), never from test data", is_path=True
    )
    set: Set = option("ComParE_2016", "openSMILE set whose low-level descriptors become words")
    assignments: int = option(1, "so many nearest words are counted for each frame", ge=1, le=1000)


class Xbow(BatchFeatureSet):
    """How large a share each word of a codebook has of a recording's frames.

    A word is a typical frame: low-level descriptors of openSMILE, every 10 ms. Each frame counts for the words that are
    nearest to it (Pancoast and Akbacak 2012, "Bag-of-audio-words approach for multimedia event classification",
    Interspeech; Schmitt and Schuller 2017, JMLR 18(96)). Shares sum up to 1, so the length does not matter.

    The codebook is not learned here: a feature set knows of no split, so that the words would be learned from test
    speakers too. It must have been learned beforehand, from training speakers or from another database.
    """

    Options = XbowOptions
    options: XbowOptions
    workers: ClassVar[Literal["threads", "processes"]] = "threads"
    # starting Java takes longer than counting words
    batch_seconds: ClassVar[float] = 1200.0
    batch_segments: ClassVar[int] = 512
    summary = "bags of audio words by openXBOW (xbow.jar, xbow.codebook); needs Java"
    licence = (
        "openSMILE: free for research and personal use only (audEERING), commercial use needs a licence;"
        " openXBOW is GPLv3"
    )

    def names(self) -> list[str]:
        """Names like ``xbow_0012``: word 12 of the codebook, from 0."""
        return [f"xbow_{word:04d}" for word in range(self._words)]

    def version(self) -> str:
        """Revision, content of openXBOW and of the codebook, version of openSMILE.

        Raises:
            NkululekoError: one of them is not named, or is not there
        """
        jar, codebook = (files.digest(self._path(name), f"FEATS.xbow.{name}") for name in ("jar", "codebook"))
        return f"{REVISION};jar={jar};codebook={codebook};opensmile={importlib.metadata.version('opensmile')}"

    def identity(self) -> dict[str, Any]:
        """Without the files' places: their content is in the version."""
        return self.options.model_dump(mode="json", exclude={"jar", "codebook"})

    def check_ready(self) -> None:
        """Java, openXBOW and a codebook of the right descriptors must be there."""
        self.version()
        openxbow.java()
        self.names()

    def prepare(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """Low-level descriptors of one segment, shape ``(frames, descriptors)``.

        Args:
            signal: mono, in -1..1, shape ``(samples,)``
            sampling_rate: in Hz, any

        Raises:
            NkululekoError: the segment is too short
        """
        return descriptors(signal, sampling_rate, self.options.set)

    def extract_batch(self, prepared: Sequence[np.ndarray]) -> np.ndarray:
        """The shares of some segments, shape ``(segments, words)``.

        Raises:
            NkululekoError: openXBOW is not there, or gives no bags
        """
        bags = self._bags({f"r{number}": frames for number, frames in enumerate(prepared)})
        counts = np.stack([bags[f"r{number}"] for number in range(len(prepared))])
        total = counts.sum(axis=1, keepdims=True)
        return counts / np.where(total > 0, total, 1)

    @cached_property
    def _words(self) -> int:
        """The size of the codebook: openXBOW alone reads it, so it is asked for the bag of one frame."""
        count = len(_extractor(self.options.set).feature_names)
        return len(self._bags({"one": np.zeros((1, count))})["one"])

    def _bags(self, recordings: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        jar, codebook = self._path("jar"), self._path("codebook")
        return openxbow.bags(jar, codebook, self.options.assignments, recordings)

    def _path(self, name: Literal["jar", "codebook"]) -> str:
        path: str | None = getattr(self.options, name)
        if path is None:
            todo = {
                "jar": "get openXBOW from github.com/openXBOW/openXBOW: xbow.jar = ./openXBOW/openXBOW.jar",
                "codebook": "learn one from training speakers, or another database (docs: Features, xbow)",
            }
            raise NkululekoError(f"feature set 'xbow': there is no xbow.{name}", "FEATS", todo[name])
        return path


def descriptors(signal: np.ndarray, sampling_rate: int, feature_set: str) -> np.ndarray:
    """openSMILE's low-level descriptors, a row every 10 ms, shape ``(frames, descriptors)``.

    Args:
        signal: mono, in -1..1, shape ``(samples,)``
        sampling_rate: in Hz
        feature_set: openSMILE's name of it

    Raises:
        NkululekoError: the signal is too short, or holds values that are not numbers
    """
    if not np.all(np.isfinite(signal)):
        raise NkululekoError("the segment holds values that are not numbers (NaN or infinite)")
    frames = np.asarray(_extractor(feature_set)(signal, sampling_rate))
    frames = frames.reshape(frames.shape[-2], -1).T if frames.ndim > 1 else frames.reshape(0, 0)
    if frames.size == 0 or not np.isfinite(frames).all():
        raise NkululekoError(f"too short for openSMILE ({len(signal) / sampling_rate:.3f} s)")
    return frames


def write_descriptors(recordings: Sequence[str | Path], output: str | Path, feature_set: str) -> int:
    """The frames of training recordings in the file that openXBOW learns a codebook from.

    Args:
        recordings: audio files, of training speakers only
        output: CSV file to write
        feature_set: as ``xbow.set``

    Returns:
        descriptors in each line
    """

    def frames() -> Iterator[tuple[str, np.ndarray]]:
        for number, recording in enumerate(recordings):
            yield f"r{number}", descriptors(*read_segment(str(recording), 0.0, None), feature_set)

    openxbow.write_frames(Path(output), frames())
    return len(_extractor(feature_set).feature_names)


@cache
def _extractor(feature_set: str) -> Any:
    import opensmile

    warnings.filterwarnings("ignore", module="opensmile")  # short segments are reported by us
    level = opensmile.FeatureLevel.LowLevelDescriptors
    return opensmile.Smile(feature_set=opensmile.FeatureSet[feature_set], feature_level=level)

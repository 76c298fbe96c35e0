"""Extraction in batches: files are read and prepared in threads, ahead of the network in the main thread."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import numpy as np

from nkululeko.audio.read import read_segment, resample
from nkululeko.core import engine
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import BatchFeatureSet, FeatureSet

A = TypeVar("A")
#: key, vector or None, reason, and whether to keep that in the store
Outcome = tuple[bytes, np.ndarray | None, str | None, bool]
#: at least so many slices are read ahead while one is computed
_AHEAD = 2


@dataclass(frozen=True)
class Segment:
    """What a worker needs of one row: its key in the store, file, start and end in s."""

    key: bytes
    file: str
    start: float
    end: float

    @property
    def duration(self) -> float:
        """Its length in s."""
        return self.end - self.start


@dataclass(frozen=True)
class Attempt:
    """What became of one segment: a value, or the reason why there is none and whether that will last."""

    segment: Segment
    value: Any = None
    reason: str | None = None
    lasting: bool = True


def attempt(feature_set: FeatureSet, work: Callable[[np.ndarray, int], Any], segment: Segment) -> Attempt:
    """Read a segment and work on it; one bad file costs one row, not the run.

    Args:
        feature_set: whose sampling rate is wanted
        work: gets signal and rate
        segment: to read
    """
    read = False
    try:
        signal, rate = read_segment(segment.file, segment.start, segment.end)
        read = True
        wanted = feature_set.sampling_rate
        return Attempt(segment, work(resample(signal, rate, wanted), wanted or rate))
    except NkululekoError as problem:
        # what the extractor says of a signal holds for ever; a file may be readable tomorrow
        return Attempt(segment, None, str(problem), read)
    except Exception as problem:
        return Attempt(segment, None, f"{segment.file}: {type(problem).__name__}: {problem}", False)


def slices(segments: Sequence[Segment], seconds: float, most: int) -> Iterator[list[Segment]]:
    """Segments in portions of so many seconds, longest first: those of one portion are about equally long.

    Example:
        >>> parts = slices([Segment(b"", str(n), 0.0, float(n)) for n in (1, 5, 2, 3)], 6.0, 2)
        >>> [[segment.file for segment in part] for part in parts]
        [['5'], ['3', '2'], ['1']]
    """
    part: list[Segment] = []
    for segment in sorted(segments, key=lambda segment: -segment.duration):
        full = sum(other.duration for other in part) + segment.duration > seconds
        if part and (full or len(part) >= most):
            yield part
            part = []
        part.append(segment)
    if part:
        yield part


def extract_batches(
    feature_set: BatchFeatureSet, segments: Sequence[Segment], jobs: int
) -> Iterator[list[Outcome]]:
    """The vectors of all segments, a portion at a time; memory is bounded by a few portions of audio.

    Args:
        feature_set: what extracts
        segments: in any order
        jobs: threads that read

    Raises:
        NkululekoError: the extractor cannot work here at all
    """
    prepare = partial(_prepare, feature_set)
    parts = slices(segments, feature_set.batch_seconds, feature_set.batch_segments)
    for attempts in engine.unordered(prepare, parts, workers="threads", jobs=max(_AHEAD, jobs)):
        yield _vectors(feature_set, attempts)


def _prepare(feature_set: BatchFeatureSet, segments: Sequence[Segment]) -> list[Attempt]:
    return [attempt(feature_set, feature_set.prepare, segment) for segment in segments]


def _vectors(feature_set: BatchFeatureSet, attempts: Sequence[Attempt]) -> list[Outcome]:
    ready = [each for each in attempts if each.reason is None]
    failed = [
        (each.segment.key, None, each.reason, each.lasting) for each in attempts if each.reason is not None
    ]
    try:
        vectors = list(feature_set.extract_batch([each.value for each in ready])) if ready else []
    except NkululekoError:
        raise
    except Exception:  # one of them upsets it: each by itself, so that it costs one row
        return [*failed, *(_alone(feature_set, each) for each in ready)]
    return [
        *failed,
        *(
            (each.segment.key, np.asarray(vector, np.float32), None, True)
            for each, vector in zip(ready, vectors, strict=True)
        ),
    ]


def _alone(feature_set: BatchFeatureSet, ready: Attempt) -> Outcome:
    try:
        return (
            ready.segment.key,
            np.asarray(feature_set.extract_batch([ready.value])[0], np.float32),
            None,
            True,
        )
    except NkululekoError:
        raise
    except Exception as problem:
        return ready.segment.key, None, f"{ready.segment.file}: {type(problem).__name__}: {problem}", False

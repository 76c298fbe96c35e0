"""Features of the samples: from the store where they are, else extracted, in parallel, and kept."""

from __future__ import annotations

import hashlib
import logging
import struct
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache, partial

import numpy as np
import pandas as pd

from nkululeko.audio.probe import AudioInfo
from nkululeko.config.declare import Choice
from nkululeko.core import engine, families
from nkululeko.core import samples as contract
from nkululeko.core.cluster import on_cluster
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import BatchFeatureSet, Extraction, FeatureSet, Recordings, TextFeatureSet
from nkululeko.core.plugin import Options
from nkululeko.core.progress import progress
from nkululeko.core.store import FeatureStore, FeatureTable
from nkululeko.steps.batches import Outcome, Segment, attempt, extract_batches, slices
from nkululeko.steps.texts import Text, extract_texts, texts_of

_log = logging.getLogger("nkululeko")
#: segments a worker gets at a time: few enough that both cores end together
_CHUNK = {"threads": 2, "processes": 8}


@dataclass(frozen=True)
class Extracted:
    """The features of an index.

    Args:
        features: unique segments, one column a feature; only rows that every feature set has
        failed: segment to the reason why it has no features
        licences: that the user must be told of
        versions: feature set to its version
        shape: frames and columns, where the features are sequences of one feature set
        recordings: the files, where the features are no more than segments of them
    """

    features: pd.DataFrame
    failed: dict[tuple, str]
    licences: list[str]
    versions: dict[str, str]
    shape: tuple[int, int] | None = None
    recordings: Recordings = field(default_factory=Recordings)


@dataclass(frozen=True)
class Extractor:
    """Where features come from and go to.

    Args:
        store: the feature store
        audio: path to what the file holds
        jobs: how many workers
        fail_threshold: share of failing segments at which extraction stops, 0..1
        anew: extract even what the store has
        columns: the samples and their columns (never the target), for feature sets of text; None: there are none
    """

    store: FeatureStore
    audio: Mapping[str, AudioInfo]
    jobs: int
    fail_threshold: float = 0.5
    anew: bool = False
    columns: pd.DataFrame | None = None


def extract(
    choices: Sequence[Choice],
    index: pd.MultiIndex,
    extractor: Extractor,
    columns: Sequence[str] = (),
    columns_of: Mapping[str, Sequence[str]] | None = None,
) -> Extracted:
    """The features of all samples, several sets beside each other.

    Args:
        choices: feature sets and their options
        index: samples; a segment that stands twice is extracted once
        extractor: store and workers
        columns: keep only these; all if empty
        columns_of: the same for one feature set, by its name

    Raises:
        NkululekoError: too many segments fail, or a column does not exist
    """
    unique = index.unique()
    failed: dict[tuple, str] = {}
    frames: dict[str, pd.DataFrame] = {}
    sets = [families.features.load(choice.name)(choice.options) for choice in choices]
    for choice, feature_set in zip(choices, sets, strict=True):
        frame = feature_set.fetch(unique, extraction(extractor, failed))
        own = (columns_of or {}).get(choice.name)
        frames[choice.name] = _select(frame, own, f"FEATS.{choice.name}.features") if own else frame
        if len(frame) < len(unique):
            lost = unique[~unique.isin(frame.index)]
            failed.update(dict.fromkeys(lost, f"{choice.name}: has no row for it"))
    features = _concat(frames)
    if columns:
        features = _select(features, columns, "FEATS.features")
    if failed:
        features = features[~features.index.isin(list(failed))]
    licences = sorted({feature_set.licence for feature_set in sets if feature_set.licence})
    versions = {choice.name: feature_set.version() for choice, feature_set in zip(choices, sets, strict=True)}
    shape = sets[0].shape() if len(sets) == 1 and not columns else None
    if shape and features.shape[1] != shape[0] * shape[1]:  # some of its columns were chosen
        shape = None
    return Extracted(features, failed, licences, versions, shape)


def extraction(extractor: Extractor, failed: dict[tuple, str]) -> Extraction:
    """A function that extracts a feature set for an index; segments that fail, and why, come into ``failed``."""
    return partial(_from_store, extractor=extractor, failed=failed)


def _select(frame: pd.DataFrame, columns: Sequence[str], where: str) -> pd.DataFrame:
    for column in columns:
        if column not in frame:
            raise NkululekoError(f"no feature '{column}'", where, did_you_mean(column, frame.columns))
    return frame[list(columns)]


def _concat(frames: Mapping[str, pd.DataFrame]) -> pd.DataFrame:
    """Sets beside each other; where two have a column of one name, the set's name goes before it."""
    if len(frames) == 1:
        return next(iter(frames.values()))
    names = [column for frame in frames.values() for column in frame]
    if len(set(names)) < len(names):
        frames = {name: frame.add_prefix(f"{name}.") for name, frame in frames.items()}
    return pd.concat(list(frames.values()), axis=1)


def _from_store(
    feature_set: FeatureSet, index: pd.MultiIndex, *, extractor: Extractor, failed: dict[tuple, str]
) -> pd.DataFrame:
    """The features of unique segments: what the store lacks is extracted first."""
    name = feature_set.plugin_name()
    table = extractor.store.table(
        name, feature_set.version(), feature_set.identity(), feature_set.sampling_rate
    )
    segments: Sequence[Segment | Text]
    if isinstance(feature_set, TextFeatureSet):
        segments = texts_of(feature_set, index, extractor.columns)
    else:
        segments = _segments(index, extractor.audio)
    keys = [segment.key for segment in segments]
    vectors = table.read(keys)
    known = vectors.found & (not extractor.anew)
    # what failed in an earlier run counts too: the same data must not pass because it is tried again
    failures = _Failures(name, len(keys), extractor.fail_threshold, Counter(keys))
    for position in np.flatnonzero(known).tolist():
        if position in vectors.errors:
            failures.add(vectors.errors[position])
    if known.all():
        _log.info("%s: %d segments from the store", name, len(keys))
    else:
        missing = {segments[i].key: segments[i] for i in np.flatnonzero(~known)}
        _log.info("%s: %d segments from the store, %d to extract", name, int(known.sum()), len(missing))
        _say_resampling(feature_set, missing.values(), extractor.audio)
        volatile = _extract_new(feature_set, list(missing.values()), table, extractor.jobs, failures)
        vectors = table.read(keys)
        for position in np.flatnonzero(~vectors.found).tolist():
            failed[index[position]] = f"{name}: {volatile.get(keys[position], 'extraction failed')}"
    for position, reason in vectors.errors.items():
        failed[index[position]] = f"{name}: {reason}"
    return pd.DataFrame(vectors.values, index=index, columns=vectors.columns)


def _segments(index: pd.MultiIndex, audio: Mapping[str, AudioInfo]) -> list[Segment]:
    """Keys hash the file's content and the segment in samples, so they know nothing of names and folders."""
    segments = []
    starts, ends = contract.seconds(index, "start"), contract.seconds(index, "end")
    for file, start, end in zip(index.get_level_values("file"), starts, ends, strict=True):
        info = audio[file]
        span = struct.pack("<qq", round(start * info.sampling_rate), round(end * info.sampling_rate))
        segments.append(
            Segment(hashlib.blake2b(info.content + span, digest_size=16).digest(), file, start, end)
        )
    return segments


def _say_resampling(feature_set: FeatureSet, segments: object, audio: Mapping[str, AudioInfo]) -> None:
    wanted = feature_set.sampling_rate
    if not wanted:
        return
    rates = {audio[segment.file].sampling_rate for segment in segments} - {wanted}  # type: ignore[attr-defined]
    if rates:
        _log.info(
            "%s: audio at %s Hz is resampled to %d Hz",
            feature_set.plugin_name(),
            ", ".join(map(str, sorted(rates))),
            wanted,
        )


@dataclass
class _Failures:
    """Counts the segments of an extraction that fail, and ends it when they are too many.

    Args:
        name: of the feature set
        total: how many segments there are
        threshold: share of them that may fail, 0..1
        copies: how many segments have the same content, by key
    """

    name: str
    total: int
    threshold: float
    copies: Counter[bytes]
    count: int = 0

    def add(self, reason: str, times: int = 1) -> None:
        """One more, or all that have the same content.

        Raises:
            NkululekoError: too many
        """
        self.count += times
        if self.count > self.threshold * self.total:
            raise NkululekoError(
                f"{self.name}: {self.count} of {self.total} segments failed, e.g. {reason}",
                todo="mend the data, or raise FEATS.fail_threshold",
            )


def _extract_new(
    feature_set: FeatureSet,
    segments: list[Segment | Text],
    table: FeatureTable,
    jobs: int,
    failures: _Failures,
) -> dict[bytes, str]:
    """Extract segments into the table; returns failures that are not stored, for they may not last."""
    name, columns = feature_set.plugin_name(), feature_set.names()
    volatile: dict[bytes, str] = {}
    with progress(f"extracting {name}", len(segments)) as advance, table.writer(columns) as writer:
        for rows in _outcomes(feature_set, segments, min(jobs, len(segments))):
            for key, vector, reason, lasting in rows:
                if lasting:
                    writer.add(key, vector, reason)
                else:
                    volatile[key] = reason or ""
            for key, vector, reason, _ in rows:
                if vector is None:
                    failures.add(reason or "", failures.copies[key])
            advance(len(rows))
    return volatile


def _outcomes(feature_set: FeatureSet, asked: Sequence[Segment | Text], jobs: int) -> Iterator[list[Outcome]]:
    """What becomes of each segment, some at a time, in any order."""
    if isinstance(feature_set, TextFeatureSet):
        yield from extract_texts(feature_set, [each for each in asked if isinstance(each, Text)])
        return
    segments = [each for each in asked if isinstance(each, Segment)]
    name = feature_set.plugin_name()
    if isinstance(feature_set, BatchFeatureSet):
        if not (on_cluster() and families.features.has(name)):
            yield from extract_batches(feature_set, segments, jobs)
            return
        portions = slices(segments, feature_set.batch_seconds, feature_set.batch_segments)
        work = partial(_work_batch, name, feature_set.options)
        yield from engine.unordered(work, portions, workers="processes", jobs=jobs)
        return
    chunk = _CHUNK[feature_set.workers]
    chunks = (segments[i : i + chunk] for i in range(0, len(segments), chunk))
    work = partial(_work, name, feature_set.options)
    yield from engine.unordered(work, chunks, workers=feature_set.workers, jobs=jobs)


def _work_batch(name: str, options: Options, segments: list[Segment]) -> list[Outcome]:
    """A portion that goes through a network, on a worker of a cluster."""
    feature_set = _instance(name, options)
    assert isinstance(feature_set, BatchFeatureSet)
    return [row for rows in extract_batches(feature_set, segments, 1) for row in rows]


def _work(name: str, options: Options, segments: list[Segment]) -> list[Outcome]:
    """One worker's share."""
    return list(_vectors(_instance(name, options), segments))


@lru_cache(maxsize=8)
def _instance(name: str, options: Options) -> FeatureSet:
    """One extractor a process: setting it up costs as much as a file."""
    return families.features.load(name)(options)


def _vectors(feature_set: FeatureSet, segments: list[Segment]) -> Iterator[Outcome]:
    for segment in segments:
        done = attempt(feature_set, feature_set.extract, segment)
        vector = None if done.reason is not None else np.asarray(done.value, dtype=np.float32)
        yield segment.key, vector, done.reason, done.lasting

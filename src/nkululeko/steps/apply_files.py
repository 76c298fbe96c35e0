"""Speech that was never in an experiment: files, folders, tables, predicted a portion at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from nkululeko.audio.probe import probe
from nkululeko.core import engine
from nkululeko.core import samples as contract
from nkululeko.core.progress import progress
from nkululeko.core.store import FeatureStore, default_store
from nkululeko.steps.apply import Trained, apply
from nkululeko.steps.extract import Extractor

#: so many segments are predicted at a time: memory does not grow with their number
PORTION = 512
#: a segment is read as a whole: longer ones, in s, would need some gigabytes
LONGEST = 1800.0


@dataclass(frozen=True)
class Hearing:
    """How to listen.

    Args:
        store: where features are kept; None: that of the run, else the user's own
        jobs: workers; None: as many as there are cores
    """

    store: Path | None = None
    jobs: int | None = None


def predict_segments(
    trained: Trained, samples: pd.DataFrame, hearing: Hearing | None = None
) -> Iterator[pd.DataFrame]:
    """Predict segments of any audio, a portion at a time, in their order.

    What cannot be read has a row with the reason, as the others have a prediction. A model that sets each recording
    against the speaker's others gets all of them at once.

    Args:
        trained: the experiment
        samples: segments on the segmented index, ends may be missing; a column ``speaker`` where it is known
        hearing: store and workers

    Returns:
        frames as of :func:`nkululeko.steps.apply.apply`, ends known, with the columns of ``samples`` before

    Raises:
        NkululekoError: speakers must be known, or the features are not those of the run
    """
    hearing = hearing or Hearing()
    store = FeatureStore(hearing.store or trained.store or default_store())
    jobs = hearing.jobs or engine.cores()
    size = max(1, len(samples)) if trained.needs_speakers else PORTION
    with progress("predicting", len(samples)) as advance:
        for begin in range(0, len(samples), size):
            portion = samples.iloc[begin : begin + size]
            yield _portion(trained, portion, store, jobs)
            advance(len(portion))


def _portion(trained: Trained, samples: pd.DataFrame, store: FeatureStore, jobs: int) -> pd.DataFrame:
    audio = probe(sorted(contract.files_of(samples.index)), store, jobs)
    index = samples.index
    assert isinstance(index, pd.MultiIndex)
    durations = {file: info.duration for file, info in audio.items() if not info.error}
    errors = contract.by_file(index, {file: info.error for file, info in audio.items()}, "").astype(object)
    index = contract.resolve_ends(index, durations)
    starts, ends = contract.seconds(index, "start"), contract.seconds(index, "end")
    errors[(errors == "") & ~(ends > starts)] = "the segment is empty, or begins after the end of the file"
    long = (errors == "") & (ends - starts > LONGEST)
    errors[long] = [_too_long(seconds) for seconds in (ends - starts)[long]]
    samples = samples.set_axis(index, axis=0)
    good = errors == ""
    if not good.any():
        return _beside(samples, pd.DataFrame(index=index), trained).assign(error=errors)
    speakers = samples["speaker"].to_numpy(dtype=object)[good] if "speaker" in samples else None
    extractor = Extractor(store, audio, jobs, columns=samples)
    found = apply(trained, index[good], extractor, speakers)
    found = found.set_axis(np.flatnonzero(good), axis=0).reindex(range(len(index))).set_axis(index, axis=0)
    errors[good] = found["error"].to_numpy(dtype=object)[good]
    return _beside(samples, found, trained).assign(error=errors)


def _beside(samples: pd.DataFrame, found: pd.DataFrame, trained: Trained) -> pd.DataFrame:
    """The columns of the samples, then the same ones for every portion, whatever came of it."""
    taken = samples.drop(columns=[name for name in (*trained.columns, "error") if name in samples])
    return pd.concat([taken, found.reindex(columns=trained.columns)], axis=1)


def _too_long(seconds: float) -> str:
    return (
        f"is {seconds / 60:.0f} minutes long, and is not predicted as a whole: models learn from single utterances;"
        " cut it into pieces, e.g. of 10 s: --window 10"
    )


def windows(samples: pd.DataFrame, seconds: float, hearing: Hearing | None = None) -> pd.DataFrame:
    """Each segment cut into pieces, the last of them shorter; one that cannot be read stays as it is.

    Args:
        samples: on the segmented index
        seconds: length of a piece
        hearing: the store remembers what the audio holds
    """
    hearing = hearing or Hearing()
    store = FeatureStore(hearing.store or default_store())
    audio = probe(sorted(contract.files_of(samples.index)), store, hearing.jobs or engine.cores())
    durations = {file: info.duration for file, info in audio.items() if not info.error}
    assert isinstance(samples.index, pd.MultiIndex)
    index = contract.resolve_ends(samples.index, durations)
    rows, begins, stops = [], [], []
    spans = zip(contract.seconds(index, "start"), contract.seconds(index, "end"), strict=True)
    for row, (start, end) in enumerate(spans):
        pieces = max(1, int(np.ceil((end - start) / seconds - 1e-9))) if end > start else 1
        for piece in range(pieces):
            rows.append(row)
            begins.append(start + piece * seconds)
            stops.append(min(start + (piece + 1) * seconds, end) if end > start else end)
    cut = samples.iloc[rows]
    files = index.get_level_values("file").take(rows)
    times = [pd.to_timedelta(np.array(side), unit="s") for side in (begins, stops)]
    return cut.set_axis(contract.segmented_index(files, *times), axis=0)

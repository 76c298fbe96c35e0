"""Long recordings to short segments: a table of them, one of the pauses, and files where they are asked for."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from nkululeko.audio.lengths import Stretch, gaps, too_short
from nkululeko.audio.read import read_segment, resample
from nkululeko.audio.write import check_rate, encoded, within_range, write_audio
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.schema.segment import Segment
from nkululeko.core import engine, families
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Lengths, Segmenter
from nkululeko.core.progress import progress
from nkululeko.core.rundir import RunDir, write_atomically
from nkululeko.steps.audio_folder import prepare_folder
from nkululeko.steps.load import Data
from nkululeko.steps.prepare import jobs_of
from nkululeko.steps.selected import in_one_table, load_selected, place_of

_log = logging.getLogger("nkululeko")


@dataclass(frozen=True)
class Cut:
    """What became of one sample.

    Args:
        row: its number
        segments: in s, from the beginning of the file
        short: speech that is too short for a segment, likewise
        pauses: all that is neither, likewise
        error: why it cannot be cut; empty if it can
    """

    row: int
    segments: Sequence[Stretch] = ()
    short: Sequence[Stretch] = ()
    pauses: Sequence[Stretch] = ()
    error: str = ""


@dataclass(frozen=True)
class Segmented:
    """What ``segment`` found and wrote.

    Args:
        table: a CSV of the segments that is a database again
        pauses: a CSV of what is in no segment
        samples: the segments, on the segmented index of the original files, with all columns
        audio: folder of the files of the segments; None: none were asked for
        heard: seconds that were cut
        kept: seconds in segments
        silent: files without any speech
        short: how many stretches of speech were too short
        failed: files that could not be cut, and why
        target: the column that is predicted
    """

    table: Path
    pauses: Path
    samples: pd.DataFrame
    audio: Path | None
    heard: float
    kept: float
    silent: Sequence[str] = ()
    short: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    target: str = ""


def run_segmentation(config: ExperimentConfig, rundir: RunDir) -> Segmented:
    """Load, cut, write.

    Args:
        config: with [SEGMENT]
        rundir: where the tables go

    Raises:
        NkululekoError: the limits contradict each other, a package is missing, nothing is left, or cannot be written
    """
    section = config.section(Segment)
    lengths = _lengths(section, config)
    segmenter = families.segmenters.load(section.method)()
    segmenter.check_ready()
    data = in_one_table(load_selected(config, rundir, section.sample_selection))
    if section.output_audio:
        for rate in sorted({info.sampling_rate for info in data.audio.values() if not info.error}):
            check_rate(section.sampling_rate or rate, section.audio_format)
    cuts = sorted(_cut_all(segmenter, lengths, data, jobs_of(config)), key=lambda cut: cut.row)
    files = data.samples.index.get_level_values("file")
    failed = {str(files[cut.row]): cut.error for cut in cuts if cut.error}
    silent = [str(files[cut.row]) for cut in cuts if not (cut.error or cut.segments or cut.short)]
    short = sum(len(cut.short) for cut in cuts)
    _tell(silent, short, failed, section)
    samples = _segments(data.samples, cuts)
    if samples.empty:
        raise NkululekoError(
            "there is no segment in any recording", str(config.source),
            "are these recordings of speech? lower SEGMENT.min_length, or try SEGMENT.method = fixed",
        )  # fmt: skip
    table = place_of(section.result, rundir)
    folder = _audio_folder(section, config, rundir) if section.output_audio else None
    named = _write_files(samples, folder, section, jobs_of(config)) if folder else None
    pauses = table.with_name(f"{table.stem}_pauses{table.suffix}")
    _write(table, _as_table(samples, named, folder, table))
    _write(pauses, _pauses(data.samples, cuts))
    rundir.write("segment.ini", config.to_ini())
    spans = contract.seconds(data.samples.index, "end") - contract.seconds(data.samples.index, "start")
    kept = contract.seconds(samples.index, "end") - contract.seconds(samples.index, "start")
    return Segmented(
        table, pauses, samples, folder, float(spans.sum()), float(kept.sum()), tuple(silent), short, failed,
        config.data.target,
    )  # fmt: skip


def _lengths(section: Segment, config: ExperimentConfig) -> Lengths:
    if section.min_length > section.max_length:
        raise NkululekoError(
            f"min_length ({section.min_length:g} s) is more than max_length ({section.max_length:g} s)",
            f"{config.source}, [SEGMENT]", "change one of them",
        )  # fmt: skip
    return Lengths(section.min_length, section.max_length, section.include_silence_borders)


def _cut_all(segmenter: Segmenter, lengths: Lengths, data: Data, jobs: int) -> Iterator[Cut]:
    index = data.samples.index
    starts, ends = contract.seconds(index, "start"), contract.seconds(index, "end")
    rows = list(enumerate(zip(index.get_level_values("file"), starts, ends, strict=True)))
    with progress("segmenting", len(rows)) as advance:
        work = partial(_cut, segmenter, lengths)
        for cut in engine.unordered(work, rows, workers="threads", jobs=min(jobs, len(rows))):
            advance()
            yield cut


def _cut(segmenter: Segmenter, lengths: Lengths, item: tuple[int, tuple[str, float, float]]) -> Cut:
    """One sample; what is wrong with it does not hinder the others."""
    row, (file, start, end) = item
    try:
        signal, rate = read_segment(file, start, end)
        duration = len(signal) / rate
        speech = segmenter.speech(signal, rate)
        segments = segmenter.segments(speech, signal, rate, lengths)
    except NkululekoError as problem:
        return Cut(row, error=problem.what)
    short = too_short(speech, segments)

    def moved(stretches: Sequence[Stretch]) -> list[Stretch]:
        return [(start + first, start + last) for first, last in stretches]

    pauses = gaps(sorted([*segments, *short]), duration)
    return Cut(row, moved(segments), moved(short), moved(pauses))


def _segments(samples: pd.DataFrame, cuts: Sequence[Cut]) -> pd.DataFrame:
    """A row a segment, with the columns of the sample that it was cut from."""
    rows = [cut.row for cut in cuts for _ in cut.segments]
    spans = np.array([span for cut in cuts for span in cut.segments], dtype=float).reshape(-1, 2)
    # the length of the whole, which some databases have, is not that of the segment
    found = samples.iloc[rows].drop(columns=[name for name in ("duration",) if name in samples])
    times = pd.to_timedelta(np.round(spans.T.reshape(-1), 6), unit="s").as_unit("ns")
    index = contract.segmented_index(
        found.index.get_level_values("file"), times[: len(rows)], times[len(rows) :]
    )
    return found.set_axis(index, axis=0)


def _as_table(samples: pd.DataFrame, named: Sequence[str] | None, folder: Path | None, table: Path) -> str:
    """The CSV: segments of the original files, or the new files, which say where they are from."""
    if named is None or folder is None:
        return contract.to_csv_text(samples.drop(columns="database"))
    try:  # so that the folder can be moved with its table
        base: Path | str = folder.relative_to(table.parent)
    except ValueError:
        base = folder
    rows = samples.drop(columns=[name for name in ("database", "cut_from") if name in samples])
    rows = rows.assign(cut_from=samples.index.get_level_values("file"))
    rows = rows.assign(cut_start=contract.seconds(samples.index, "start"))
    rows.insert(0, "file", [(Path(base) / name).as_posix() for name in named])
    return rows.to_csv(index=False, lineterminator="\n")


def _pauses(samples: pd.DataFrame, cuts: Sequence[Cut]) -> str:
    """What is in no segment; ``kind`` is pause, or short where there is speech that is too short."""
    files = samples.index.get_level_values("file")
    lines = [
        (files[cut.row], start, end, kind)
        for cut in cuts
        for start, end, kind in sorted(
            [(*pause, "pause") for pause in cut.pauses] + [(*short, "short") for short in cut.short]
        )
    ]
    frame = pd.DataFrame(lines, columns=["file", "start", "end", "kind"])
    seconds = {name: frame[name].astype(float).round(6) for name in ("start", "end")}
    return frame.assign(**seconds).to_csv(index=False, lineterminator="\n")


def _audio_folder(section: Segment, config: ExperimentConfig, rundir: RunDir) -> Path:
    if section.audio_dir is None:
        return rundir.folder / "segments"
    return (config.folder_of_call / section.audio_dir.expanduser()).absolute()


def _write_files(samples: pd.DataFrame, folder: Path, section: Segment, jobs: int) -> list[str]:
    """Write each segment; the names below the folder."""
    index = samples.index
    files = [str(file) for file in index.get_level_values("file")]
    spans = list(zip(contract.seconds(index, "start"), contract.seconds(index, "end"), strict=True))
    names = [
        f"{_stem(file, owner)}_{round(start * 1000):07d}_{round(end * 1000):07d}.{section.audio_format}"
        for file, owner, (start, end) in zip(files, samples["database"], spans, strict=True)
    ]
    prepare_folder(folder, dict.fromkeys(names, ""), set(files), "SEGMENT.audio_dir")
    work = partial(_write_one, folder=folder, section=section)
    with progress("writing segments", len(names)) as advance:
        items = list(zip(names, files, spans, strict=True))
        for _ in engine.unordered(work, items, workers="threads", jobs=min(jobs, len(items))):
            advance()
    return names


def _stem(file: str, database: str) -> str:
    """A name that two recordings never share, and that tells which they are."""
    mark = hashlib.blake2b(file.encode("utf-8", "surrogateescape"), digest_size=3).hexdigest()
    return f"{database}/{Path(file).stem}-{mark}"


def _write_one(item: tuple[str, str, Stretch], folder: Path, section: Segment) -> None:
    name, file, (start, end) = item
    signal, rate = read_segment(file, start, end)
    wanted = section.sampling_rate or rate
    write_audio(
        folder / name, encoded(within_range(resample(signal, rate, wanted)), wanted, section.audio_format)
    )


def _write(path: Path, text: str) -> None:
    try:
        write_atomically(path, text.encode())
    except OSError as problem:
        raise NkululekoError(
            f"cannot be written ({problem.strerror})", str(path), "change EXP.root or SEGMENT.result"
        ) from None


def _tell(silent: Sequence[str], short: int, failed: dict[str, str], section: Segment) -> None:
    if failed:
        file, why = next(iter(failed.items()))
        _log.warning("%d samples could not be cut, e.g. %s: %s", len(failed), file, why)
    if silent:
        shown = ", ".join(silent[:3]) + (f" and {len(silent) - 3} more" if len(silent) > 3 else "")
        _log.warning("no speech, and so no segment, in %d of the recordings: %s", len(silent), shown)
    if short:
        _log.warning(
            "%d stretches of speech are shorter than %g s and too far from others to be joined: they are in no"
            " segment (kind short in the table of the pauses; to keep them lower SEGMENT.min_length)",
            short, section.min_length,
        )  # fmt: skip

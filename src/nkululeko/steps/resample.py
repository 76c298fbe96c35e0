"""Sampling rates and channels of recordings: said, and made the same where that is asked for."""

from __future__ import annotations

import errno
import logging
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import pandas as pd

from nkululeko.audio.convert import PART, converted, replace_file
from nkululeko.audio.probe import AudioInfo
from nkululeko.audio.write import write_audio
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.schema.resample import Resample
from nkululeko.core import engine
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.progress import progress
from nkululeko.core.rundir import RunDir
from nkululeko.steps.audio_folder import prepare_folder
from nkululeko.steps.load import Data
from nkululeko.steps.prepare import jobs_of
from nkululeko.steps.selected import in_one_table, load_selected

_log = logging.getLogger("nkululeko")
#: formats that a converted file may keep in another folder; others become WAV
_KEPT = (".wav", ".flac", ".mp3")
_FULL = (errno.ENOSPC, errno.EDQUOT) if hasattr(errno, "EDQUOT") else (errno.ENOSPC,)


@dataclass(frozen=True)
class Resampled:
    """What the recordings are, and what was done.

    Args:
        report: ``database``, ``sampling_rate`` (Hz), ``channels``, ``files``, ``hours``
        wanted: the rate in Hz that is asked for
        differ: how many files have another rate, or several channels
        converted: how many were converted now
        failed: files that could not be, and why
        table: a CSV of the converted files that is a database; None: there is no other folder
        samples: what the CSV holds
        target: the column that is predicted
        replaced: files were converted where they are
    """

    report: pd.DataFrame
    wanted: int
    differ: int
    converted: int = 0
    failed: Mapping[str, str] = field(default_factory=dict)
    table: Path | None = None
    samples: pd.DataFrame | None = None
    target: str = ""
    replaced: bool = False


def run_resampling(config: ExperimentConfig, rundir: RunDir) -> Resampled:
    """Say what the recordings are; convert them where ``replace`` or ``target`` asks for it.

    Args:
        config: with [RESAMPLE]
        rundir: where the report goes

    Raises:
        NkululekoError: the options contradict each other, or nothing can be written
    """
    section = config.section(Resample)
    if section.replace and section.target is not None:
        raise NkululekoError(
            "replace and target contradict each other", f"{config.source}, [RESAMPLE]",
            "replace = True converts files where they are; target writes others. Remove one of them",
        )  # fmt: skip
    data = in_one_table(load_selected(config, rundir, section.sample_selection))
    files = [str(file) for file in contract.files_of(data.samples.index)]
    wanted = section.sampling_rate
    others = [file for file in files if not _is_right(data.audio[file], wanted)]
    report = formats(data)
    rundir.write("sampling_rates.csv", report.to_csv(index=False, lineterminator="\n"))
    rundir.write("resample.ini", config.to_ini())
    if section.target is not None:
        folder = (config.folder_of_call / section.target.expanduser()).absolute()
        return _into_folder(folder, data, files, others, report, config)
    if not section.replace:
        return Resampled(report, wanted, len(others))
    failed = _in_place(others, wanted, jobs_of(config))
    _tell(failed, len(others))
    done = len(others) - len(failed)
    return Resampled(report, wanted, len(others), done, failed, replaced=True)


def formats(data: Data) -> pd.DataFrame:
    """How many files of each database have which rate and channels, and how many hours that is."""
    owners = dict(zip(data.samples.index.get_level_values("file"), data.samples["database"], strict=True))
    rows = [
        (owner, data.audio[file].sampling_rate, data.audio[file].channels, data.audio[file].duration / 3600)
        for file, owner in owners.items()
    ]
    frame = pd.DataFrame(rows, columns=["database", "sampling_rate", "channels", "hours"])
    found = frame.groupby(["database", "sampling_rate", "channels"], sort=True)["hours"]
    table = found.agg(files="size", hours="sum").reset_index()
    return table.assign(hours=table["hours"].round(4))


def _is_right(info: AudioInfo, wanted: int) -> bool:
    return info.sampling_rate == wanted and info.channels == 1


def _in_place(files: Sequence[str], wanted: int, jobs: int) -> dict[str, str]:
    """Convert files where they are, each as a whole or not at all; those that could not be, and why."""
    real = {str(Path(file).resolve()): file for file in files}
    for folder in {Path(file).parent for file in real}:
        for left in folder.glob(f".*{PART}"):  # of a run that was killed
            left.unlink(missing_ok=True)
    failed = {}
    with progress("converting", len(real)) as advance:
        work = partial(_replaced, wanted=wanted)
        for file, error in engine.unordered(work, real, workers="threads", jobs=max(1, min(jobs, len(real)))):
            if error:
                failed[real[file]] = error
            advance()
    return failed


def _replaced(file: str, wanted: int) -> tuple[str, str]:
    try:
        replace_file(Path(file), converted(file, wanted))
    except NkululekoError as problem:
        return file, problem.what
    except OSError as problem:
        if problem.errno in _FULL:
            raise NkululekoError(
                f"the disk is full ({problem.strerror})", file,
                "this file is as it was; make room and call the same command: it goes on from here",
            ) from None  # fmt: skip
        return file, f"cannot be written ({problem.strerror})"
    return file, ""


def _into_folder(
    folder: Path, data: Data, files: Sequence[str], others: Sequence[str], report: pd.DataFrame,
    config: ExperimentConfig,
) -> Resampled:  # fmt: skip
    """Write all files into another folder, those that are right as they are, and a table of them."""
    wanted = config.section(Resample).sampling_rate
    names = _names(files, set(others))
    stamps = {name: f"{data.audio[file].content.hex()},{wanted}" for file, name in names.items()}
    there = prepare_folder(folder, stamps, files, "RESAMPLE.target")
    missing = [(file, names[file], file in set(others)) for file in files if names[file] not in there]
    failed = {}
    jobs = max(1, min(jobs_of(config), len(missing)))
    with progress("converting", len(missing)) as advance:
        work = partial(_written, folder=folder, wanted=wanted)
        for file, error in engine.unordered(work, missing, workers="threads", jobs=jobs):
            if error:
                failed[file] = error
            advance()
    _tell(failed, len(missing))
    samples = _table(data, names, failed)
    table = folder / "resampled.csv"
    write_audio(table, samples.to_csv(index=False, lineterminator="\n").encode())
    done = sum(changed for file, _, changed in missing if file not in failed)
    return Resampled(report, wanted, len(others), done, failed, table, samples, config.data.target)


def _names(files: Sequence[str], changed: set[str]) -> dict[str, str]:
    """Names below the new folder, as below the common one; no two are the same, however letters are written."""
    root = os.path.commonpath([str(Path(file).parent) for file in files])
    taken: set[str] = set()
    names = {}
    for file in files:
        path = Path(file).relative_to(root)
        if file in changed and path.suffix.lower() not in _KEPT:
            path = path.with_suffix(".wav")
        name, number = path.as_posix(), 1
        while name.casefold() in taken:
            number += 1
            name = path.with_name(f"{path.stem}_{number}{path.suffix}").as_posix()
        taken.add(name.casefold())
        names[file] = name
    return names


def _written(item: tuple[str, str, bool], folder: Path, wanted: int) -> tuple[str, str]:
    file, name, changed = item
    try:
        if changed:
            content = converted(file, wanted, Path(name).suffix.lower().removeprefix("."))
        else:
            content = Path(file).read_bytes()
    except NkululekoError as problem:
        return file, problem.what
    except OSError as problem:
        return file, f"cannot be read ({problem.strerror})"
    write_audio(folder / name, content)
    return file, ""


def _table(data: Data, names: Mapping[str, str], failed: Mapping[str, str]) -> pd.DataFrame:
    """All columns of the samples, with the new files, named from the folder of the table."""
    samples = data.samples[~data.samples.index.get_level_values("file").isin(list(failed))]
    if samples.empty:
        raise NkululekoError("no file could be converted", next(iter(failed)), next(iter(failed.values())))
    files = samples.index.get_level_values("file")
    starts, ends = contract.seconds(samples.index, "start"), contract.seconds(samples.index, "end")
    whole = (starts == 0) & (ends >= contract.by_file(samples.index, _durations(data), 0.0) - 1e-6)
    table = samples.drop(columns="database").reset_index(drop=True)
    table.insert(0, "file", [names[str(file)] for file in files])
    if not whole.all():
        table.insert(1, "start", starts.round(6))
        # whole files have no end: the new one may be a sample shorter
        table.insert(2, "end", pd.Series(ends.round(6)).mask(whole))
    return table


def _durations(data: Data) -> dict[str, float]:
    return {file: info.duration for file, info in data.audio.items()}


def _tell(failed: Mapping[str, str], files: int) -> None:
    if failed:
        file, why = next(iter(failed.items()))
        _log.warning("%d of %d files were not converted and are as they were, e.g. %s: %s",
                     len(failed), files, file, why)  # fmt: skip

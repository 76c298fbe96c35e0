"""Augmented copies of recordings: files, a table of them, or at once more to learn from."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nkululeko.audio.probe import probe
from nkululeko.audio.read import read_segment
from nkululeko.audio.write import encoded, within_range, write_audio
from nkululeko.config.declare import Choice
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.schema.augment import Augment
from nkululeko.core import engine, families
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Augmenter
from nkululeko.core.progress import progress
from nkululeko.core.rundir import RunDir
from nkululeko.data import augmented
from nkululeko.steps.audio_folder import prepare_folder
from nkululeko.steps.load import Data
from nkululeko.steps.prepare import jobs_of, store_of
from nkululeko.steps.selected import in_one_table, load_selected, place_of, selected

_log = logging.getLogger("nkululeko")
#: a process is worth its start for so many files
_FILES_A_PROCESS = 100


@dataclass(frozen=True)
class _Copy:
    """One copy that is to be made; it crosses into other processes.

    Args:
        row: of the sample
        method: that makes it, with its options
        file: the original, with its segment in s
        start: of the segment
        end: of the segment
        seed: decides what is random
        path: of the new file
    """

    row: int
    method: Choice
    file: str
    start: float
    end: float
    seed: int
    path: Path


@dataclass(frozen=True)
class Copies:
    """What was made.

    Args:
        samples: the copies on the segmented index, with the columns of what they were made of, and who that was
        made: how many were made now; the others were there
        failed: originals (with the method) of which no copy could be made, and why
        folder: where they lie
    """

    samples: pd.DataFrame
    made: int
    failed: Mapping[str, str]
    folder: Path


@dataclass(frozen=True)
class Augmented:
    """What ``augment`` wrote.

    Args:
        table: a CSV of the copies that is a database
        copies: what it holds
        originals: how many samples there were copies to be made of
        target: the column that is predicted
        methods: that made them
    """

    table: Path
    copies: Copies
    originals: int
    target: str
    methods: Sequence[str] = field(default_factory=tuple)


def run_augmentation(config: ExperimentConfig, rundir: RunDir) -> Augmented:
    """Load, copy, and write a table of the copies.

    Args:
        config: with [AUGMENT]
        rundir: where everything goes

    Raises:
        NkululekoError: a method is not available, nothing could be made, or it cannot be written
    """
    section = config.section(Augment)
    methods_of(config)
    data = in_one_table(load_selected(config, rundir, section.sample_selection))
    table = place_of(section.result, rundir)
    copies = make_copies(config, data, table.parent / table.stem)
    rows = copies.samples.drop(columns="database").reset_index(drop=True)
    files = [
        Path(file).relative_to(table.parent).as_posix()
        for file in copies.samples.index.get_level_values("file")
    ]
    rows.insert(0, "file", files)
    write_audio(table, rows.to_csv(index=False, lineterminator="\n").encode())
    rundir.write("augment.ini", config.to_ini())
    return Augmented(table, copies, len(data.samples), config.data.target, section.augment)


def augmented_training(config: ExperimentConfig, data: Data, folder: Path) -> Data:
    """The same data with augmented copies of the training samples: these are in train as well, and nowhere else.

    Args:
        config: with [AUGMENT] (``reads`` or ``if_there`` of :func:`nkululeko.config.load.load`)
        data: loaded and split
        folder: of the copies; it belongs to this experiment alone. What is there already is not made again

    Returns:
        the samples, then the copies; these keep database, speaker and label of what they were made of

    Raises:
        NkululekoError: there is no training set (in a cross-validation), a method is not available, or nothing could
            be made
    """
    check_training(config)
    copies = make_copies(config, selected(data, "train", str(config.source)), folder)
    index = copies.samples.index
    audio = probe(list(contract.files_of(index)), store_of(config), jobs_of(config))
    speakers = pd.Series(copies.samples[augmented.SPEAKER].to_numpy(), index=index, dtype=data.speakers.dtype)
    counts = copies.samples["database"].value_counts()
    _log.info(
        "the training set has %d augmented copies (%s) of %d samples",
        len(index), ", ".join(config.section(Augment).augment), int((data.samples["split"] == "train").sum()),
    )  # fmt: skip
    return replace(
        data,
        samples=pd.concat([data.samples, copies.samples]),
        speakers=pd.concat([data.speakers, speakers]),
        audio={**data.audio, **audio},
        loaded={name: rows + int(counts.get(name, 0)) for name, rows in data.loaded.items()},
    )


def check_training(config: ExperimentConfig) -> None:
    """Stop, before any data are loaded, where the training set cannot be augmented.

    Args:
        config: with [AUGMENT] and [MODEL]

    Raises:
        NkululekoError: in a cross-validation there is no training set, or a method is not available
    """
    if config.folds:
        raise NkululekoError(
            "augmentation needs a training and a test set, and a cross-validation has none", str(config.source),
            "take logo, loso or k_fold_cross out of [MODEL]",
        )  # fmt: skip
    methods_of(config)


def methods_of(config: ExperimentConfig) -> list[Augmenter]:
    """The methods that are asked for, ready to be used.

    Raises:
        NkululekoError: one is not available, or a setting is wrong
    """
    chosen = config.section(Augment).sets
    if not chosen:
        raise NkululekoError(
            "[AUGMENT] augment names no method", str(config.source),
            f"available: {', '.join(families.augmenters.names())}",
        )  # fmt: skip
    methods = [families.augmenters.load(choice.name)(choice.options) for choice in chosen]
    for method in methods:
        method.check_ready()
    return methods


def make_copies(config: ExperimentConfig, data: Data, folder: Path) -> Copies:
    """One copy of each sample by each method, as WAV; what is there already is not made again.

    The seed of each follows from ``EXP.random_seed``, what is heard, and the method: so the same copies come out
    whatever the order of the samples, and however many there are.

    Args:
        config: with [AUGMENT]
        data: the samples that are copied
        folder: of the copies

    Raises:
        NkululekoError: a method is not available, none could be made, or they cannot be written
    """
    planned, stamps = _plan(config, data, folder)
    files = {copy.file for copy in planned}
    there = prepare_folder(folder, stamps, files, "EXP.root or EXP.name")
    missing = [copy for copy in planned if copy.path.relative_to(folder).as_posix() not in there]
    failed = _make(missing, jobs_of(config))
    made = [copy for copy in planned if copy.path not in failed]
    if not made:
        raise NkululekoError(f"none of {len(planned)} copies could be made, e.g. {next(iter(failed.values()))}",
                             str(missing[0].file))  # fmt: skip
    names = {copy.path: f"{copy.file} ({copy.method.name})" for copy in planned}
    reasons = {names[path]: why for path, why in failed.items()}
    if reasons:
        first = next(iter(reasons))
        _log.warning("%d of %d copies could not be made, e.g. of %s: %s",
                     len(reasons), len(planned), first, reasons[first])  # fmt: skip
    return Copies(_samples(data, made, config), len(missing) - len(failed), reasons, folder)


def _plan(config: ExperimentConfig, data: Data, folder: Path) -> tuple[list[_Copy], dict[str, str]]:
    """What is to be made, and for each name what its content depends on."""
    section, index = config.section(Augment), data.samples.index
    methods = [
        (choice, _identity(choice, method))
        for choice, method in zip(section.sets, methods_of(config), strict=True)
    ]
    starts, ends = contract.seconds(index, "start"), contract.seconds(index, "end")
    rows = zip(index.get_level_values("file"), starts, ends, data.samples["database"], strict=True)
    planned: list[_Copy] = []
    stamps: dict[str, str] = {}
    for row, (file, start, end, database) in enumerate(rows):
        heard = augmented.identity(data.audio[str(file)].content, start, end)
        for choice, identity in methods:
            key = hashlib.blake2b(f"{config.exp.random_seed};{identity};{heard}".encode(), digest_size=16)
            stem = f"{database}/{Path(str(file)).stem}-{key.hexdigest()[:8]}_{choice.name}"
            name, number = f"{stem}.wav", 1
            while name in stamps:  # the same recording twice
                number += 1
                name = f"{stem}_{number}.wav"
            stamps[name] = key.hexdigest()
            seed = int.from_bytes(key.digest()[:4], "big")
            planned.append(_Copy(row, choice, str(file), start, end, seed, folder / name))
    return planned, stamps


def _identity(choice: Choice, method: Augmenter) -> str:
    return json.dumps([choice.name, dict(method.identity())], sort_keys=True)


def _make(copies: Sequence[_Copy], jobs: int) -> dict[Path, str]:
    """Make copies; those that could not be, and why."""
    failed: dict[Path, str] = {}
    with progress("augmenting", len(copies)) as advance:
        for choice in dict.fromkeys(copy.method.name for copy in copies):
            mine = [copy for copy in copies if copy.method.name == choice]
            workers = families.augmenters.load(choice).workers
            enough = -(-len(mine) // _FILES_A_PROCESS) if workers == "processes" else len(mine)
            for path, error in engine.unordered(_made, mine, workers=workers, jobs=max(1, min(jobs, enough))):
                if error:
                    failed[path] = error
                advance()
    return failed


def _made(copy: _Copy) -> tuple[Path, str]:
    """Make one copy; what is wrong with it does not hinder the others."""
    try:
        signal, rate = read_segment(copy.file, copy.start, copy.end)
        changed = _method(copy.method.name, copy.method.options.model_dump_json()).augment(
            signal, rate, copy.seed
        )
    except NkululekoError as problem:
        return copy.path, problem.what
    if not len(changed) or not np.isfinite(changed).all():
        return copy.path, "what came out holds no sound, or samples that are no numbers"
    write_audio(copy.path, encoded(within_range(changed), rate))
    return copy.path, ""


@cache
def _method(name: str, options: str) -> Any:
    """One of each kind a process: they are costly to set up."""
    kind = families.augmenters.load(name)
    return kind(kind.Options.model_validate_json(options))


def _samples(data: Data, made: Sequence[_Copy], config: ExperimentConfig) -> pd.DataFrame:
    """The copies with the columns of what they were made of."""
    rows = [copy.row for copy in made]
    found = data.samples.iloc[rows]
    speakers = data.speakers.iloc[rows]
    audio = probe([str(copy.path) for copy in made], store_of(config), jobs_of(config))
    lengths = {file: info.duration for file, info in audio.items()}
    index = contract.resolve_ends(contract.segmented_index([str(copy.path) for copy in made]), lengths)
    known = {
        augmented.FROM: [copy.file for copy in made],
        augmented.BY: [copy.method.name for copy in made],
        augmented.SPEAKER: speakers.to_numpy(),
        augmented.ID: [
            augmented.identity(data.audio[copy.file].content, copy.start, copy.end) for copy in made
        ],
    }
    stale = [name for name in (*known, "duration") if name in found]
    return found.drop(columns=stale).set_axis(index, axis=0).assign(**known)

"""The data of an experiment as a new database: recordings and a table, that the program reads again."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.schema.export import Export
from nkululeko.core.errors import NkululekoError
from nkululeko.core.rundir import write_atomically
from nkululeko.data.tables import MISSING
from nkululeko.steps.export_plan import plan
from nkululeko.steps.export_write import prepare, write
from nkululeko.steps.load import Data, load, previous_split
from nkululeko.steps.prepare import jobs_of, store_of

_log = logging.getLogger("nkululeko")


@dataclass(frozen=True)
class Exported:
    """A new database.

    Args:
        name: of the database
        table: its CSV; names of files are relative to its folder
        samples: what the CSV holds
        files: how many recordings it has
        written: how many of them were not there yet
        target: the column that is predicted
    """

    name: str
    table: Path
    samples: pd.DataFrame
    files: int
    written: int
    target: str

    @property
    def folder(self) -> Path:
        """Where all of it lies."""
        return self.table.parent

    @property
    def as_database(self) -> tuple[str, ...]:
        """The lines of [DATA] that read it again, split as it is."""
        split = {"train", "test"} <= set(self.samples["split"])
        return (
            f"databases = ['{self.name}']", f"{self.name} = {self.table}", f"{self.name}.type = csv",
            f"{self.name}.absolute_path = False", *([f"{self.name}.split_strategy = database"] if split else []),
            f"target = {self.target}",
        )  # fmt: skip


def run_export(config: ExperimentConfig) -> Exported:
    """Load the data, and write the selected samples as a database of their own.

    Args:
        config: with [EXPORT]

    Raises:
        NkululekoError: it is not said where to, something foreign is there, or it cannot be written
    """
    folder, name = _place(config)
    section = config.section(Export)
    previous = previous_split(Path(config.exp.root).absolute() / config.exp.name / "split.csv")
    data = load(config, store_of(config), previous, jobs_of(config), complete=False, labelled=False)
    for drop in data.dropped:
        _log.warning("left out: %d samples (%s): %s", len(drop.rows), drop.stage, drop.reason)
    data = _selected(data, section.sample_selection, config)
    root = None if section.orig_root is None else _existing(section.orig_root, config)
    target = config.data.target
    planned = plan(data.samples, data.speakers, data.audio, target, root, section.segments_as_files)
    _say_what_is_lost(planned.table)
    table = folder / f"{name}.csv"
    prepare(folder, planned.pieces, table.name)
    try:
        written = write(folder, planned.pieces)
        content = planned.table.to_csv(index=False, lineterminator="\n")
        write_atomically(table, content.encode())
    except KeyboardInterrupt:
        text = f"interrupted: what is complete stays in {folder}; the same command goes on from there"
        raise KeyboardInterrupt(text) from None
    except OSError as problem:
        raise NkululekoError(f"cannot be written ({problem.strerror})", str(table), "make room") from None
    return Exported(name, table, planned.table, len(planned.pieces), written, target)


def _place(config: ExperimentConfig) -> tuple[Path, str]:
    """The folder of the new database, and its name.

    Raises:
        NkululekoError: it is not said where to, or the name is none
    """
    section = config.section(Export)
    if section.target_root is None:
        raise NkululekoError(
            "[EXPORT] target_root is missing", str(config.source),
            "say where the new database goes: target_root = ./exported/",
        )  # fmt: skip
    name = section.data_name if section.data_name is not None else config.exp.name
    if not name or name != Path(name).name or name.startswith("."):
        raise NkululekoError(
            f"'{name}' is no plain name of a folder", f"{config.source}, [EXPORT] data_name",
            "letters, digits, - and _",
        )  # fmt: skip
    return (config.folder_of_call / section.target_root.expanduser() / name).absolute(), name


def _existing(folder: Path, config: ExperimentConfig) -> Path:
    """A folder from that of the call, else from that of the file.

    Raises:
        NkululekoError: there is none
    """
    for base in (config.folder_of_call, config.source.absolute().parent):
        place = base / folder.expanduser()
        if place.is_dir():
            return place.absolute()
    raise NkululekoError(
        f"there is no folder '{folder}'", f"{config.source}, [EXPORT] orig_root",
        "name the folder of the original recordings, or leave it out",
    )  # fmt: skip


def _selected(data: Data, wanted: str, config: ExperimentConfig) -> Data:
    if wanted == "all":
        return data
    keep = (data.samples["split"] == wanted).to_numpy()
    if not keep.any():
        there = ", ".join(f"{name} ({count})" for name, count in data.samples["split"].value_counts().items())
        raise NkululekoError(
            f"there is no {wanted} set", f"{config.source}, sample_selection", f"there are: {there}"
        )
    return data.only(keep, [])


def _say_what_is_lost(table: pd.DataFrame) -> None:
    """Warn of words that mean 'no value' to whoever reads a CSV."""
    for name in table:
        words = sorted(
            {value for value in table[name].unique() if isinstance(value, str) and value in MISSING}
        )
        if words:
            _log.warning(
                "column '%s' holds the word '%s', which is read as a missing value from a CSV", name, words[0]
            )

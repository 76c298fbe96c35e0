"""The samples that a module works on, as ``sample_selection`` says."""

from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core.errors import NkululekoError
from nkululeko.core.rundir import RunDir
from nkululeko.steps.load import Data, load, previous_split
from nkululeko.steps.prepare import jobs_of, store_of

_log = logging.getLogger("nkululeko")


def load_selected(config: ExperimentConfig, rundir: RunDir, wanted: str) -> Data:
    """Load the databases without asking for labels, and keep one part of them.

    Args:
        config: of the experiment
        rundir: has the split of the last run, for ``reuse``
        wanted: ``all``, ``train``, ``dev`` or ``test``

    Raises:
        NkululekoError: the part is empty
    """
    previous = previous_split(rundir.path("split.csv"))
    data = load(config, store_of(config), previous, jobs_of(config), complete=False, labelled=False)
    for drop in data.dropped:
        _log.warning("left out: %d samples (%s): %s", len(drop.rows), drop.stage, drop.reason)
    return selected(data, wanted, str(config.source))


def selected(data: Data, wanted: str, source: str) -> Data:
    """One part of the samples.

    Raises:
        NkululekoError: it is empty
    """
    if wanted == "all":
        return data
    keep = (data.samples["split"] == wanted).to_numpy()
    if not keep.any():
        there = ", ".join(f"{name} ({count})" for name, count in data.samples["split"].value_counts().items())
        raise NkululekoError(
            f"there is no {wanted} set", f"{source}, sample_selection", f"there are: {there}"
        )
    return data.only(keep, [])


def in_one_table(data: Data) -> Data:
    """The samples as rows of one database: speakers of several databases, who may share names, keep apart."""
    if len(data.loaded) < 2 or "speaker" not in data.samples:
        return data
    named = data.speakers.str.replace("/", "_", n=1)
    return replace(data, samples=data.samples.assign(speaker=named.to_numpy()))


def place_of(path: Path, rundir: RunDir) -> Path:
    """Where a table goes: below the run's folder unless its path is absolute; ``.csv`` where it has no ending."""
    return rundir.folder / (path if path.suffix else path.with_suffix(".csv")).expanduser()

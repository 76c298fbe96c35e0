"""The data sheet of an experiment."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import engine
from nkululeko.core.journal import Journal
from nkululeko.core.result import Interval, Result
from nkululeko.core.rundir import RunDir
from nkululeko.core.sheet import Sheet
from nkululeko.core.store import FeatureStore, default_store
from nkululeko.data.balance import divergence
from nkululeko.data.sheet import make_sheet
from nkululeko.plots import Drawing, draw_all
from nkululeko.report.sheet import sheet_json, sheet_page
from nkululeko.steps.load import Data, load, previous_split


@dataclass(frozen=True)
class Written:
    """A data sheet and where it lies.

    Args:
        sheet: what the data are
        warnings: what the user must know of them
        page: the page
        json: the same for machines
    """

    sheet: Sheet
    warnings: list[str]
    page: Path
    json: Path


def sheet_of(data: Data, config: ExperimentConfig) -> Sheet:
    """What the data of an experiment are, and what became of their rows."""
    return make_sheet(
        data.samples, data.speakers, config.data.target, data.labels,
        loaded=data.loaded, dropped=data.dropped, audio=data.audio,
        balance=_balance(data, config),
        bins={db.name: getattr(db.split_options, "bins", {}) for db in config.data.databases},
        wanted=[db.name for db in config.data.databases if db.value_counts],
    )  # fmt: skip


def _balance(data: Data, config: ExperimentConfig) -> pd.DataFrame | None:
    """How near the balanced splits came to the ideal; None where no database is split so."""
    tables = []
    for db in config.data.databases:
        if db.split_strategy == "balanced":
            samples = data.samples[(data.samples["database"] == db.name).to_numpy()]
            options = db.split_options
            variables = getattr(options, "balance", None) or {config.data.target: 1.0}
            table = divergence(samples, samples["split"], variables, getattr(options, "bins", {}))
            table.insert(0, "database", db.name)
            tables.append(table)
    return pd.concat(tables, ignore_index=True) if tables else None


def write_sheet(config: ExperimentConfig, log: Journal) -> Written:
    """Load and split the databases, and write their sheet into the experiment's folder.

    Args:
        config: the experiment; sections that say how to learn are not needed
        log: collects notes and warnings
    """
    for note in config.notes:
        logging.getLogger("nkululeko").info(note)
    rundir = RunDir(config.exp.root, config.exp.name)
    store = FeatureStore(config.exp.store or default_store())
    jobs = config.exp.jobs or engine.cores()
    data = load(config, store, previous_split(rundir.path("split.csv")), jobs, complete=False)
    sheet = sheet_of(data, config)
    page = sheet_page(
        sheet, sheet_pictures(sheet, config), config.report.title or config.exp.name, config.report.author or "",
        log.notes, log.warnings,
    )  # fmt: skip
    return Written(
        sheet, log.warnings, rundir.write("data.html", page),
        rundir.write("data.json", json.dumps(sheet_json(sheet), indent=1, ensure_ascii=False)),
    )  # fmt: skip


def sheet_pictures(sheet: Sheet, config: ExperimentConfig) -> dict[str, bytes]:
    """The plots of the data; they take a result, and this one has nothing but its sheet."""
    nothing = Interval("samples", 0, 0)
    result = Result(
        config.exp.name,
        config.exp.type,
        sheet.target,
        sheet.labels,
        "",
        {},
        nothing,
        pd.DataFrame(),
        sheet=sheet,
    )
    return draw_all(result, Drawing(names=("value_counts", "balance"), options=config.plot.model_dump()))

"""A whole experiment: the steps in a row."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path

import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import samples as contract
from nkululeko.core.companion import Companion
from nkululeko.core.journal import Journal
from nkululeko.core.learning_plugins import LOGS, WAITING
from nkululeko.core.result import Result
from nkululeko.core.rundir import RunDir
from nkululeko.learning.embedding import tsne
from nkululeko.learning.pipeline import Recipe
from nkululeko.learning.training import Learned, Runs
from nkululeko.steps.cluster import on_its_engine
from nkululeko.steps.evaluate import evaluate
from nkululeko.steps.load import Data, previous_split
from nkululeko.steps.onnx_files import check_wanted, export_wanted
from nkululeko.steps.prepare import jobs_of, prepare
from nkululeko.steps.provenance import provenance
from nkululeko.steps.report import draw_and_write, warm
from nkululeko.steps.saved_predictions import check_save_test, save_test
from nkululeko.steps.train import Matrices, beside, recipe_of, train

_log = logging.getLogger("nkululeko")

#: writes tables, pictures and page, see :func:`nkululeko.steps.report.draw_and_write`
Reporter = Callable[[Result, RunDir, ExperimentConfig], None]
#: learns a recipe and tests it, see :func:`nkululeko.steps.train.train`
Learner = Callable[[Recipe, Matrices, ExperimentConfig, Path | None, Companion | None], Future[Runs]]


@on_its_engine
def run_experiment(
    config: ExperimentConfig, rundir: RunDir, log: Journal, companion: Companion | None, began: float,
    learner: Learner = train, more: Callable[[Data], Data] | None = None,
    reporter: Reporter = draw_and_write,
) -> Result:  # fmt: skip
    """Load, split, extract, train, evaluate, report.

    Args:
        config: the experiment
        rundir: where everything goes
        log: collects notes and warnings
        companion: the process that learns; None: this one does
        began: when the run began, ``time.monotonic()``
        learner: what learns; the search for hyperparameters has its own
        reporter: writes what the run leaves; another one may leave pictures for later
        more: adds to the loaded samples, see :func:`~nkululeko.steps.prepare.prepare`
    """
    check_save_test(config)
    check_wanted(config)
    prepared = prepare(config, previous_split(rundir.path("split.csv")), more)
    data, extracted, parts, jobs = prepared.data, prepared.extracted, prepared.parts, jobs_of(config)
    keep = config.exp.save and config.model.save
    if keep and extracted.recordings.files:
        rundir.emptied(LOGS)
    learning = learner(
        recipe_of(config, data, jobs, extracted, rundir.folder if keep else None),
        parts,
        config,
        rundir.model_folder() if keep else None,
        companion,
    )
    mapping = (
        beside(companion, tsne, parts.data.features, config.exp.random_seed, jobs)
        if config.plot.tsne
        else None
    )
    if reporter is draw_and_write:
        warm()  # while the companion learns
    rundir.write("config.ini", config.to_ini())
    runs = learning.result()
    export_wanted(config, rundir)
    rundir.write(
        "split.csv", contract.to_csv_text(split_table(data.samples, config.data.target, runs.chosen))
    )
    for level, lines in ((logging.INFO, runs.chosen.notes), (logging.WARNING, runs.chosen.warnings)):
        for line in lines:
            _log.log(level, line)
    origin = provenance(config, data, extracted, time.monotonic() - began)
    result = evaluate(
        config, data, runs, parts.columns,
        embedding=mapping.result() if mapping else None,
        notes=log.notes, warnings=log.warnings, provenance=origin, folder=rundir.folder,
    )  # fmt: skip
    save_test(config, data.samples, result)
    reporter(result, rundir, config)
    rundir.remove(WAITING)
    _publish(config, rundir, keep)
    return result


def _publish(config: ExperimentConfig, rundir: RunDir, kept: bool) -> None:
    """Put the model on the hub, where that was asked for."""
    if not getattr(config.model.choice.options, "push_to_hub", False):
        return
    if not kept:
        _log.warning("the model was not published: it was not kept (EXP.save, MODEL.save)")
        return
    from nkululeko.steps.publish import publish

    publish(config.exp.name, rundir.path(str(config.exp.models_dir)), rundir.path("result.json"))


def split_table(samples: pd.DataFrame, target: str, learned: Learned) -> pd.DataFrame:
    """Who is in which split, or in which fold."""
    kept = [name for name in ("database", "speaker", target, "split") if name in samples]
    table = samples[list(dict.fromkeys(kept))]
    if learned.fold is None:
        return table
    return table.assign(fold=[learned.folds[number] for number in learned.fold])

"""Finished runs for tests that read them back: made in this process, which is quicker than the door for many."""

from __future__ import annotations

import time
from pathlib import Path

import pandas as pd

from nkululeko.config.load import load
from nkululeko.core.journal import NOTHING, journal
from nkululeko.core.result import Result
from nkululeko.core.rundir import RunDir
from nkululeko.steps.experiment import run_experiment
from nkululeko.steps.prepare import jobs_of, prepare
from nkululeko.steps.train import recipe_of, train

INI = """\
[EXP]
root = results
name = exp
store = {store}
[DATA]
databases = ['db']
db = {corpus}/corpus.csv
db.type = csv
db.test_size = 50
target = emotion
[FEATS]
type = mfcc
[MODEL]
type = nb
"""


def write_ini(folder: Path, corpus: Path, store: Path) -> Path:
    """An experiment file on the synthetic corpus."""
    path = folder / "exp.ini"
    path.write_text(INI.format(store=store, corpus=corpus))
    return path


def finish(ini: Path, name: str, *changes: str) -> Result:
    """Run an experiment under a name of its own, below the folder of the call."""
    config = load(ini, [*changes, f"EXP.name={name}"])
    rundir = RunDir(config.exp.root, config.exp.name, results=config.exp.res_dir.as_posix())
    with journal(NOTHING) as log:
        return run_experiment(config, rundir, log, None, time.monotonic())


def learn(ini: Path, name: str, *changes: str, result: str = "{}") -> tuple[Path, pd.DataFrame]:
    """Train and keep a model, as an experiment does, without evaluation, pictures and pages.

    Args:
        ini: the experiment file
        name: of the run
        changes: options that win over the file
        result: what its ``result.json`` holds

    Returns:
        folder of the run, and its test samples
    """
    config = load(ini, [*changes, f"EXP.name={name}"])
    prepared = prepare(config)
    rundir = RunDir(config.exp.root, config.exp.name)
    recipe = recipe_of(config, prepared.data, jobs_of(config), prepared.extracted)
    train(recipe, prepared.parts, config, rundir.model_folder(), None).result()
    rundir.write("config.ini", config.to_ini())
    rundir.write("result.json", result)
    samples = prepared.data.samples
    return rundir.folder, samples[samples["split"] == "test"]

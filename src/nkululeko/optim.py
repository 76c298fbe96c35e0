"""The door ``optim``: search for the best hyperparameters inside the training set, then run the experiment with them.

``nkululeko optim experiment.ini``, ``python -m nkululeko.optim --config experiment.ini``, or from Python
``nkululeko.optim.run("experiment.ini")``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.steps.search import Searched


def run(config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING) -> Searched:
    """Search for hyperparameters as [OPTIM] says, and run the experiment with the best ones.

    Trials are measured on speaker-grouped folds of the training set; the test set is looked at once, at the end. With
    a cross-validation (MODEL.loso, logo, k_fold_cross, or OPTIM.outer_folds) the search is made anew in every fold.
    What was fitted is kept: the same call goes on where it was interrupted.

    Args:
        config: path of the experiment file
        overrides: options that win over the file, e.g. ``["OPTIM.n_iter=20"]``
        show: the lowest logging level that is shown on the terminal

    Returns:
        the result of a normal run with the best values, and all trials; ``best.ini`` in the run's folder is the
        experiment with these values

    Raises:
        NkululekoError: the file, or the data, have mistakes; says which, where, and what to do
    """
    began = time.monotonic()
    from nkululeko.config.load import RUN
    from nkululeko.config.load import load as load_config
    from nkululeko.core.journal import journal
    from nkululeko.steps.folder import rundir_of
    from nkululeko.steps.search import Searcher, space_of

    changes = [*overrides, *_meant(config, overrides)]
    experiment = load_config(config, changes, reads=(*RUN, "OPTIM"))
    space = space_of(experiment, changes)
    rundir = rundir_of(experiment)
    searcher = Searcher(experiment, space, rundir, changes)
    with journal(show) as log:
        for note in experiment.notes:
            logging.getLogger("nkululeko").info(note)
        try:
            from nkululeko.steps.experiment import run_experiment

            result = run_experiment(experiment, rundir, log, None, began, searcher)
        finally:
            rundir.write("log.txt", log.text())
    return searcher.searched(result)


def _meant(config: str | Path, overrides: Sequence[str]) -> list[str]:
    """What [OPTIM] says of the experiment as a whole: its model, its outer folds."""
    from nkululeko.config.ini import glance
    from nkululeko.config.names import MODELS

    changes = []
    model = glance(config, overrides, "OPTIM", "model").strip("'\"")
    if model and MODELS.canonical(model):
        changes.append(f"MODEL.type={model}")
    outer = glance(config, overrides, "OPTIM", "outer_folds")
    if outer.isdigit():
        changes.append(f"MODEL.k_fold_cross={outer}")
    return changes


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.optim --config F [--set SECTION.option=value]``."""
    from nkululeko.core.door import door

    return door("nkululeko.optim", print_search, arguments)


def print_search(config: str, overrides: Sequence[str], show: int = NOTHING) -> None:
    """Search, run, and print the summary and the best values as lines of an experiment file."""
    from rich.console import Console

    try:
        searched = run(config, overrides, show=show)
    except KeyboardInterrupt as stop:
        if not stop.args:
            raise
        text = f"interrupted: {stop.args[0]}; the same command goes on from there"
        raise KeyboardInterrupt(text) from None
    from nkululeko.report.terminal import summary

    console = Console()
    console.print(summary(searched.result), soft_wrap=True)  # paths stay in one piece
    measured = f"inner folds, corrected for having been chosen: {searched.measured}"
    console.print("[bold]search[/bold]", end=" ")
    console.print(measured, soft_wrap=True, markup=False, highlight=False)
    console.print("[bold]best[/bold]", soft_wrap=True)
    for line in searched.lines:
        console.print(f"  {line}", soft_wrap=True, markup=False, highlight=False)


if __name__ == "__main__":
    raise SystemExit(main())

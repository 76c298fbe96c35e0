"""The main door: train on one part of the data, test on another, leave a page to look at.

``python -m nkululeko.nkululeko --config experiment.ini``, ``nkululeko train experiment.ini``, or from Python
``nkululeko.run("experiment.ini")``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.core.companion import Companion
    from nkululeko.core.result import Result


def run(config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING) -> Result:
    """Run an experiment: load, split, extract, train, evaluate, report.

    Args:
        config: path of the experiment file
        overrides: options that win over the file, e.g. ``["MODEL.type=svm"]``
        show: the lowest logging level that is shown on the terminal

    Returns:
        scores with intervals, predictions, tables; what the run wrote lies in ``result.folder``

    Raises:
        NkululekoError: the file, or the data, have mistakes; says which, where, and what to do
    """
    from nkululeko.config.ini import glance
    from nkululeko.core.companion import Companion, call

    with Companion() as companion:
        # by name: importing the module here would take longer than starting the other process
        companion.submit(
            call, "nkululeko.learning.training", "warm", glance(config, overrides, "MODEL", "type")
        )
        return _run(config, overrides, show, companion)


def _run(config: str | Path, overrides: Sequence[str], show: int, companion: Companion) -> Result:
    began = time.monotonic()
    from nkululeko.core.journal import journal
    from nkululeko.core.quick import importing
    from nkululeko.steps.folder import rundir_of

    with importing():
        from nkululeko.config.load import load as load_config

        experiment = load_config(config, overrides)
    rundir = rundir_of(experiment)
    with journal(show) as log:
        for note in experiment.notes:
            logging.getLogger("nkululeko").info(note)
        try:
            with importing():
                from nkululeko.steps.experiment import run_experiment

            return run_experiment(experiment, rundir, log, companion, began)
        finally:
            rundir.write("log.txt", log.text())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.nkululeko --config F [--set SECTION.option=value]``."""
    from nkululeko.core.door import door

    return door("nkululeko.nkululeko", print_run, arguments)


def print_run(config: str, overrides: Sequence[str], show: int = NOTHING) -> None:
    """Run an experiment and print its summary, warnings included."""
    result = run(config, overrides, show=show)
    from rich.console import Console

    from nkululeko.report.terminal import summary

    Console().print(summary(result), soft_wrap=True)  # paths stay in one piece


if __name__ == "__main__":
    raise SystemExit(main())

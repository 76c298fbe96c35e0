"""The door ``aug_train``: augment the training set and learn from it, in one go.

``nkululeko aug_train experiment.ini``, ``python -m nkululeko.aug_train --config experiment.ini``, or from Python
``nkululeko.aug_train.run("experiment.ini")``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.core.companion import Companion
    from nkululeko.core.result import Result

#: sections that it reads besides those of a run
MORE = ("AUGMENT",)
#: the copies lie here, in the run's folder
FOLDER = "augmented_train"


def run(config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING) -> Result:
    """Run an experiment whose training set has augmented copies of its samples as well, as [AUGMENT] says.

    The copies are in the training set alone: the test set is that of the run without them. They are kept in the run's
    folder, and the next run makes only what is missing.

    Args:
        config: path of the experiment file
        overrides: options that win over the file, e.g. ``["AUGMENT.augment=random_splice"]``
        show: the lowest logging level that is shown on the terminal

    Returns:
        as :func:`nkululeko.run`

    Raises:
        NkululekoError: the file, or the data, have mistakes, a package is missing, or there is no training set
    """
    from nkululeko.config.ini import glance
    from nkululeko.core.companion import Companion, call

    with Companion() as companion:
        companion.submit(
            call, "nkululeko.learning.training", "warm", glance(config, overrides, "MODEL", "type")
        )
        return _run(config, overrides, show, companion)


def _run(config: str | Path, overrides: Sequence[str], show: int, companion: Companion) -> Result:
    began = time.monotonic()
    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.config.load import RUN
        from nkululeko.config.load import load as load_config
        from nkululeko.core.journal import journal
        from nkululeko.steps.folder import rundir_of

        experiment = load_config(config, overrides, reads=(*RUN, *MORE))
    rundir = rundir_of(experiment)
    with journal(show) as log:
        for note in experiment.notes:
            logging.getLogger("nkululeko").info(note)
        try:
            with importing():
                from nkululeko.steps.augment import augmented_training, check_training
                from nkululeko.steps.experiment import run_experiment

            check_training(experiment)
            more = partial(augmented_training, experiment, folder=rundir.path(FOLDER))
            return run_experiment(experiment, rundir, log, companion, began, more=more)
        finally:
            rundir.write("log.txt", log.text())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.aug_train --config F [--set SECTION.option=value]``."""
    from nkululeko.core.door import door

    return door("nkululeko.aug_train", print_run, arguments)


def print_run(config: str, overrides: Sequence[str], show: int = NOTHING) -> None:
    """Augment, run the experiment and print its summary, warnings included."""
    result = run(config, overrides, show=show)
    from rich.console import Console

    from nkululeko.report.terminal import summary

    Console().print(summary(result), soft_wrap=True)  # paths stay in one piece


if __name__ == "__main__":
    raise SystemExit(main())

"""The door ``auto``: let the program find features, scaler and model, and say honestly how good that is.

``nkululeko auto experiment.ini``, ``python -m nkululeko.auto --config experiment.ini``, or from Python
``nkululeko.auto.run("experiment.ini")``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.core.result import Result


def run(config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING) -> Result:
    """Try feature sets, scalers and models as [AUTO] says, fuse the best, and test that once.

    Everything is chosen on speaker-grouped folds of the training set; with a cross-validation (MODEL.loso, logo,
    k_fold_cross) anew in every fold. What was fitted is kept: the same call goes on where it was interrupted.

    Args:
        config: path of the experiment file; of [FEATS] and [MODEL] only what is not tried counts
        overrides: options that win over the file, e.g. ``["AUTO.minutes=2"]``
        show: the lowest logging level that is shown on the terminal

    Returns:
        the result; ``tried`` has a row a candidate

    Raises:
        NkululekoError: the file, or the data, have mistakes; says which, where, and what to do
    """
    began = time.monotonic()
    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.config.load import RUN
        from nkululeko.config.load import load as load_config
        from nkululeko.core.journal import journal
        from nkululeko.steps.auto import run_auto
        from nkululeko.steps.folder import rundir_of

    experiment = load_config(config, overrides, reads=(*RUN, "AUTO"))
    rundir = rundir_of(experiment)
    with journal(show) as log:
        for note in experiment.notes:
            logging.getLogger("nkululeko").info(note)
        try:
            return run_auto(experiment, rundir, log, began)
        finally:
            rundir.write("log.txt", log.text())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.auto --config F [--set SECTION.option=value]``."""
    from nkululeko.core.door import door

    return door("nkululeko.auto", print_auto, arguments)


def print_auto(config: str, overrides: Sequence[str], show: int = NOTHING) -> None:
    """Try, and print the summary and the best of what was tried."""
    result = run(config, overrides, show=show)
    from rich.console import Console

    from nkululeko.report.terminal import summary
    from nkululeko.report.tried import lines

    console = Console()
    console.print(summary(result), soft_wrap=True)  # paths stay in one piece
    for line in lines(result):
        console.print(line, soft_wrap=True, markup=False, highlight=False)


if __name__ == "__main__":
    raise SystemExit(main())

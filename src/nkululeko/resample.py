"""The door ``resample``: which sampling rates and channels recordings have, and how to make them the same.

``nkululeko resample experiment.ini``, ``python -m nkululeko.resample --config experiment.ini``, or from Python
``nkululeko.resample.run("experiment.ini")``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.steps.resample import Resampled

#: sections that it reads
READS = ("EXP", "DATA", "RESAMPLE")


def run(config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING) -> Resampled:
    """Say which sampling rates and channels the recordings of an experiment file have.

    With ``RESAMPLE.target`` they are converted into another folder; with ``RESAMPLE.replace = True`` where they are,
    each as a whole or not at all, after the new file was read again and checked.

    Args:
        config: path of the experiment file; [FEATS] and [MODEL] are not read
        overrides: options that win over the file, e.g. ``["RESAMPLE.sampling_rate=8000"]``
        show: the lowest logging level that is shown on the terminal

    Returns:
        what the recordings are, and what was converted

    Raises:
        NkululekoError: the file, or the data, have mistakes, or nothing can be written
    """
    return _run(config, overrides, show)[0]


def _run(config: str | Path, overrides: Sequence[str], show: int) -> tuple[Resampled, list[str]]:
    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.config.load import load
        from nkululeko.core.journal import journal
        from nkululeko.steps.folder import rundir_of
        from nkululeko.steps.resample import run_resampling

    experiment = load(config, overrides, reads=READS)
    rundir = rundir_of(experiment, door="resample")
    with journal(show) as log:
        for note in experiment.notes:
            logging.getLogger("nkululeko").info(note)
        try:
            return run_resampling(experiment, rundir), log.warnings
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                "interrupted: every file is as it was, or converted as a whole; the same command goes on from there"
            ) from None
        finally:
            rundir.write("resample_log.txt", log.text())


def print_resampling(config: str, overrides: Sequence[str], show: int = NOTHING) -> None:
    """Say what the recordings are, and what was converted, warnings included."""
    found, warnings = _run(config, overrides, show)
    from rich.console import Console

    from nkululeko.report.prepared_terminal import as_database, prepared_summary, resampled_lines

    lines = resampled_lines(found.report, found.wanted, found.differ, found.converted, len(found.failed))
    if found.differ and not (found.replaced or found.table):
        lines.append("nothing was converted: set RESAMPLE.target to a folder, or RESAMPLE.replace = True")
    if found.table and found.differ and not (found.converted or found.failed):
        lines.append("they were converted before: nothing new was written")
    files, database = [], []
    if found.table is not None and found.samples is not None:
        files = [found.table]
        database = as_database(found.table, found.target, found.samples["split"], relative=True)
    Console().print(prepared_summary(lines, files, warnings, database), soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.resample --config F [--set SECTION.option=value]``."""
    from nkululeko.core.door import door

    return door("nkululeko.resample", print_resampling, arguments)


if __name__ == "__main__":
    raise SystemExit(main())

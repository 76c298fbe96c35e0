"""The door ``augment``: changed copies of recordings, with noise or in another order, as a table that is a database.

``nkululeko augment experiment.ini``, ``python -m nkululeko.augment --config experiment.ini``, or from Python
``nkululeko.augment.run("experiment.ini")``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.steps.augment import Augmented

#: sections that it reads
READS = ("EXP", "DATA", "AUGMENT")


def run(config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING) -> Augmented:
    """Make changed copies of the training samples of an experiment file, as [AUGMENT] says; originals are only read.

    Args:
        config: path of the experiment file; [FEATS] and [MODEL] are not read
        overrides: options that win over the file, e.g. ``["AUGMENT.augment=random_splice"]``
        show: the lowest logging level that is shown on the terminal

    Returns:
        the copies and their table

    Raises:
        NkululekoError: the file, or the data, have mistakes, a package is missing, or nothing can be written
    """
    return _run(config, overrides, show)[0]


def _run(config: str | Path, overrides: Sequence[str], show: int) -> tuple[Augmented, list[str]]:
    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.config.load import load
        from nkululeko.core.journal import journal
        from nkululeko.steps.augment import run_augmentation
        from nkululeko.steps.folder import rundir_of

    experiment = load(config, overrides, reads=READS)
    rundir = rundir_of(experiment, door="augment")
    with journal(show) as log:
        for note in experiment.notes:
            logging.getLogger("nkululeko").info(note)
        try:
            return run_augmentation(experiment, rundir), log.warnings
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                "interrupted: copies made so far are kept; the same command goes on from there"
            ) from None
        finally:
            rundir.write("augment_log.txt", log.text())


def print_augmentation(config: str, overrides: Sequence[str], show: int = NOTHING) -> None:
    """Augment, and say what came of it, warnings included."""
    found, warnings = _run(config, overrides, show)
    from rich.console import Console

    from nkululeko.report.prepared_terminal import as_database, augmented_lines, prepared_summary

    copies = found.copies
    lines = augmented_lines(len(copies.samples), found.originals, found.methods, copies.made)
    database = as_database(found.table, found.target, copies.samples["split"], relative=True)
    files = [found.table, copies.folder]
    Console().print(prepared_summary(lines, files, warnings, database), soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.augment --config F [--set SECTION.option=value]``."""
    from nkululeko.core.door import door

    return door("nkululeko.augment", print_augmentation, arguments)


if __name__ == "__main__":
    raise SystemExit(main())

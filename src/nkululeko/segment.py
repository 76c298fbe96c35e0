"""The door ``segment``: long recordings to short segments, as a table that every other door reads.

``nkululeko segment experiment.ini``, ``python -m nkululeko.segment --config experiment.ini``, or from Python
``nkululeko.segment.run("experiment.ini")``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.steps.segment import Segmented

#: sections that it reads
READS = ("EXP", "DATA", "SEGMENT")


def run(config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING) -> Segmented:
    """Cut the recordings of an experiment file into segments, as [SEGMENT] says; originals are only read.

    Args:
        config: path of the experiment file; [FEATS] and [MODEL] are not read
        overrides: options that win over the file, e.g. ``["SEGMENT.max_length=5"]``
        show: the lowest logging level that is shown on the terminal

    Returns:
        the segments, and what was written

    Raises:
        NkululekoError: the file, or the data, have mistakes, nothing is left, or it cannot be written
    """
    return _run(config, overrides, show)[0]


def _run(config: str | Path, overrides: Sequence[str], show: int) -> tuple[Segmented, list[str]]:
    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.config.load import load
        from nkululeko.core.journal import journal
        from nkululeko.steps.folder import rundir_of
        from nkululeko.steps.segment import run_segmentation

    experiment = load(config, overrides, reads=READS)
    rundir = rundir_of(experiment, door="segment")
    with journal(show) as log:
        for note in experiment.notes:
            logging.getLogger("nkululeko").info(note)
        try:
            return run_segmentation(experiment, rundir), log.warnings
        except KeyboardInterrupt:
            raise KeyboardInterrupt(
                "interrupted: what was cut is not kept, originals are as they were; the same command begins anew"
            ) from None
        finally:
            rundir.write("segment_log.txt", log.text())


def print_segments(config: str, overrides: Sequence[str], show: int = NOTHING) -> None:
    """Segment, and say what came of it, warnings included."""
    found, warnings = _run(config, overrides, show)
    from rich.console import Console

    from nkululeko.report.prepared_terminal import as_database, prepared_summary, segmented_lines

    files = [found.table, found.pauses, *([found.audio] if found.audio else [])]
    lines = segmented_lines(found.samples, found.heard, found.kept)
    database = as_database(
        found.table, found.target, found.samples["split"], relative=found.audio is not None
    )
    Console().print(prepared_summary(lines, files, warnings, database), soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.segment --config F [--set SECTION.option=value]``."""
    from nkululeko.core.door import door

    return door("nkululeko.segment", print_segments, arguments)


if __name__ == "__main__":
    raise SystemExit(main())

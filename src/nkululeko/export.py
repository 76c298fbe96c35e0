"""The door ``export``: the data of an experiment as a new database, recordings and a table.

``nkululeko export experiment.ini``, ``python -m nkululeko.export --config experiment.ini``, or from Python
``nkululeko.export.run("experiment.ini")``.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.steps.export import Exported

#: sections that it reads
READS = ("EXP", "DATA", "EXPORT")


def run(config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING) -> Exported:
    """Write the samples of an experiment, as mapped, filtered and split, as a database of type ``csv``.

    Originals are only read. What is there already is not written again, so that the same command goes on after an
    interruption; what no export wrote is never overwritten.

    Args:
        config: path of the experiment file; [FEATS] and [MODEL] are not read
        overrides: options that win over the file, e.g. ``["EXPORT.sample_selection=test"]``
        show: the lowest logging level that is shown on the terminal

    Returns:
        the table, and how many recordings were written

    Raises:
        NkululekoError: the file, or the data, have mistakes, something foreign is there, or the disk is full
    """
    return _run(config, overrides, show)[0]


def _run(config: str | Path, overrides: Sequence[str], show: int) -> tuple[Exported, list[str]]:
    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.config.load import load
        from nkululeko.core.journal import journal
        from nkululeko.steps.export import run_export

    experiment = load(config, overrides, reads=READS)
    with journal(show) as log:
        for note in experiment.notes:
            logging.getLogger("nkululeko").info(note)
        return run_export(experiment), log.warnings


def print_export(config: str, overrides: Sequence[str], show: int = NOTHING) -> None:
    """Export, and say what is there now, and how an experiment reads it; warnings included."""
    exported, warnings = _run(config, overrides, show)
    from rich.console import Console
    from rich.text import Text

    from nkululeko.report.text import clean, plural

    console = Console()
    new = "" if exported.written == exported.files else f" ({exported.written} of them new)"
    samples, files = plural(len(exported.samples), "sample"), plural(exported.files, "recording")
    for line in warnings:
        console.print(Text(f"warning: {clean(line)}", style="yellow"), soft_wrap=True)
    console.print(Text(f"{samples}, {files}{new}: {clean(exported.folder)}"), soft_wrap=True)
    console.print("\nto read it again:", Text("[DATA]", style="cyan"), sep="\n")
    for line in exported.as_database:
        console.print(Text(clean(line), style="cyan"), soft_wrap=True)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.export --config F [--set SECTION.option=value]``."""
    from nkululeko.core.door import door

    return door("nkululeko.export", print_export, arguments)


if __name__ == "__main__":
    raise SystemExit(main())

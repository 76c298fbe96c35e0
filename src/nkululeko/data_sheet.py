"""The door ``data``: what the data of an experiment are, before anything is learned.

``nkululeko data experiment.ini``, ``python -m nkululeko.data_sheet --config experiment.ini``, or from Python
``nkululeko.data_sheet.run("experiment.ini")``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.steps.sheet import Written


def run(config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING) -> Written:
    """Load and split the databases of an experiment; write ``data.html`` and ``data.json`` into its folder.

    Args:
        config: path of the experiment file; [FEATS] and [MODEL] are not read
        overrides: options that win over the file, e.g. ``["DATA.limit_samples=100"]``
        show: the lowest logging level that is shown on the terminal

    Returns:
        the sheet, what there is to say, and where it was written

    Raises:
        NkululekoError: the file, or the data, have mistakes; says which, where, and what to do
    """
    from nkululeko.config.load import load as load_config
    from nkululeko.core.journal import journal
    from nkululeko.steps.sheet import write_sheet

    experiment = load_config(config, overrides, reads=("EXP", "DATA", "PLOT", "REPORT"))
    with journal(show) as log:
        return write_sheet(experiment, log)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.data_sheet --config F [--set SECTION.option=value]``."""
    from nkululeko.core.door import door

    return door("nkululeko.data_sheet", print_sheet, arguments)


def print_sheet(config: str, overrides: Sequence[str], show: int = NOTHING) -> None:
    """Make the sheet and print its summary, warnings included."""
    written = run(config, overrides, show=show)
    from rich.console import Console

    from nkululeko.report.sheet import sheet_summary

    console = Console()
    console.print(sheet_summary(written.sheet, written.warnings), soft_wrap=True)
    console.print(f"[bold]page[/bold] {written.page}", soft_wrap=True)


if __name__ == "__main__":
    raise SystemExit(main())

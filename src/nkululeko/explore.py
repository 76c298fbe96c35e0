"""The door ``explore``: how the labels are distributed, what goes together with them, which features carry them.

``nkululeko explore experiment.ini``, ``python -m nkululeko.explore --config experiment.ini``, or from Python
``nkululeko.explore.run("experiment.ini")``.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.steps.explore import Explored

#: sections that it reads; [FEATS] only where the file has it: without, features are not looked at
READS = ("EXP", "DATA", "EXPL", "PLOT", "REPORT")


def run(
    config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING, browser: bool = True
) -> Explored:
    """Explore the data of an experiment; nothing is learned that is kept.

    Writes ``explore.html``, ``explore.json``, tables and pictures into the experiment's folder, beside what a run
    may have left there.

    Args:
        config: path of the experiment file; [MODEL] is not read
        overrides: options that win over the file, e.g. ``["EXPL.sample_selection=train"]``
        show: the lowest logging level that is shown on the terminal
        browser: with ``EXPL.spotlight``, open the browser

    Returns:
        what was found, and where it was written

    Raises:
        NkululekoError: the file, or the data, have mistakes; says which, where, and what to do
    """
    explored = _explore(config, overrides, show)
    if explored.asked.spotlight:
        _spotlight(explored, browser)
    return explored


def _explore(config: str | Path, overrides: Sequence[str], show: int) -> Explored:
    began = time.monotonic()
    from nkululeko.config.load import load as load_config
    from nkululeko.core.journal import journal
    from nkululeko.steps.explore import run_exploration
    from nkululeko.steps.folder import rundir_of

    experiment = load_config(config, overrides, reads=READS, if_there=("FEATS",))
    rundir = rundir_of(experiment, door="explore")
    with journal(show) as log:
        for note in experiment.notes:
            logging.getLogger("nkululeko").info(note)
        try:
            explored = run_exploration(experiment, rundir, log, began)
        finally:
            rundir.write("explore_log.txt", log.text())
    rundir.finish()
    return explored


def _spotlight(explored: Explored, browser: bool) -> None:
    from nkululeko.steps.spotlight import show_spotlight

    show_spotlight(explored.exploration, browser=browser)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.explore --config F [--set SECTION.option=value] [--no-browser]``."""
    from nkululeko.core.door import door

    switches = {"no_browser": "with EXPL.spotlight, do not open the browser"}
    return door("nkululeko.explore", print_explore, arguments, switches)


def print_explore(
    config: str, overrides: Sequence[str], show: int = NOTHING, no_browser: bool = False
) -> None:
    """Explore, print the findings, warnings included, and open Spotlight if that is asked for."""
    explored = _explore(config, overrides, show)
    from rich.console import Console

    from nkululeko.report import explore_terminal as terminal

    console = Console()
    if explored.asked.print_colvals:
        console.print(terminal.values_table(explored.exploration.samples))
    if explored.asked.print_stats:
        console.print(terminal.statistics_table(explored.tested))
    summary = terminal.explore_summary(explored.exploration, len(explored.images))
    console.print(summary, soft_wrap=True)  # paths stay in one piece
    if explored.asked.spotlight:
        _spotlight(explored, not no_browser)


if __name__ == "__main__":
    raise SystemExit(main())

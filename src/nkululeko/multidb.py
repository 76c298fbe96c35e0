"""The door ``multidb``: all databases against each other and themselves.

``nkululeko multidb experiment.ini``, ``python -m nkululeko.multidb --config experiment.ini``, or from Python
``nkululeko.multidb.run("experiment.ini")``.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.core.grid import Grid


@dataclass(frozen=True)
class Compared:
    """What ``multidb`` found.

    Args:
        grid: the figures, a cell a pair of databases
        page: the path of ``multidb.html``; ``heatmap.png`` and the tables lie beside it
        trained: how many training sets were learned from
        again: how many cells had their results before
    """

    grid: Grid
    page: Path
    trained: int
    again: int


def run(config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING) -> Compared:
    """Train on each database of ``EXP.databases`` and test on each, every cell in a folder of its own.

    Args:
        config: path of the experiment file
        overrides: options that win over the file, e.g. ``["EXP.use_splits=True"]``
        show: the lowest logging level that is shown on the terminal

    Raises:
        NkululekoError: the file has mistakes, all of which are told before anything runs; or no cell could be run
        KeyboardInterrupt: the user stopped it; what is finished has been drawn, and is not run again
    """
    compared, interrupted = _run(config, overrides, show)
    if interrupted:
        raise KeyboardInterrupt
    return compared


def _run(config: str | Path, overrides: Sequence[str], show: int) -> tuple[Compared, bool]:
    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.steps.multidb import grid_of, run_cells, write_grid
        from nkululeko.steps.multidb_cells import plan

    planned = plan(config, overrides)
    done = run_cells(planned.base, planned, show)
    grid = grid_of(planned, done)
    page = write_grid(grid, planned)
    return Compared(grid, page, done.trained, done.sweep.again), done.sweep.interrupted


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.multidb --config F [--set SECTION.option=value]``."""
    from nkululeko.core.door import door

    return door("nkululeko.multidb", print_multidb, arguments)


def print_multidb(config: str, overrides: Sequence[str], show: int = NOTHING) -> None:
    """Run all cells and print their figures."""
    compared, interrupted = _run(config, overrides, show)
    from rich.console import Console

    from nkululeko.report.heatmap import heatmap_summary

    Console().print(heatmap_summary(compared.grid, compared.page), soft_wrap=True)
    if interrupted:
        raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())

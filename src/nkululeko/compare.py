"""The door ``compare``: which of several finished runs is better?

``nkululeko compare RUN RUN``, ``python -m nkululeko.compare RUN RUN``, or from Python
``nkululeko.compare.run(["results/one", "results/two"])``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.steps.compare import Board


def run(
    runs: Sequence[str | Path],
    *,
    out: str | Path = ".",
    common: bool = False,
    measure: str = "",
    seed: int = 42,
    show: int = NOTHING,
) -> Board:
    """Compare finished runs by paired tests; write ``leaderboard.html`` and ``leaderboard.csv``.

    Args:
        runs: their folders, or their experiment files; two or more
        out: the folder to write to
        common: where the runs were tested on different samples, compare those that all have
        measure: what to compare by, e.g. ``"acc"``; empty: the headline measure of the runs
        seed: of the bootstrap and of the permutations
        show: the lowest logging level that is shown on the terminal

    Raises:
        NkululekoError: the runs cannot be compared; says why
    """
    from nkululeko.core.journal import journal
    from nkululeko.steps.compare import compare_runs

    with journal(show) as log:
        return compare_runs(runs, Path(out).absolute(), log, common=common, measure=measure, seed=seed)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.compare RUN RUN ... [--out FOLDER] [--common] [--measure NAME]``."""
    import argparse

    from nkululeko.core.door import guarded

    parser = argparse.ArgumentParser(prog="python -m nkululeko.compare")
    parser.add_argument(
        "runs", nargs="+", metavar="RUN", help="folder of a finished run, or its experiment file"
    )
    parser.add_argument("--out", default=".", metavar="FOLDER", help="where the leaderboard goes")
    parser.add_argument(
        "--common", action="store_true", help="compare the samples that all runs were tested on"
    )
    parser.add_argument("--measure", default="", metavar="NAME", help="what to compare by, e.g. acc")
    given = parser.parse_args(arguments)
    return guarded(lambda: print_compare(given.runs, given.out, given.common, given.measure))


def print_compare(
    runs: Sequence[str | Path],
    out: str | Path = ".",
    common: bool = False,
    measure: str = "",
    show: int = NOTHING,
) -> None:
    """Compare runs and print the leaderboard, warnings included."""
    print_board(run(runs, out=out, common=common, measure=measure, show=show))


def print_board(board: Board) -> None:
    """Print a leaderboard and where it lies."""
    from rich.console import Console

    from nkululeko.report.leaderboard import leaderboard_summary

    table = leaderboard_summary(board.entries, board.measure, board.title, board.warnings, board.page)
    Console().print(table, soft_wrap=True)


if __name__ == "__main__":
    raise SystemExit(main())

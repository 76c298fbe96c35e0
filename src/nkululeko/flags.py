"""The door ``flags``: many experiments in one file, and a leaderboard.

``nkululeko flags experiment.ini``, ``python -m nkululeko.flags --config experiment.ini``, or from Python
``nkululeko.flags.run("experiment.ini")``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.steps.compare import Board


def run(config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING) -> list[Board]:
    """Run every combination of the lists in [FLAGS], each in a folder of its own; compare them.

    Args:
        config: path of the experiment file
        overrides: options that win over the file, e.g. ``["FLAGS.models=['svm', 'xgb']"]``
        show: the lowest logging level that is shown on the terminal

    Returns:
        a leaderboard for each group of experiments that can be compared: one, unless targets, measures or test samples
        differ

    Raises:
        NkululekoError: the file has mistakes, all of which are told before anything runs; or nothing could be run
        KeyboardInterrupt: the user stopped it; what is finished has been compared, and is not run again
    """
    boards, interrupted = _run(config, overrides, show)
    if interrupted:
        raise KeyboardInterrupt
    return boards


def _run(config: str | Path, overrides: Sequence[str], show: int) -> tuple[list[Board], bool]:
    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.config.load import load
        from nkululeko.steps.combinations import combinations
        from nkululeko.steps.flags import leaderboards, run_sweep

    base = load(config, overrides, reads=("EXP", "FLAGS"))
    found = combinations(config, overrides)
    sweep = run_sweep(base, found, show)
    return leaderboards(found, sweep, base), sweep.interrupted


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.flags --config F [--set SECTION.option=value]``."""
    from nkululeko.core.door import door

    return door("nkululeko.flags", print_flags, arguments)


def print_flags(config: str, overrides: Sequence[str], show: int = NOTHING) -> None:
    """Run all experiments and print their leaderboards."""
    boards, interrupted = _run(config, overrides, show)
    for board in boards:
        from nkululeko.compare import print_board

        print_board(board)
    if interrupted:
        raise KeyboardInterrupt


if __name__ == "__main__":
    raise SystemExit(main())

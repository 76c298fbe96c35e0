"""The door ``ensemble``: several finished runs answer together.

``nkululeko ensemble RUN RUN --method mean``, ``python -m nkululeko.ensemble RUN RUN``, or from Python
``nkululeko.ensemble.run(["results/one", "results/two"], method="vote")``. A file with [ENSEMBLE] says the same:
``python -m nkululeko.ensemble --config ensemble.ini``.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.config.experiment import ExperimentConfig
    from nkululeko.core.result import Result

#: the sections that an ensemble's file is read for
READS = ("EXP", "ENSEMBLE", "PLOT", "REPORT")


def run(
    runs: Sequence[str | Path], *, method: str = "mean", name: str = "", root: str | Path = "results",
    show: int = NOTHING,
) -> Result:  # fmt: skip
    """Fuse finished runs that were tested on the same samples.

    Args:
        runs: their folders, or their experiment files; two or more
        method: vote, mean, max, sum, uncertainty, confidence, dev; for numbers mean or median
        name: of the ensemble; empty: ``ensemble_METHOD``
        root: where results go; ``root/name`` is the ensemble's folder
        show: the lowest logging level that is shown on the terminal

    Returns:
        as a run of its own: scores with intervals, predictions, tables; in its folder also a leaderboard with its
        members

    Raises:
        NkululekoError: the runs cannot be fused in this way; says why
    """
    from pydantic import ValidationError

    from nkululeko.config.experiment import ExperimentConfig
    from nkululeko.config.schema.ensemble import Ensemble
    from nkululeko.config.schema.exp import Exp
    from nkululeko.config.schema.plot import Plot
    from nkululeko.config.schema.report import Report
    from nkululeko.core.errors import NkululekoError

    try:
        asked = Ensemble.model_validate({"runs": [str(run) for run in runs], "method": method})
        exp = Exp.model_validate({"root": root, "name": name or f"ensemble_{method}"})
    except ValidationError as problem:
        error = problem.errors(include_url=False)[0]
        raise NkululekoError(f"'{error['input']}': {error['msg']}", f"{error['loc'][0]}") from None
    sections = {"EXP": exp, "ENSEMBLE": asked, "PLOT": Plot(), "REPORT": Report()}
    return _run(ExperimentConfig(sections, folder_of_call=Path.cwd()), show)


def run_file(config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING) -> Result:
    """Fuse the runs that a file with [ENSEMBLE] names.

    Args:
        config: path of the file; [EXP] says where the result goes, [ENSEMBLE] has ``runs`` and ``method``
        overrides: options that win over the file, e.g. ``["ENSEMBLE.method=vote"]``
        show: the lowest logging level that is shown on the terminal

    Raises:
        NkululekoError: the file has mistakes, or the runs cannot be fused
    """
    from nkululeko.config.load import load

    return _run(load(config, overrides, reads=READS), show)


def _run(config: ExperimentConfig, show: int) -> Result:
    began = time.monotonic()
    from nkululeko.core.journal import journal
    from nkululeko.steps.ensemble import located, members_of, run_ensemble
    from nkululeko.steps.folder import rundir_of

    config = located(config)
    members_of(config)  # no folder is made for runs that are not there
    rundir = rundir_of(config)
    with journal(show) as log:
        try:
            return run_ensemble(config, rundir, log, began)
        finally:
            rundir.write("log.txt", log.text())


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.ensemble RUN RUN ... [--method M]``, or ``--config F``."""
    import argparse

    from nkululeko.core.door import guarded

    parser = argparse.ArgumentParser(prog="python -m nkululeko.ensemble")
    parser.add_argument(
        "runs", nargs="*", metavar="RUN", help="folder of a finished run, or its experiment file"
    )
    parser.add_argument(
        "--config", default="", metavar="FILE", help="a file with [ENSEMBLE], instead of runs"
    )
    parser.add_argument(
        "--method", default="mean", help="vote, mean, median, max, sum, uncertainty, confidence, dev"
    )
    parser.add_argument("--name", default="", help="of the ensemble")
    parser.add_argument("--root", default="results", metavar="FOLDER", help="where results go")
    parser.add_argument("--set", action="append", default=[], metavar="SECTION.option=value", dest="overrides",
                        help="with --config: an option that wins over the file")  # fmt: skip
    given = parser.parse_args(arguments)
    if bool(given.config) == bool(given.runs):
        parser.error("name either runs, or a file: --config FILE")
    if given.config:
        return guarded(lambda: print_file(given.config, given.overrides))
    return guarded(lambda: print_ensemble(given.runs, given.method, given.name, given.root))


def print_ensemble(
    runs: Sequence[str | Path], method: str = "mean", name: str = "", root: str | Path = "results",
    show: int = NOTHING,
) -> None:  # fmt: skip
    """Fuse runs and print the summary; a single file with [ENSEMBLE] names them itself."""
    if len(runs) == 1 and Path(runs[0]).suffix == ".ini":
        print_file(runs[0], (), show)
    else:
        _print(run(runs, method=method, name=name, root=root, show=show))


def print_file(config: str | Path, overrides: Sequence[str] = (), show: int = NOTHING) -> None:
    """Fuse the runs that a file names and print the summary."""
    _print(run_file(config, overrides, show=show))


def _print(result: Result) -> None:
    from rich.console import Console

    from nkululeko.report.terminal import summary

    console = Console()
    console.print(summary(result), soft_wrap=True)
    console.print(f"[bold]members[/bold] {result.folder / 'leaderboard.html'}", soft_wrap=True)


if __name__ == "__main__":
    raise SystemExit(main())

"""Several finished runs side by side: who is best, and is that more than luck?"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nkululeko.core import families
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import Metric
from nkululeko.core.journal import Journal
from nkululeko.core.rundir import write_atomically
from nkululeko.evaluation.comparison import compare
from nkululeko.report.leaderboard import Entry, leaderboard_csv, leaderboard_page
from nkululeko.steps.finished import Finished, on_same_samples, read_all

_log = logging.getLogger("nkululeko")
#: columns of the leaderboard, where runs differ in them: title, section and option
_MAIN = {
    "model": ("MODEL", "type"),
    "features": ("FEATS", "type"),
    "balancing": ("FEATS", "balancing"),
    "scale": ("FEATS", "scale"),
    "target": ("DATA", "target"),
}
#: what says nothing of how a run was made
_IDLE = {("EXP", name) for name in ("root", "name", "store", "jobs", "save")} | {("MODEL", "n_jobs")}
#: that many columns can still be read
_MOST = 8


@dataclass(frozen=True)
class Board:
    """A leaderboard.

    Args:
        title: its title
        measure: label of the measure, e.g. ``"UAR"``
        entries: the runs, the best first; those that failed last
        notes: what the user should know
        warnings: what the user must know
        page: where it was written; an empty path: nowhere yet
    """

    title: str
    measure: str
    entries: Sequence[Entry]
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    page: Path = Path()

    @property
    def best(self) -> Entry:
        """The best of the runs."""
        return next(entry for entry in self.entries if entry.best)


def compare_runs(
    runs: Sequence[str | Path], out: Path, log: Journal, *, common: bool = False, measure: str = "", seed: int = 42
) -> Board:  # fmt: skip
    """Compare finished runs; write ``leaderboard.html`` and ``leaderboard.csv``.

    Args:
        runs: their folders, or their experiment files; two or more
        out: the folder to write to
        log: collects warnings
        common: compare the samples that all have, where they were tested on different ones
        measure: what to compare by; empty: the headline measure, which all must share
        seed: of the bootstrap and of the permutations

    Raises:
        NkululekoError: the runs cannot be compared; says why
    """
    if len(runs) < 2:
        raise NkululekoError(
            f"there is nothing to compare: {len(runs)} run", todo="name two or more finished runs"
        )
    found, notes = on_same_samples(read_all(runs), common)
    metric = metric_of(found, measure)
    entries = standings(found, metric, seed, differences(found))
    notes = [*notes, *how(found[0])]
    warnings = [*optimistic(entries), *said_by(found), *log.warnings]
    board = Board(f"{len(found)} runs compared", metric.label, entries, notes, list(dict.fromkeys(warnings)))
    return write_board(board, out)


def metric_of(runs: Sequence[Finished], measure: str = "") -> Metric:
    """The measure of all runs.

    Raises:
        NkululekoError: they have different ones, or it is not for their task
    """
    tasks, measures = {run.record.task for run in runs}, sorted({run.record.measure for run in runs})
    if not measure and len(measures) > 1:
        raise NkululekoError(
            f"the runs have different measures: {', '.join(measures)}",
            todo=f"choose one: --measure {measures[0]}",
        )
    name = measure or measures[0]
    known = [each for each in families.metrics.names() if tasks <= set(families.metrics.load(each).tasks)]
    if name not in known:
        raise NkululekoError(
            f"'{name}' is no measure for {' and '.join(sorted(tasks))}", todo=did_you_mean(name, known)
        )
    return families.metrics.load(name)()


def standings(
    runs: Sequence[Finished], metric: Metric, seed: int, descriptions: Mapping[str, Mapping[str, str]]
) -> list[Entry]:
    """The runs, the best first, with paired tests against the best.

    Args:
        runs: with the same samples in the same order
        metric: what they are compared by
        seed: of the bootstrap and of the permutations
        descriptions: what tells each run from the others, by its name

    Raises:
        NkululekoError: the measure cannot be computed for one of them
    """
    by_name = {run.name: run for run in runs}
    groups = next((found for run in runs if (found := run.groups()) is not None), None)
    systems = {name: run.scored(metric) for name, run in by_name.items()}
    for name, scored in systems.items():
        if metric.needs_scores and scored.scores is None:
            raise NkululekoError(
                f"the measure {metric.label} needs scores, and this run has labels only", f"run '{name}'",
                "choose another: --measure uar",
            )  # fmt: skip
    table = compare(metric, systems, groups, seed=seed)
    return [
        Entry(
            name=row["system"],
            description=dict(descriptions.get(row["system"], {})),
            watched=by_name[row["system"]].watched if metric.plugin_name() == by_name[row["system"]].record.measure
            else None,
            folder=by_name[row["system"]].folder,
            note="",
            **{key: _plain(value) for key, value in row.items() if key != "system"},
        )
        for row in table.to_dict("records")
    ]  # fmt: skip


def _plain(value: Any) -> Any:
    """A value of a data frame as Python has it."""
    return value.item() if hasattr(value, "item") else value


def differences(runs: Sequence[Finished]) -> dict[str, dict[str, str]]:
    """What tells runs apart: model, features and the like where they differ; other options where all have them.

    Returns:
        by the name of the run: title of the column to text
    """
    options = {run.name: run.options for run in runs}
    columns = dict(_MAIN)
    shared = set.intersection(*(set(each) for each in options.values())) - _IDLE - set(_MAIN.values())
    for key in sorted(shared):
        columns[key[1]] = key
    found: dict[str, dict[str, str]] = {run.name: {} for run in runs}
    for title, key in columns.items():
        texts = {name: each.get(key, "") for name, each in options.items()}
        if len(set(texts.values())) > 1 and len(next(iter(found.values()))) < _MOST:
            for name, text in texts.items():
                found[name][title] = _short(text)
    return found


def _short(text: str) -> str:
    """A value as one would say it: a list as its items."""
    from nkululeko.config.ini import literal

    value = literal(text)
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def how(run: Finished) -> list[str]:
    """What the figures are figures of."""
    size = len(run.predictions)
    if "fold" in run.predictions:
        return [
            f"figures over {size} samples, each predicted in a cross-validation by a model that did not learn it"
        ]
    return [f"figures on the test set of {size} samples"]


def optimistic(entries: Sequence[Entry]) -> list[str]:
    """The warning that a winner is flattered by having been chosen on the test set."""
    tried = [entry for entry in entries if not entry.note]
    if len(tried) < 2:
        return []
    return [
        f"which of these {len(tried)} is best was decided by their own test samples: the best figure is too good;"
        " choose by other data (a dev set), or test the winner once on new speakers"
    ]


def said_by(runs: Sequence[Finished]) -> list[str]:
    """The warnings of all runs, each once, and how many gave it where not all did."""
    counts: dict[str, int] = {}
    for run in runs:
        for line in dict.fromkeys(run.record.warnings):
            counts[line] = counts.get(line, 0) + 1
    return [
        line if count == len(runs) else f"{line} ({count} of {len(runs)} runs)"
        for line, count in counts.items()
    ]


def write_board(board: Board, out: Path, stem: str = "leaderboard") -> Board:
    """Write a leaderboard as ``STEM.html`` and ``STEM.csv``.

    Raises:
        NkululekoError: it cannot be written
    """
    page = out / f"{stem}.html"
    html = leaderboard_page(board.entries, board.title, board.measure, board.notes, board.warnings, here=out)
    for path, text in ((page, html), (out / f"{stem}.csv", leaderboard_csv(board.entries))):
        try:
            write_atomically(path, text.encode("utf-8", "replace"))
        except OSError as problem:
            raise NkululekoError(
                f"cannot be written ({problem.strerror})", str(path), "change --out"
            ) from None
    return replace(board, page=page)

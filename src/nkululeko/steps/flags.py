"""Many experiments in a row, and who is best: the steps behind ``nkululeko flags``."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import families
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Metric
from nkululeko.core.journal import NOTHING, journal
from nkululeko.core.progress import progress
from nkululeko.learning._threads import wait_patiently
from nkululeko.report.leaderboard import Entry
from nkululeko.steps import compare
from nkululeko.steps.cluster import on_its_engine
from nkululeko.steps.combinations import Combination, folder_name
from nkululeko.steps.compare import Board
from nkululeko.steps.experiment import Learner, Reporter, run_experiment
from nkululeko.steps.finished import Finished, on_same_samples, read
from nkululeko.steps.folder import rundir_of
from nkululeko.steps.load import Data, previous_split
from nkululeko.steps.prepare import prepare
from nkululeko.steps.provenance import provenance
from nkululeko.steps.report import draw_and_write
from nkululeko.steps.train import train

_log = logging.getLogger("nkululeko")
#: runs are compared if they share so many of their test samples: some may lack features
_SHARED = 0.9
#: adds to the samples of an experiment, e.g. augmented copies
More = Callable[[Data], Data] | None
#: of the provenance: what a result depends on
_CAUSES = ("config", "data_fingerprint", "features", "python", "versions")


@dataclass
class Sweep:
    """What became of the combinations.

    Args:
        done: those that have results, by name
        again: how many of these had them before
        failed: reasons, by name
        interrupted: the user stopped it
    """

    done: dict[str, Finished] = field(default_factory=dict)
    again: int = 0
    failed: dict[str, str] = field(default_factory=dict)
    interrupted: bool = False


@on_its_engine
def run_sweep(config: ExperimentConfig, combinations: Sequence[Combination], show: int = NOTHING) -> Sweep:
    """As :func:`run_all`, all experiments on one cluster where ``EXP.engine`` of the file as a whole says so."""
    return run_all(combinations, show)


def run_all(combinations: Sequence[Combination], show: int = NOTHING) -> Sweep:
    """Run the combinations one after the other; one that fails does not stop the others.

    One that has finished before, with the same configuration, data and package versions, is not run again. They
    learn in this process: a second one, which lets a single run start sooner, would be of no use to the others.

    Args:
        combinations: each with a folder of its own
        show: the lowest logging level that is shown on the terminal
    """
    wait_patiently()
    sweep = Sweep()
    try:
        with progress("experiments", len(combinations)) as advance:
            for combination in combinations:
                before = finished_before(combination.config)
                if before is not None:
                    sweep.done[combination.name] = replace(before, name=combination.name)
                    sweep.again += 1
                else:
                    run_one(combination.name, combination.config, sweep, show)
                advance()
    except KeyboardInterrupt:
        sweep.interrupted = True
    return sweep


def finished_before(config: ExperimentConfig, more: More = None) -> Finished | None:
    """The run that a combination left, if it would leave the same now.

    Args:
        config: the combination
        more: adds to its loaded samples, as in :func:`run_one`
    """
    folder = config.exp.root.absolute() / config.exp.name
    result, report = folder / "result.json", folder / "report.html"
    feats = config.feats
    if feats.needs_feature_extraction or feats.no_reuse or config.data.no_reuse:
        return None
    with journal(NOTHING):  # what there is to say has been said
        try:
            before = json.loads(result.read_text("utf-8"))["provenance"]
            complete = report.stat().st_mtime_ns >= result.stat().st_mtime_ns  # the last to be written
            if not complete or before["config"] != config.to_ini():
                return None
            prepared = prepare(config, previous_split(folder / "split.csv"), more)
            now = provenance(config, prepared.data, prepared.extracted, 0.0)
            if any(before[cause] != now[cause] for cause in _CAUSES):
                return None
            return read(folder)
        except (OSError, ValueError, TypeError, KeyError, NkululekoError):  # running it will tell
            return None


def run_one(
    name: str, config: ExperimentConfig, sweep: Sweep, show: int = NOTHING, learner: Learner = train,
    more: More = None, reporter: Reporter = draw_and_write,
) -> None:  # fmt: skip
    """Run one of many experiments; note what it left, or why it failed.

    Args:
        name: what it is called in the sweep
        config: the experiment, with a folder of its own
        sweep: gets the outcome
        show: the lowest logging level that is shown on the terminal
        learner: what learns
        more: adds to the loaded samples, see :func:`~nkululeko.steps.prepare.prepare`; None: nothing
        reporter: writes what the run leaves
    """
    rundir = rundir_of(config)
    with journal(show) as log:
        for note in config.notes:
            _log.info(note)
        try:
            run_experiment(config, rundir, log, None, time.monotonic(), learner, more, reporter)
            sweep.done[name] = replace(read(rundir.folder), name=name)
        except NkululekoError as problem:
            sweep.failed[name] = str(problem)
            _log.error("%s", problem)
        except Exception as problem:  # a mistake of ours must not cost the other experiments
            if os.environ.get("NKULULEKO_DEBUG"):
                raise
            sweep.failed[name] = f"unexpected {type(problem).__name__}: {problem}"
            _log.error("%s", sweep.failed[name])
        finally:
            rundir.write("log.txt", log.text())


def leaderboards(combinations: Sequence[Combination], sweep: Sweep, base: ExperimentConfig) -> list[Board]:
    """Compare what was run; write a leaderboard for each group of runs that can be compared.

    Args:
        combinations: all
        sweep: what became of them
        base: the experiment that they are variants of; the leaderboards go to its folder

    Raises:
        NkululekoError: there is nothing to compare
    """
    if not sweep.done:
        if sweep.interrupted:
            raise KeyboardInterrupt
        reasons = "; ".join(f"{name}: {reason}" for name, reason in list(sweep.failed.items())[:3])
        raise NkululekoError(
            f"none of the {len(combinations)} experiments could be run ({reasons})", str(base.source)
        )
    described = {combination.name: dict(combination.description) for combination in combinations}
    groups = _groups([sweep.done[one.name] for one in combinations if one.name in sweep.done])
    signs = [_sign([described[run.name] for run in group], described) for group in groups]
    places = {name: _place(described[name], signs) for name in sweep.failed}
    missing = len(combinations) - len(sweep.done) - len(sweep.failed)
    stopped = [f"interrupted: {missing} of {len(combinations)} experiments were not run"] if missing else []
    folder, boards = base.exp.root.absolute() / base.exp.name, []
    for number, (group, sign, stem) in enumerate(zip(groups, signs, _stems(signs), strict=True)):
        lost = [
            Entry(name, described[name], note=reason)
            for name, reason in sweep.failed.items()
            if places[name] == number
        ]
        board = _board(group, lost, described, base.exp.random_seed)
        title = base.exp.name + (": " + ", ".join(sign.values()) if sign else "")
        board = replace(board, title=title, warnings=[*stopped, *board.warnings])
        boards.append(compare.write_board(board, folder, stem))
    return boards


def _stems(signs: Sequence[dict[str, str]]) -> list[str]:
    """The names of the leaderboards' files, which say what their runs have in common."""
    if len(signs) == 1:
        return ["leaderboard"]
    stems = [f"leaderboard_{folder_name(sign)}" for sign in signs]
    return [stem if stems.count(stem) == 1 else f"{stem}_{number}" for number, stem in enumerate(stems, 1)]


def _board(
    group: Sequence[Finished], lost: Sequence[Entry], described: dict[str, dict[str, str]], seed: int
) -> Board:
    """The leaderboard of runs that can be compared, not written yet."""
    with journal(NOTHING) as log:
        runs, notes = on_same_samples(group, common=True)
        metric = families.metrics.load(runs[0].record.measure)()
        entries = compare.standings(runs, metric, seed, described)
        notes += [*compare.how(runs[0]), *_by_watched(entries, metric)]
        warnings = [*compare.optimistic(entries), *compare.said_by(runs), *log.warnings]
    return Board("", metric.label, [*entries, *lost], notes, list(dict.fromkeys(warnings)))


def _by_watched(entries: Sequence[Entry], metric: Metric) -> list[str]:
    """Who is best where the test set was not looked at."""
    known = [entry for entry in entries if entry.watched is not None]
    if len(known) < 2:
        return []
    sign = 1 if metric.higher_is_better else -1
    best = max(known, key=lambda entry: sign * (entry.watched or 0.0))
    some = "" if len(known) == len(entries) else f" ({len(known)} of {len(entries)} runs have them)"
    return [
        f"by the data that were watched in training, which are not the test set{some}, the best is {best.name}:"
        f" {metric.label} {best.watched:.3f} there, {best.value:.3f} on test; this choice is not flattered"
    ]


def _groups(runs: Sequence[Finished]) -> list[list[Finished]]:
    """Runs that can be compared: the same target and measure, and nearly the same samples."""
    groups: list[list[Finished]] = []
    for run in runs:
        mine = next((group for group in groups if _comparable(group[0], run)), None)
        if mine is None:
            groups.append([run])
        else:
            mine.append(run)
    return groups


def _comparable(one: Finished, other: Finished) -> bool:
    ours, theirs = one.record, other.record
    if (ours.task, ours.target, ours.measure) != (theirs.task, theirs.target, theirs.measure):
        return False
    if set(ours.labels) != set(theirs.labels):
        return False
    left, right = one.predictions["truth"], other.predictions["truth"]
    common = left.index[left.index.isin(right.index)]
    if len(common) < _SHARED * max(len(left), len(right)):
        return False
    places = [column.index.get_indexer(common) for column in (left, right)]
    return bool(np.array_equal(left.to_numpy()[places[0]], right.to_numpy()[places[1]]))


def _sign(group: Sequence[dict[str, str]], everyone: dict[str, dict[str, str]]) -> dict[str, str]:
    """What the runs of a group have in common, and not all runs have."""
    first = group[0]
    return {
        title: value
        for title, value in first.items()
        if all(one.get(title) == value for one in group)
        and any(one.get(title) != value for one in everyone.values())
    }


def _place(described: dict[str, str], signs: Sequence[dict[str, str]]) -> int:
    """The leaderboard where a run that failed would stand."""
    fits = [sum(described.get(title) == value for title, value in sign.items()) for sign in signs]
    return fits.index(max(fits))

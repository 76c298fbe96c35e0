"""All databases against each other and themselves: the steps behind ``nkululeko multidb``."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import engine, families
from nkululeko.core.cluster import on_cluster
from nkululeko.core.companion import Companion
from nkululeko.core.errors import NkululekoError
from nkululeko.core.grid import Cell, Grid
from nkululeko.core.journal import NOTHING
from nkululeko.core.progress import progress
from nkululeko.core.rundir import write_atomically
from nkululeko.learning._threads import wait_patiently
from nkululeko.learning.pipeline import Recipe
from nkululeko.learning.reuse import Fits
from nkululeko.learning.training import Runs, train_and_test
from nkululeko.plots import draw_grid
from nkululeko.report.heatmap import heatmap_csv, heatmap_json, heatmap_page
from nkululeko.steps.augment import augmented_training
from nkululeko.steps.cluster import on_its_engine
from nkululeko.steps.experiment import Learner
from nkululeko.steps.finished import Finished
from nkululeko.steps.flags import Sweep, finished_before, run_one
from nkululeko.steps.multidb_cells import OTHERS, Plan, Planned
from nkululeko.steps.pages import Pages
from nkululeko.steps.prepare import jobs_of
from nkululeko.steps.report import draw_and_write
from nkululeko.steps.train import Matrices

#: cells that together take less (s) are not worth the start of other processes
_PATIENCE = 10.0


@dataclass
class Done:
    """What became of the cells.

    Args:
        sweep: results and failures, by the cell's name
        trained: how many training sets were learned from
    """

    sweep: Sweep = field(default_factory=Sweep)
    trained: int = 0

    def take(self, other: Done) -> None:
        """Take what became of further cells."""
        self.sweep.done |= other.sweep.done
        self.sweep.failed |= other.sweep.failed
        self.sweep.again += other.sweep.again
        self.trained += other.trained


@on_its_engine
def run_cells(config: ExperimentConfig, plan: Plan, show: int = NOTHING) -> Done:
    """Run the cells; those that have results already, and would get the same, are not run again.

    The first row goes first: it meets every database, so that all features are in the store afterwards. The others
    run beside each other where that is worth it.

    Args:
        config: the file as a whole
        plan: the cells
        show: the lowest logging level that is shown on the terminal
    """
    wait_patiently()
    done = Done()
    with Pages() as pages:
        try:
            _run_rows(config, _rows(plan.cells), done, show, pages)
        except KeyboardInterrupt:
            done.sweep.interrupted = True
        for name, reason in pages.wait().items():
            del done.sweep.done[name]
            done.sweep.failed[name] = reason
    return done


def _run_rows(
    config: ExperimentConfig, rows: Sequence[Sequence[Planned]], done: Done, show: int, pages: Pages
) -> None:
    """Run the rows, one after the other or beside each other."""
    with progress("cells", sum(map(len, rows))) as advance:
        fastest = _run_row(rows[0], done, show, advance, pages=pages)
        jobs = min(jobs_of(config), len(rows) - 1)
        left = sum(map(len, rows[1:])) * fastest
        if on_cluster() or jobs < 2 or left < _PATIENCE:
            for row in rows[1:]:
                _run_row(row, done, show, advance, pages=pages)
            return
        share = max(1, jobs_of(config) // jobs)
        work = partial(_row_in_worker, show=show, jobs=share)
        for outcome, count in engine.unordered(work, rows[1:], workers="processes", jobs=jobs):
            done.take(outcome)
            advance(count)


def _rows(cells: Sequence[Planned]) -> list[list[Planned]]:
    """The cells that may share a training; those that leave one database out have none in common."""
    rows: dict[str, list[Planned]] = {}
    for cell in cells:
        rows.setdefault(cell.name if cell.row == OTHERS else cell.row, []).append(cell)
    return list(rows.values())


def _row_in_worker(row: Sequence[Planned], show: int, jobs: int) -> tuple[Done, int]:
    """The cells of a row, in another process."""
    wait_patiently()
    done = Done()
    _run_row(row, done, show, lambda: None, jobs)
    return done, len(row)


def _run_row(
    row: Sequence[Planned], done: Done, show: int, advance: Callable[[], None], jobs: int = 0,
    pages: Pages | None = None,
) -> float:  # fmt: skip
    """Run the cells of a row, each training set learned once; how long the fastest took, in s.

    Args:
        row: its cells
        done: gets what became of them
        show: the lowest logging level that is shown on the terminal
        advance: tells that a cell is done
        jobs: threads; 0: as the experiment says
        pages: makes the pages in another process; None: this one does
    """
    fits, times = Fits(), []
    for cell in row:
        began = time.monotonic()
        more = None
        if cell.copies is not None:
            more = partial(augmented_training, cell.config, folder=cell.copies)
        before = finished_before(cell.config, more)
        if before is not None:
            done.sweep.done[cell.name] = replace(before, name=cell.name)
            done.sweep.again += 1
        else:
            # what goes to the hub takes its report along
            waits = getattr(cell.config.model.choice.options, "push_to_hub", False)
            reporter = draw_and_write if waits or pages is None else pages.reporter(cell.name)
            run_one(cell.name, cell.config, done.sweep, show, _learner(fits, jobs), more, reporter)
        times.append(time.monotonic() - began)
        advance()
    done.trained += fits.count
    return min(times)


def _learner(fits: Fits, jobs: int) -> Learner:
    """What learns the cells of a row.

    Args:
        fits: knows what has been learned
        jobs: threads; 0: as the experiment says
    """

    def learn(
        recipe: Recipe, parts: Matrices, config: ExperimentConfig, folder: Path | None, _: Companion | None
    ) -> Future[Runs]:
        train, test, dev = (parts.part(name) for name in ("train", "test", "dev"))
        _in_common(train.target.tolist(), test.target.tolist(), recipe)
        if jobs:
            recipe = replace(recipe, context=replace(recipe.context, jobs=jobs))
        dev_set = dev if len(dev.target) else None
        runs = train_and_test(recipe, train, test, dev_set, parts.columns, folder, config.exp.runs, fits)
        future: Future[Runs] = Future()
        future.set_result(runs)
        return future

    return learn


def _in_common(learned: Sequence[object], tested: Sequence[object], recipe: Recipe) -> None:
    """Stop where no label that is tested was learned: every answer would be wrong, whatever the voices say.

    Raises:
        NkululekoError: names both sides
    """
    if recipe.context.task != "classification" or set(learned) & set(tested):
        return
    ours, theirs = (", ".join(sorted(map(str, set(labels)))) for labels in (learned, tested))
    raise NkululekoError(
        f"no label in common: {ours} are learned, {theirs} are tested", "DATA",
        "give the databases a mapping to the same labels",
    )  # fmt: skip


def grid_of(plan: Plan, done: Done) -> Grid:
    """The figures of all cells.

    Raises:
        NkululekoError: none could be run
        KeyboardInterrupt: the user stopped it before there was anything
    """
    sweep = done.sweep
    if not sweep.done:
        if sweep.interrupted:
            raise KeyboardInterrupt
        reasons = dict.fromkeys(sweep.failed.values())
        raise NkululekoError(
            f"none of the {len(plan.cells)} cells could be run ({'; '.join(list(reasons)[:3])})",
            str(plan.base.source),
        )
    cells = [_cell(cell, sweep) for cell in plan.cells]
    measure = families.metrics.load(next(iter(sweep.done.values())).record.measure)()
    missing = len(plan.cells) - len(sweep.done) - len(sweep.failed)
    warnings = [f"interrupted: {missing} of {len(plan.cells)} cells were not run"] if missing else []
    return Grid(
        plan.base.exp.name, measure.label, plan.rows, plan.columns, cells, measure.higher_is_better,
        tuple(row for row in plan.rows if row == OTHERS), _notes(plan, cells, sweep), [*warnings, *_warned(cells)],
    )  # fmt: skip


def _cell(cell: Planned, sweep: Sweep) -> Cell:
    """What became of one cell."""
    if cell.name not in sweep.done:
        reason = sweep.failed.get(cell.name, "not run yet")
        return Cell(cell.row, cell.column, reason=reason, notes=cell.notes)
    run = sweep.done[cell.name]
    score = run.record.scores[run.record.measure]
    value, low, high = (
        float("nan") if figure is None else figure for figure in (score.value, score.low, score.high)
    )
    left_out = [
        line for line in run.record.notes if line.startswith("left out:") and "in the test set" in line
    ]
    reason = "" if score.value is not None else "the measure is not defined for these samples"
    return Cell(
        cell.row, cell.column, value, low, high, len(run.predictions), reason, (*cell.notes, *left_out),
        tuple(run.record.warnings), run.folder,
    )  # fmt: skip


def _notes(plan: Plan, cells: Sequence[Cell], sweep: Sweep) -> list[str]:
    """How the figures are to be read."""
    use_splits = plan.base.exp.use_splits
    whole = (
        "each database's own training set is learned from and its own test set is tested (use_splits)"
        if use_splits
        else "off the diagonal, all of one database is learned from and all of the other is tested"
    )
    notes = [
        f"{whole}; on the diagonal, each database is split by its own split_strategy",
        "means are over the cells that have a figure; empty cells count in none",
    ]
    if OTHERS in plan.rows:
        notes.append(
            f"'{OTHERS}': learned from all databases but the tested one; not in the means of the columns"
        )
        if len(plan.columns) == 2:
            notes.append(f"of two databases, '{OTHERS}' is just the other one")
    notes += _labels(plan, sweep)
    return [*notes, *plan.notes]


def _labels(plan: Plan, sweep: Sweep) -> list[str]:
    """Where the databases have different labels, which they are."""
    found: dict[str, set[str]] = {}
    for cell in plan.cells:
        run = sweep.done.get(cell.name)
        if run is not None and run.record.labels:
            found.setdefault(cell.column, set()).update(_truths(run))
    if len({frozenset(labels) for labels in found.values()}) < 2:
        return []
    common = sorted(set.intersection(*found.values()))
    each = "; ".join(f"{name}: {', '.join(sorted(labels))}" for name, labels in found.items())
    return [
        f"the databases have different labels ({each}); in common: {', '.join(common) or 'none'}; for the same task in"
        " all cells, give DATA.labels, and mappings"
    ]


def _truths(run: Finished) -> set[str]:
    return set(map(str, run.predictions["truth"].unique()))


def _warned(cells: Sequence[Cell]) -> list[str]:
    """The warnings of the cells, each once with the cells that gave it."""
    given: dict[str, list[str]] = {}
    for cell in cells:
        for line in dict.fromkeys(cell.warnings):
            given.setdefault(line, []).append(f"{cell.row} → {cell.column}")
    return [
        line if len(places) == len(cells) else f"{line} ({', '.join(places[:3])}{_more(places)})"
        for line, places in given.items()
    ]


def _more(places: Sequence[str]) -> str:
    return f" and {len(places) - 3} more" if len(places) > 3 else ""


def write_grid(grid: Grid, plan: Plan) -> Path:
    """Write ``heatmap.png``, ``.svg``, ``.csv``, ``.json`` and ``multidb.html`` into the experiment's folder.

    Returns:
        the path of the page

    Raises:
        NkululekoError: it cannot be written
    """
    images = draw_grid(grid)
    files = {
        **images,
        "heatmap.csv": heatmap_csv(grid).encode("utf-8", "replace"),
        "heatmap.json": heatmap_json(grid, plan.folder).encode("utf-8", "replace"),
        "multidb.html": heatmap_page(grid, images["heatmap.png"], plan.folder).encode("utf-8", "replace"),
    }
    for name, content in files.items():
        path = plan.folder / name
        try:
            write_atomically(path, content)
        except OSError as problem:
            what = f"cannot be written ({problem.strerror})"
            raise NkululekoError(what, str(path), "change EXP.root") from None
    return plan.folder / "multidb.html"

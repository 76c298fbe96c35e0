"""Trying feature sets, scalers and models within a time, fusing the best, testing that: behind ``nkululeko auto``."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.schema.auto import Auto
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import ModelContext, metrics, models
from nkululeko.core.journal import Journal
from nkululeko.core.result import Result
from nkululeko.core.rundir import RunDir
from nkululeko.learning.auto import outcome, pool
from nkululeko.learning.auto.choosing import Committee, choose
from nkululeko.learning.auto.scheme import Scheme, blocks_of, nested, plain
from nkululeko.learning.auto.trying import Settings, Tried, try_all
from nkululeko.learning.folds import Fold, make_folds
from nkululeko.learning.pipeline import Part, Recipe
from nkululeko.learning.search.memo import Memo
from nkululeko.learning.training import Learned, Runs
from nkululeko.steps.auto_features import Tables, tables
from nkululeko.steps.cluster import on_its_engine
from nkululeko.steps.evaluate import evaluate
from nkululeko.steps.experiment import split_table
from nkululeko.steps.load import load, previous_split
from nkululeko.steps.onnx_files import check_wanted, export_wanted
from nkululeko.steps.prepare import jobs_of, store_of
from nkululeko.steps.provenance import provenance, versions
from nkululeko.steps.report import draw, write
from nkululeko.steps.saved_predictions import save_test
from nkululeko.steps.search_bar import search_bar

_log = logging.getLogger("nkululeko")
#: what was fitted, for a call that goes on; stands in the run's folder
STORAGE = "auto.sqlite"
TRIED = "tried.csv"


@dataclass(frozen=True)
class _Plan:
    """What is to be done, as plain values.

    Args:
        data: the rows to choose on, by feature set
        test: the rows to test on, by feature set; None: all rows are tested fold by fold
        scheme: the fits and choices
        folds: of the cross-validation; empty: there is a test set
        settings: how to fit
    """

    data: Mapping[str, Part]
    test: Mapping[str, Part] | None
    scheme: Scheme
    folds: Sequence[Fold]
    settings: Settings

    @property
    def target(self) -> np.ndarray:
        """Of the rows to choose on."""
        return next(iter(self.data.values())).target


@on_its_engine
def run_auto(config: ExperimentConfig, rundir: RunDir, log: Journal, began: float) -> Result:
    """Try, choose, fuse, test, report.

    Args:
        config: with the section [AUTO]
        rundir: where everything goes
        log: collects notes and warnings
        began: when the run began, ``time.monotonic()``

    Raises:
        NkululekoError: nothing could be fitted
    """
    auto = config.section(Auto)
    deadline = began + 60 * auto.minutes
    for name in auto.models:
        models.load(name).check_installed()
    check_wanted(config, auto.models)
    data = load(config, store_of(config), previous_split(rundir.path("split.csv")), jobs_of(config))
    found = tables(config, data, auto.features, deadline)
    plan = _plan(config, found, auto.cv_folds)
    candidates = _candidates(config, found, auto)
    metric = metrics.load(plan.settings.metric)()
    with Memo(rundir.path(STORAGE)) as memo:
        if len(memo):
            _log.info("%s: %d fits are known from before", memo.path, len(memo))
        try:
            with search_bar("auto", metric.label) as bar:
                tried = try_all(
                    candidates, plan.data, plan.scheme, plan.settings, memo, deadline,
                    lambda done, total, name: bar(done, total, float("nan")),
                )  # fmt: skip
            committees = [
                choose(tried, decision, plan.scheme, plan.target, metric, plan.settings.labels, auto.most)
                for decision in plan.scheme.decisions
            ]
            learned = _learned(plan, tried, committees, memo, config, found, rundir)
        except KeyboardInterrupt:
            text = (
                f"interrupted: {len(memo)} fits are kept in {memo.path}; the same command goes on from there"
            )
            raise KeyboardInterrupt(text) from None
    _say(tried, auto)
    table = _table(tried, committees[-1])
    rundir.write("config.ini", config.to_ini())
    export_wanted(config, rundir)
    rundir.write(
        "split.csv", contract.to_csv_text(split_table(found.data.samples, config.data.target, learned))
    )
    rundir.write_table(TRIED, table.to_csv(index=False))
    origin = provenance(config, found.data, found.extracted, time.monotonic() - began)
    result = evaluate(
        config, found.data, Runs((learned,)), [], embedding=None, notes=log.notes, warnings=log.warnings,
        provenance=origin, folder=rundir.folder,
    )  # fmt: skip
    result = replace(result, tried=table)
    save_test(config, found.data.samples, result)
    write(result, draw(result, config), rundir, config)
    return result


def _plan(config: ExperimentConfig, found: Tables, count: int) -> _Plan:
    """Who learns from what, and who chooses on what."""
    labels, seed, task = tuple(found.data.labels), config.exp.random_seed, config.exp.type
    settings = Settings(
        str(config.model.measure), labels, jobs_of(config), seed, str(sorted(versions().items()))
    )
    every = {name: matrix.data for name, matrix in found.matrices.items()}
    first = next(iter(found.matrices.values()))
    if config.folds is not None:
        kind, number = config.folds
        whole = first.data
        folds = make_folds(kind, whole.target, whole.groups, seed, number, task)
        blocks = blocks_of(folds, whole, seed, task, count)
        if len(blocks) < 3:
            raise NkululekoError(
                f"auto chooses inside each fold, and {len(folds)} folds leave nothing to choose on", "MODEL",
                "take three folds or more",
            )  # fmt: skip
        return _Plan(every, None, nested(blocks), folds, settings)
    test = {name: matrix.part("test") for name, matrix in found.matrices.items()}
    dev = first.split == "dev"
    if dev.any():  # they decide; nobody learns from them
        keep = np.isin(first.split, ["train", "dev"])
        kept = {name: part.take(keep) for name, part in every.items()}
        watched = Fold("the dev set", np.flatnonzero(dev[keep]), int(keep.sum()))
        return _Plan(kept, test, plain([watched]), (), settings)
    train = {name: matrix.part("train") for name, matrix in found.matrices.items()}
    part = next(iter(train.values()))
    units = len(part.target) if part.groups is None else len(set(part.groups))
    if units < 2:
        raise NkululekoError(
            "auto chooses on folds of the training speakers, and there is one speaker only", "DATA",
            "change the split",
        )  # fmt: skip
    inner = make_folds("k_fold_cross", part.target, part.groups, seed, min(count, units), task)
    return _Plan(train, test, plain(inner), (), settings)


def _candidates(config: ExperimentConfig, found: Tables, auto: Auto) -> list[pool.Candidate]:
    task = config.exp.type
    context = ModelContext(
        task, config.exp.random_seed, 1, measure=str(config.model.measure), epochs=config.exp.epochs,
        device=config.model.device,
    )  # fmt: skip
    base = Recipe(
        "", context=pool.context_for(context), nan_strategy=found.nan_strategy, labels=tuple(found.data.labels),
        balancing=config.feats.balancing or "",
    )  # fmt: skip
    widths = {name: matrix.data.features.shape[1] for name, matrix in found.matrices.items()}
    return pool.candidates(
        widths, auto.models or pool.usual_models(task), auto.scale or pool.usual_scalers(), base,
        speakers_known=bool(found.data.speakers.notna().all()),
    )  # fmt: skip


def _learned(
    plan: _Plan, tried: Sequence[Tried], committees: Sequence[Committee], memo: Memo, config: ExperimentConfig,
    found: Tables, rundir: RunDir,
) -> Learned:  # fmt: skip
    """Predictions of all test rows; the committee for all data is fitted and saved."""
    labels, final = plan.settings.labels, committees[-1]
    folder = rundir.model_folder() if config.exp.save and config.model.save else None
    fold = None
    if plan.test is None:
        fold = np.empty(len(plan.target), dtype=int)
        answer = np.zeros((len(fold), len(labels)) if labels else len(fold))
        for committee in committees[:-1]:
            inside = np.zeros(len(fold), dtype=bool)
            inside[committee.decision.left_out] = True
            numbers = [number for number, each in enumerate(plan.folds) if inside[each.test].all()]
            mine = [plan.folds[number] for number in numbers]
            tested = outcome.predicted(tried, committee, mine, plan.data, plan.settings, memo)
            for number, each, said in zip(numbers, mine, tested, strict=True):
                answer[each.test], fold[each.test] = said, number
        if folder is not None:
            outcome.save(outcome.fitted(tried, final, plan.data, found.sets, found.columns), labels, folder)
    else:
        train = {name: matrix.part("train") for name, matrix in found.matrices.items()}
        members = outcome.fitted(tried, final, train, found.sets, found.columns)
        answers = {
            number: outcome.answer(member.pipeline, plan.test[member.features], labels)
            for number, member in zip(final.weights, members, strict=True)
        }
        answer = outcome.fused(final, answers, labels)
        if folder is not None:
            outcome.save(members, labels, folder)
    prediction = np.array(labels, dtype=object)[answer.argmax(axis=1)] if labels else answer
    return Learned(
        prediction, answer if labels else None, bool(labels), labels, None,
        decided=tuple(_decided(plan, tried, committees)), fold=fold,
        folds=tuple(each.name for each in plan.folds), seed=plan.settings.seed,
    )  # fmt: skip


def _decided(plan: _Plan, tried: Sequence[Tried], committees: Sequence[Committee]) -> list[str]:
    """Which data decided what."""
    lines = []
    for committee in committees:
        rows = committee.decision.rows
        groups = next(iter(plan.data.values())).groups
        heard = 0 if groups is None else len(set(np.asarray(groups)[rows]))
        who = f"{len(rows)} samples" + (f" of {heard} speakers" if heard else "")
        members = ", ".join(
            f"{weight:.2f} {tried[number].candidate.name}" for number, weight in committee.weights.items()
        )
        where = "the model that is kept" if plan.test is None else "the choice"
        where = (
            f"the choice that is tested in {committee.decision.name}" if committee.decision.name else where
        )
        lines.append(
            f"{where}: {who} in {len(committee.decision.pieces)} parts, by the likelihood of the truth: {members}"
        )
    return lines


def _say(tried: Sequence[Tried], auto: Auto) -> None:
    fitted = sum(bool(each.fits) for each in tried)
    late = [each for each in tried if each.late]
    _log.info("auto tried %d of %d candidates", fitted, len(tried))
    if late:
        _log.warning(
            "[AUTO] minutes = %g were not enough for %d of %d candidates: with more time, or on another machine,"
            " the choice may be another one", auto.minutes, len(late), len(tried),
        )  # fmt: skip
    failed = [each for each in tried if not each.fits and not each.late]
    if failed:
        _log.info(
            "%d candidates could not be fitted, e.g. %s: %s",
            len(failed),
            failed[0].candidate.name,
            failed[0].reason,
        )


def _table(tried: Sequence[Tried], committee: Committee) -> pd.DataFrame:
    """A row a candidate, the best first: what was tried, and who is in the committee."""
    rows = [
        {
            "features": each.candidate.features, "scale": each.candidate.recipe.scaler, "model": each.candidate.model,
            "value": committee.singles[number], "weight": committee.weights.get(number, 0.0),
            "seconds": round(each.seconds, 2), "note": each.reason,
        }
        for number, each in enumerate(tried)
    ]  # fmt: skip
    table = pd.DataFrame(rows)
    return table.sort_values("value", ascending=False, kind="stable", na_position="last").reset_index(
        drop=True
    )

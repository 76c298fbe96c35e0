"""Several finished runs answer together: late fusion, scored and reported like any run."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.paths import resolve
from nkululeko.config.schema.ensemble import Ensemble
from nkululeko.core import families
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Metric, Scored
from nkululeko.core.journal import Journal
from nkululeko.core.result import Result
from nkululeko.core.rundir import RunDir
from nkululeko.evaluation.calibration import calibration
from nkululeko.evaluation.classwise import confusion, per_class
from nkululeko.evaluation.fusion import fuse, fuse_numbers, vote
from nkululeko.evaluation.groups import group_scores
from nkululeko.evaluation.intervals import bootstrap_scores
from nkululeko.evaluation.repeats import by_speaker
from nkululeko.evaluation.uncertainty import entropy, risk_coverage
from nkululeko.report.leaderboard import leaderboard_csv, leaderboard_page
from nkululeko.steps import compare
from nkululeko.steps.finished import Finished, folder_of, on_same_samples, read_all
from nkululeko.steps.provenance import versions
from nkululeko.steps.report import draw, write

_log = logging.getLogger("nkululeko")


@dataclass(frozen=True)
class Fused:
    """What the members say together.

    Args:
        prediction: labels or numbers, shape ``(samples,)``
        scores: shape ``(samples, labels)``, or None
        probabilistic: whether ``scores`` are probabilities
        decided: who counts how much, and why
    """

    prediction: np.ndarray
    scores: np.ndarray | None
    probabilistic: bool
    decided: str


def run_ensemble(config: ExperimentConfig, rundir: RunDir, log: Journal, began: float) -> Result:
    """Fuse finished runs, score the answers, compare them with those of each member.

    Args:
        config: with [EXP], [ENSEMBLE], [PLOT], [REPORT]
        rundir: where everything goes
        log: collects notes and warnings
        began: when it began, ``time.monotonic()``

    Raises:
        NkululekoError: the runs, or what they left, do not allow it
    """
    asked = config.section(Ensemble)
    members = members_of(config)
    if rundir.folder in [member.folder for member in members]:
        raise NkululekoError(
            "the ensemble would overwrite one of its members", str(rundir.folder), "change EXP.name"
        )
    members, _ = on_same_samples(members)
    metric = compare.metric_of(members)
    fused = fuse_members(members, asked.method, metric)
    _log.info("fused by %s: %s", asked.method, ", ".join(member.name for member in members))
    for line in compare.said_by(members):
        _log.warning("%s", line)
    rundir.write("config.ini", config.to_ini())
    result = _evaluated(config, members, fused, metric, rundir)
    warnings = log.warnings  # those of the comparison stand in its own page
    said = _leaderboard(result, members, metric, config.exp.random_seed, log, rundir)
    result = replace(
        result, notes=[*log.notes, said], warnings=warnings,
        provenance=_provenance(config, members, time.monotonic() - began),
    )  # fmt: skip
    write(result, draw(result, config), rundir, config)
    return result


def located(config: ExperimentConfig) -> ExperimentConfig:
    """The same with the members' folders absolute: named relative to the folder of the call, else to that of the file.

    Raises:
        NkululekoError: one is not there
    """
    asked = config.section(Ensemble)
    folders = [folder_of(resolve(run, config.folder_of_call, config.source.parent)) for run in asked.runs]
    known = asked.model_copy(update={"runs": tuple(map(str, folders))})
    return replace(config, sections={**config.sections, "ENSEMBLE": known})


def members_of(config: ExperimentConfig) -> list[Finished]:
    """The runs that [ENSEMBLE] names.

    Raises:
        NkululekoError: fewer than two, or one is no finished run
    """
    runs = config.section(Ensemble).runs
    if len(runs) < 2:
        raise NkululekoError(
            f"an ensemble needs two runs or more, not {len(runs)}",
            str(config.source) if config.source.name else "",
            "name their folders, e.g. results/one results/two",
        )
    return read_all(runs)


def fuse_members(members: Sequence[Finished], method: str, metric: Metric) -> Fused:
    """The members' answers as one.

    Args:
        members: with the same samples in the same order
        method: see :mod:`nkululeko.evaluation.fusion`
        metric: of all members; for ``dev``

    Raises:
        NkululekoError: the method needs what a member does not have
    """
    labels = members[0].record.labels
    equal = "how much each member counts: nothing, all the same"
    answers = [member.predictions["prediction"].to_numpy() for member in members]
    if not labels:
        return Fused(fuse_numbers(answers, method), None, False, equal)
    if method == "median":
        raise NkululekoError(
            "'median' is for numbers, and these runs predict classes", "method", "take mean, or vote"
        )
    columns = [[member.record.labels.index(label) for label in labels] for member in members]
    found = [member.probabilities for member in members]
    known = [each[:, order] for each, order in zip(found, columns, strict=True) if each is not None]
    lacking = [member.name for member, each in zip(members, found, strict=True) if each is None]
    if method == "vote":
        prediction, shares = vote(answers, labels, None if lacking else known)
        ties = "the first that is named" if lacking else "the mean of the probabilities"
        return Fused(prediction, shares, False, f"{equal}; where votes are tied: {ties}")
    if lacking:
        raise NkululekoError(
            f"'{method}' needs probabilities, and there are none of {', '.join(lacking)}", "method",
            "take vote, or models that give probabilities, e.g. logreg, xgb, nb",
        )  # fmt: skip
    weights = None
    decided = equal
    if method == "dev":
        weights = _weights(members, metric)
        said = ", ".join(
            f"{member.name} {weight:.3f}" for member, weight in zip(members, weights, strict=True)
        )
        decided = (
            f"how much each member counts: {metric.label} on the data that it watched in training ({said})"
        )
    elif method in ("uncertainty", "confidence"):
        decided = "how much each member counts: at each sample, how sure it says it is"
    scores = fuse(known, method, weights)
    return Fused(np.array(labels, dtype=object)[scores.argmax(axis=1)], scores, True, decided)


def _weights(members: Sequence[Finished], metric: Metric) -> list[float]:
    """How good each member was on the data that it watched, never the test set; more is better."""
    lacking = [member.name for member in members if member.watched is None]
    if lacking:
        raise NkululekoError(
            f"'dev' needs the measure on the data that were watched in training, and there is none of"
            f" {', '.join(lacking)}", "method",
            "take mean; or nets with a dev set (EXP.traindevtest = True), which watch it",
        )  # fmt: skip
    found = [float(member.watched or 0.0) for member in members]
    # error rates, 0..1: the share that is right
    return [max(value if metric.higher_is_better else 1.0 - value, 0.0) for value in found]


def _evaluated(
    config: ExperimentConfig, members: Sequence[Finished], fused: Fused, metric: Metric, rundir: RunDir
) -> Result:
    """The fused answers as a result: the same figures and tables as those of any run."""
    first = members[0].record
    test = members[0].predictions
    kind: Any = object if first.labels else float
    scored = Scored(test["truth"].to_numpy(dtype=kind), fused.prediction, first.labels, fused.scores)
    groups = next((found for member in members if (found := member.groups()) is not None), None)
    seed, measure = config.exp.random_seed, metric.plugin_name()
    metrics = {name: families.metrics.load(name)() for name in families.metrics.names()}
    metrics = {
        name: each
        for name, each in metrics.items()
        if first.task in each.tasks and (scored.scores is not None or not each.needs_scores)
    }
    scores, interval = bootstrap_scores(metrics, scored, groups, seed=seed)
    known = [name for name in ("gender", "age") if name in test and test[name].notna().any()]
    table = confusion(scored.truth, scored.prediction, first.labels) if first.labels else None
    sure = fused.scores if fused.probabilistic else None
    return Result(
        name=config.exp.name,
        task=first.task,
        target=first.target,
        labels=first.labels,
        measure=measure,
        scores=scores,
        interval=interval,
        predictions=_predictions(test, scored, fused),
        per_class=None if table is None else per_class(table),
        confusion=table,
        groups=group_scores(metric, scored, groups, {name: test[name] for name in known}, seed=seed)
        if known
        else None,
        calibration=None if sure is None else calibration(scored.truth, sure, first.labels),
        by_speaker=by_speaker(scored, test) if "database" in test else None,
        uncertainty=None
        if sure is None
        else risk_coverage(scored.truth == scored.prediction, 1 - entropy(sure)),
        decided=[fused.decided],
        folder=rundir.folder,
    )


def _predictions(test: pd.DataFrame, scored: Scored, fused: Fused) -> pd.DataFrame:
    """A row a test sample, as any run leaves it."""
    kept = [name for name in ("database", "speaker", "gender", "age", "fold") if name in test]
    frame = test[kept].assign(truth=scored.truth, prediction=scored.prediction)
    if scored.scores is not None:
        prefix = "p" if fused.probabilistic else "s"
        frame = frame.assign(
            **{f"{prefix}_{label}": scored.scores[:, i] for i, label in enumerate(scored.labels)}
        )
    last = ["fold"] if "fold" in frame else []
    first = ["truth", "prediction"]
    return frame[first + [name for name in frame if name not in (*first, *last)] + last]


def _leaderboard(
    result: Result, members: Sequence[Finished], metric: Metric, seed: int, log: Journal, rundir: RunDir
) -> str:
    """The ensemble and its members side by side, in the ensemble's folder; what came out, in a line."""
    record = members[0].record.model_copy(update={"runs": None, "history": None})
    mine = replace(
        members[0], name=result.name, folder=rundir.folder, record=record, predictions=result.predictions
    )
    if mine.name in [member.name for member in members]:
        mine = replace(mine, name=f"{mine.name} (the ensemble)")
    described = compare.differences(members)
    before = set(log.warnings)
    entries = compare.standings([mine, *members], metric, seed, described)
    new = [line for line in log.warnings if line not in before]
    notes = [*compare.how(mine), *result.decided]
    html = leaderboard_page(
        entries, f"{result.name} and its members", metric.label, notes, [*compare.optimistic(entries), *new],
        here=rundir.folder,
    )  # fmt: skip
    rundir.write("leaderboard.html", html)
    rundir.write("leaderboard.csv", leaderboard_csv(entries))
    best = next(entry for entry in entries if entry.best)
    return f"leaderboard.html compares it with its members: the best is {best.name} ({metric.label} {best.value:.3f})"


def _provenance(config: ExperimentConfig, members: Sequence[Finished], seconds: float) -> dict[str, Any]:
    """What must be known to get the same numbers again."""
    licences = [line for member in members for line in member.record.provenance.get("licences", ())]
    return {
        "config_file": str(config.source),
        "config": config.to_ini(),
        "seed": config.exp.random_seed,
        "members": {
            member.name: {
                "folder": str(member.folder),
                "data_fingerprint": str(member.record.provenance.get("data_fingerprint", "")),
            }
            for member in members
        },
        "licences": list(dict.fromkeys(licences)),
        "versions": versions(),
        "seconds": round(seconds, 2),
    }

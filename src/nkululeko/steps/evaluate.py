"""From predictions to a result: every score with its interval, tables, calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import families
from nkululeko.core.families import Metric, Scored
from nkululeko.core.result import Result
from nkululeko.evaluation.calibration import calibration
from nkululeko.evaluation.classwise import confusion, per_class
from nkululeko.evaluation.groups import group_scores
from nkululeko.evaluation.intervals import bootstrap_scores
from nkululeko.evaluation.repeats import by_speaker, fold_table
from nkululeko.evaluation.uncertainty import entropy, risk_coverage
from nkululeko.learning.training import Learned, Runs
from nkululeko.steps.asked import Judged, asked_for
from nkululeko.steps.load import Data
from nkululeko.steps.sheet import sheet_of


def evaluate(
    config: ExperimentConfig, data: Data, runs: Runs, columns: Sequence[str], *,
    embedding: np.ndarray | None, notes: Sequence[str], warnings: Sequence[str],
    provenance: Mapping[str, Any], folder: Path,
) -> Result:  # fmt: skip
    """Score the test set, once.

    Args:
        config: the experiment
        data: all samples
        runs: predictions of the test samples, in their order; the chosen run is the result
        columns: names of the features
        embedding: two coordinates a sample, shape ``(samples, 2)``, or None
        notes: what the user should know
        warnings: what the user must know
        provenance: where the result comes from
        folder: the run's folder
    """
    samples, target, learned = data.samples, config.data.target, runs.chosen
    is_test = (samples["split"] == "test").to_numpy()
    test = samples[is_test]
    scored = _scored(test[target], learned, data.labels)
    speakers = data.speakers[is_test].to_numpy(dtype=object)
    groups = None if data.speakers.isna().any() else speakers
    seed, task, measure = config.exp.random_seed, config.exp.type, str(config.model.measure)
    metrics = {name: families.metrics.load(name)() for name in families.metrics.names()}
    metrics = {
        name: metric
        for name, metric in metrics.items()
        if task in metric.tasks and (name == measure or not metric.needs_scores or scored.scores is not None)
    }
    scores, interval = bootstrap_scores(metrics, scored, groups, seed=seed)
    of_runs = [_scored(test[target], one, data.labels) for one in runs.learned]
    asked = asked_for(
        config.plot, Judged(scored, speakers, learned.probabilistic, of_runs, metrics, measure, seed)
    )
    known = [
        name for name in ("gender", "age") if name in test and name != target and test[name].notna().any()
    ]
    table = confusion(scored.truth, scored.prediction, data.labels) if data.labels else None
    return Result(
        name=config.exp.name,
        task=task,
        target=target,
        labels=data.labels,
        measure=measure,
        scores=scores,
        interval=interval,
        predictions=_predictions(test, target, scored, learned),
        per_class=None if table is None else per_class(table),
        confusion=table,
        groups=group_scores(metrics[measure], scored, groups, {k: test[k] for k in known}, seed=seed)
        if known
        else None,
        calibration=_calibration(scored, data.labels) if learned.probabilistic and data.labels else None,
        importance=_importance(learned, columns),
        embedding=_embedding(samples, target, embedding),
        sheet=sheet_of(data, config),
        by_speaker=by_speaker(scored, test),
        folds=fold_table(metrics[measure], scored, learned.fold, learned.folds, speakers),
        runs=_run_table(metrics[measure], of_runs, runs),
        history=_history(runs),
        uncertainty=_uncertainty(scored) if learned.probabilistic and data.labels else None,
        kept=asked.kept,
        combined=asked.combined,
        compared=asked.compared,
        decided=_decided(runs),
        notes=[*notes, *asked.notes],
        warnings=warnings,
        provenance=provenance,
        folder=folder,
    )


def _scored(truth: pd.Series, learned: Learned, labels: Sequence[str]) -> Scored:
    """Truth and prediction; scores get a column a label, also for labels that the training set lacks."""
    if not labels:
        return Scored(truth.to_numpy(dtype=float), np.asarray(learned.prediction, dtype=float))
    scores = None
    if learned.scores is not None:
        lowest = 0.0 if learned.probabilistic else float(np.min(learned.scores, initial=0.0)) - 1.0
        scores = np.full((len(truth), len(labels)), lowest)
        for column, label in enumerate(learned.classes):
            scores[:, list(labels).index(label)] = learned.scores[:, column]
    return Scored(
        truth.to_numpy(dtype=object), np.asarray(learned.prediction, dtype=object), list(labels), scores
    )


def _predictions(test: pd.DataFrame, target: str, scored: Scored, learned: Learned) -> pd.DataFrame:
    """A row a test sample: truth, prediction, who, and a column of scores a class."""
    kept = [name for name in ("database", "speaker", "gender", "age") if name in test and name != target]
    frame = test[kept].assign(truth=scored.truth, prediction=scored.prediction)
    if scored.scores is not None:
        prefix = "p" if learned.probabilistic else "s"
        columns = {f"{prefix}_{label}": scored.scores[:, i] for i, label in enumerate(scored.labels)}
        frame = frame.assign(**columns)
        if learned.probabilistic:
            frame = frame.assign(uncertainty=entropy(scored.scores))
    if learned.fold is not None:
        frame = frame.assign(fold=[learned.folds[number] for number in learned.fold])
    first = ["truth", "prediction"]
    return frame[first + [name for name in frame if name not in first]]


def _calibration(scored: Scored, labels: Sequence[str]) -> Any:
    assert scored.scores is not None
    return calibration(scored.truth, scored.scores, labels)


def _importance(learned: Learned, columns: Sequence[str]) -> pd.Series | None:
    if learned.importance is None:
        return None
    return pd.Series(learned.importance, index=list(columns), name="importance").sort_values(
        ascending=False, kind="stable"
    )


def _embedding(samples: pd.DataFrame, target: str, points: np.ndarray | None) -> pd.DataFrame | None:
    if points is None:
        return None
    return pd.DataFrame(
        {"x": points[:, 0], "y": points[:, 1], target: samples[target].to_numpy()}, index=samples.index
    )


def _uncertainty(scored: Scored) -> pd.DataFrame:
    """How many mistakes are left if only the surest predictions count."""
    assert scored.scores is not None
    correct = np.asarray(scored.truth) == np.asarray(scored.prediction)
    return risk_coverage(correct, 1 - entropy(scored.scores))


def _run_table(metric: Metric, of_runs: Sequence[Scored], runs: Runs) -> pd.DataFrame | None:
    """The headline figure of each run; None where there is one only."""
    if len(runs.learned) == 1:
        return None
    values = [metric.value(scored) for scored in of_runs]
    return pd.DataFrame(
        {
            "run": range(1, len(values) + 1),
            "seed": [learned.seed for learned in runs.learned],
            "watched": [learned.watched for learned in runs.learned],
            "value": values,
            "chosen": [number == runs.best for number in range(len(values))],
        }
    )


def _history(runs: Runs) -> pd.DataFrame | None:
    """The epochs of all runs."""
    tables = [
        learned.history.assign(run=number)
        for number, learned in enumerate(runs.learned, 1)
        if learned.history is not None
    ]
    if not tables:
        return None
    return pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0].drop(columns="run")


def _decided(runs: Runs) -> list[str]:
    """Which data decided what."""
    lines = list(runs.chosen.decided)
    if len(runs.learned) > 1:
        by = (
            "nothing but its number: the first"
            if np.isnan(runs.chosen.watched)
            else "the same data as the epoch"
        )
        lines.append(f"the run whose model is kept ({runs.best + 1} of {len(runs.learned)}): {by}")
    return lines

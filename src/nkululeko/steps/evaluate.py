"""From predictions to a result: every score with its interval, tables, calibration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import families
from nkululeko.core.families import Scored
from nkululeko.core.result import Result
from nkululeko.evaluation.calibration import calibration
from nkululeko.evaluation.classwise import confusion, per_class
from nkululeko.evaluation.groups import group_scores
from nkululeko.evaluation.intervals import bootstrap_scores
from nkululeko.learning.pipeline import Learned
from nkululeko.steps.load import Data


def evaluate(
    config: ExperimentConfig, data: Data, learned: Learned, columns: Sequence[str], *,
    embedding: np.ndarray | None, notes: Sequence[str], warnings: Sequence[str],
    provenance: Mapping[str, Any], folder: Path,
) -> Result:  # fmt: skip
    """Score the test set, once.

    Args:
        config: the experiment
        data: all samples
        learned: predictions of the test samples, in their order
        columns: names of the features
        embedding: two coordinates a sample, shape ``(samples, 2)``, or None
        notes: what the user should know
        warnings: what the user must know
        provenance: where the result comes from
        folder: the run's folder
    """
    samples, target = data.samples, config.data.target
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
        predictions=_predictions(test, target, scored, learned.probabilistic),
        per_class=None if table is None else per_class(table),
        confusion=table,
        groups=group_scores(metrics[measure], scored, groups, {k: test[k] for k in known}, seed=seed)
        if known
        else None,
        calibration=_calibration(scored, data.labels) if learned.probabilistic and data.labels else None,
        importance=_importance(learned, columns),
        embedding=_embedding(samples, target, embedding),
        data=overview(data),
        dropped=pd.DataFrame(
            [drop.record() for drop in data.dropped], columns=["stage", "reason", "count", "examples"]
        ),
        notes=notes,
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


def _predictions(test: pd.DataFrame, target: str, scored: Scored, probabilistic: bool) -> pd.DataFrame:
    """A row a test sample: truth, prediction, who, and a column of scores a class."""
    kept = [name for name in ("database", "speaker", "gender", "age") if name in test and name != target]
    frame = test[kept].assign(truth=scored.truth, prediction=scored.prediction)
    if scored.scores is not None:
        prefix = "p" if probabilistic else "s"
        columns = {f"{prefix}_{label}": scored.scores[:, i] for i, label in enumerate(scored.labels)}
        frame = frame.assign(**columns)
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


def overview(data: Data) -> pd.DataFrame:
    """Rows, speakers and hours a database and split."""
    ends = data.samples.index.get_level_values("end")
    starts = data.samples.index.get_level_values("start")
    rows = pd.DataFrame(
        {
            "database": data.samples["database"].to_numpy(),
            "split": data.samples["split"].to_numpy(),
            "speaker": data.speakers.to_numpy(),
            "hours": (ends - starts).total_seconds().to_numpy() / 3600,
        }
    )
    table = rows.groupby(["database", "split"], sort=True).agg(
        samples=("hours", "size"), speakers=("speaker", "nunique"), hours=("hours", "sum")
    )
    return table.reset_index()

"""Figures that [PLOT] asks for beside those that every result has."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nkululeko.config.schema.plot import Plot
from nkululeko.core import families
from nkululeko.core.families import Metric, Scored
from nkululeko.core.result import Combined, Score
from nkululeko.evaluation.classwise import confusion
from nkululeko.evaluation.intervals import bootstrap_scores
from nkululeko.evaluation.per_speaker import combine
from nkululeko.evaluation.uncertainty import entropy, threshold_table

_log = logging.getLogger("nkululeko")


@dataclass(frozen=True)
class Asked:
    """What was asked for, where it can be had; see the fields of :class:`nkululeko.core.result.Result`.

    Args:
        kept: what is left above ``uncertainty_threshold``
        combined: ``combine_per_speaker``
        compared: ``runs_compare``
        notes: why something cannot be had, a line each
    """

    kept: pd.DataFrame | None
    combined: Combined | None
    compared: Sequence[Score] | None
    notes: Sequence[str]


@dataclass(frozen=True)
class Judged:
    """What there is to be looked at.

    Args:
        scored: truth and prediction of the test samples
        speakers: who speaks, missing where unknown, shape ``(samples,)``
        probabilistic: the scores are probabilities
        runs: truth and prediction of each run
        metrics: by name
        measure: name of the headline
        seed: of intervals
    """

    scored: Scored
    speakers: np.ndarray
    probabilistic: bool
    runs: Sequence[Scored]
    metrics: Mapping[str, Metric]
    measure: str
    seed: int

    @property
    def groups(self) -> np.ndarray | None:
        """The speakers where all are known."""
        return None if pd.isna(self.speakers).any() else self.speakers


def asked_for(plot: Plot, judged: Judged) -> Asked:
    """What [PLOT] asks for."""
    notes: list[str] = []
    found = Asked(
        _kept(plot, judged, notes), _combined(plot, judged, notes), _compared(plot, judged, notes), notes
    )
    for note in notes:
        _log.info(note)
    return found


def _kept(plot: Plot, judged: Judged, notes: list[str]) -> pd.DataFrame | None:
    threshold, scored = plot.uncertainty_threshold, judged.scored
    if threshold is None:
        return None
    if not judged.probabilistic or scored.scores is None or not len(scored.labels):
        why = (
            "is for classes"
            if not len(scored.labels)
            else "needs a model that gives probabilities, e.g. logreg"
        )
        notes.append(f"[PLOT] uncertainty_threshold has no effect in this run: it {why}")
        return None
    certainty = 1 - entropy(scored.scores)
    metric = judged.metrics[judged.measure]
    return threshold_table(metric, scored, certainty, judged.groups, [threshold], seed=judged.seed)


def _combined(plot: Plot, judged: Judged, notes: list[str]) -> Combined | None:
    how, scored = plot.combine_per_speaker, judged.scored
    if how is None:
        return None
    if pd.isna(judged.speakers).all():
        notes.append("[PLOT] combine_per_speaker has no effect in this run: the speakers are not known")
        return None
    each = combine(scored, judged.speakers, how)
    if each.how != how:
        why = "the model gives no scores" if len(scored.labels) else "of numbers there is a mean only"
        notes.append(f"[PLOT] combine_per_speaker = {how}: {why}, so it is done by {each.how}")
    scores, interval = bootstrap_scores(
        judged.metrics, each.scored, np.array(each.speakers, dtype=object), seed=judged.seed
    )
    answers = pd.DataFrame(
        {
            "speaker": each.speakers,
            "n": each.counts,
            "truth": each.scored.truth,
            "prediction": each.scored.prediction,
        }
    )
    is_class, some = bool(len(scored.labels)), bool(len(answers))
    table = confusion(each.scored.truth, each.scored.prediction, scored.labels) if is_class and some else None
    return Combined(each.how, scores if some else {}, interval, answers, table, each.left_out, each.unknown)


def _compared(plot: Plot, judged: Judged, notes: list[str]) -> Sequence[Score] | None:
    name = plot.runs_compare
    if name is None:
        return None
    if len(judged.runs) < 2:
        notes.append("[PLOT] runs_compare has no effect in this run: it is for EXP.runs = 2 or more")
        return None
    if name not in judged.metrics:
        task = "classification" if len(judged.scored.labels) else "regression"
        wanted = families.metrics.load(name)
        why = (
            f"is not for {task}"
            if task not in wanted.tasks
            else "needs scores, which this model does not give"
        )
        notes.append(f"[PLOT] runs_compare = {name} has no effect in this run: the measure {why}")
        return None
    metric = {name: judged.metrics[name]}
    return [bootstrap_scores(metric, run, judged.groups, seed=judged.seed)[0][name] for run in judged.runs]

"""What an experiment found: plain values that evaluation makes, plots draw and the report shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.families import Task
    from nkululeko.core.sheet import Sheet


@dataclass(frozen=True)
class Score:
    """A figure of merit with its 95 % interval.

    Args:
        name: of the metric, e.g. ``"uar"``
        label: as it is shown, e.g. ``"UAR"``
        value: the figure on all test samples
        low: lower end of the interval; NaN where there is none
        high: upper end of the interval
        higher_is_better: its direction
    """

    name: str
    label: str
    value: float
    low: float
    high: float
    higher_is_better: bool = True

    def __str__(self) -> str:
        return f"{self.label} {self.value:.3f} [{self.low:.3f}, {self.high:.3f}]"


@dataclass(frozen=True)
class Interval:
    """How the intervals were made.

    Args:
        unit: what was resampled, ``"speakers"`` or ``"samples"``
        groups: how many of them
        resamples: how often
        level: confidence, e.g. 0.95
    """

    unit: str
    groups: int
    resamples: int
    level: float = 0.95


@dataclass(frozen=True)
class Calibration:
    """How far the probabilities can be believed.

    Args:
        ece: expected calibration error (Guo et al. 2017), 0..1
        bins: one row a bin: columns ``confidence`` (mean), ``accuracy``, ``count``
        brier: mean squared distance of the probabilities from the truth (Brier 1950), 0..2
    """

    ece: float
    bins: pd.DataFrame
    brier: float


@dataclass(frozen=True)
class Combined:
    """One answer a speaker, made of the answers to all their samples.

    Args:
        how: ``mode`` (most samples) or ``mean`` (of probabilities, scores or numbers)
        scores: every metric over speakers with its interval, by name; empty: no speaker is left
        interval: how the intervals were made
        answers: a row a speaker: ``speaker``, ``n`` samples, ``truth``, ``prediction``
        confusion: as that of the samples; None for regression
        left_out: speakers whose samples differ in their truth, so that there is no one answer to be right
        unknown: samples whose speaker is not known
    """

    how: str
    scores: Mapping[str, Score]
    interval: Interval
    answers: pd.DataFrame
    confusion: pd.DataFrame | None = None
    left_out: Sequence[str] = ()
    unknown: int = 0


@dataclass(frozen=True)
class Result:
    """All that a run found, ready to be drawn, shown and written.

    Args:
        name: the experiment's name
        task: ``classification`` or ``regression``
        target: the predicted column
        labels: the classes in order; empty for regression
        measure: name of the headline metric
        scores: every metric with its interval, by name
        interval: how the intervals were made
        predictions: one row a test sample on the segmented index (file, start, end): ``truth``,
            ``prediction``, ``database``, ``speaker``, ``gender``, ``age`` where known, and one column
            ``p_LABEL`` a class where the model gives probabilities (``s_LABEL``: other scores); with probabilities
            ``uncertainty``, their normalised entropy
        per_class: rows = labels, columns ``recall``, ``precision``, ``f1``, ``support``; None for regression
        confusion: rows = truth, columns = prediction, counts; None for regression
        groups: one row a group (``variable``, ``group``, ``n``, ``speakers``, ``value``, ``low``, ``high``
            of the headline metric), for gender and age where known
        calibration: where the model gives probabilities, else None
        importance: a number a feature, descending, where the model has them, else None
        embedding: two columns ``x``, ``y`` and the target of every sample (t-SNE), where asked for
        sheet: what the data are, and what became of their rows
        by_speaker: a row a test speaker, hardest first: ``database``, ``speaker``, ``n``, ``value`` of the headline
            metric (accuracy for classes, of which one speaker rarely has all; mean absolute error for numbers)
        folds: of a cross-validation: ``fold``, ``n``, ``speakers``, ``value`` of the headline metric
        runs: of several runs: ``run``, ``seed``, ``watched`` (missing where nothing was), ``value``, ``chosen``
        history: a row an epoch: ``epoch``, ``train_loss``, ``watched_loss``, ``watched``, ``best``, maybe ``fold``,
            ``run``
        uncertainty: ``coverage``, ``risk``, ``threshold``, where the model gives probabilities
        kept: where a threshold was asked for: one row, ``threshold``, ``kept`` (share), ``samples``, ``speakers``,
            ``value``, ``low``, ``high`` of the headline metric on the answers that are certain enough, ``lost``
        combined: one answer a speaker, where asked for
        compared: one metric of each run with its interval, in the order of the runs, where asked for
        tried: of ``nkululeko auto``: a row a candidate, the best first: ``features``, ``scale``, ``model``, ``value``
            of the headline metric where it was chosen (NaN: not tried), ``weight`` in the committee, ``seconds``,
            ``note``
        decided: which data decided what, a line each
        notes: what the user should know, a line each
        warnings: what the user must know, a line each
        provenance: resolved configuration, versions, fingerprints, seed, times
        folder: the run's folder
    """

    name: str
    task: Task
    target: str
    labels: Sequence[str]
    measure: str
    scores: Mapping[str, Score]
    interval: Interval
    predictions: pd.DataFrame
    per_class: pd.DataFrame | None = None
    confusion: pd.DataFrame | None = None
    groups: pd.DataFrame | None = None
    calibration: Calibration | None = None
    importance: pd.Series | None = None
    embedding: pd.DataFrame | None = None
    sheet: Sheet | None = None
    by_speaker: pd.DataFrame | None = None
    folds: pd.DataFrame | None = None
    runs: pd.DataFrame | None = None
    history: pd.DataFrame | None = None
    uncertainty: pd.DataFrame | None = None
    kept: pd.DataFrame | None = None
    combined: Combined | None = None
    compared: Sequence[Score] | None = None
    tried: pd.DataFrame | None = None
    decided: Sequence[str] = ()
    notes: Sequence[str] = ()
    warnings: Sequence[str] = ()
    provenance: Mapping[str, Any] = field(default_factory=dict)
    folder: Path = Path()

    @property
    def headline(self) -> Score:
        """The score of the experiment's measure."""
        return self.scores[self.measure]

    @property
    def report(self) -> Path:
        """Path of the report page."""
        return self.folder / "report.html"

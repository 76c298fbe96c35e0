"""The result for machines: ``result.json``, whose fields docs/result-json.md describes."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from nkululeko.report.plain import Record, plain, rows, text
from nkululeko.report.repeats_records import (
    AnswerRecord,
    ComparedRecord,
    CoverageRecord,
    EpochRecord,
    FoldsRecord,
    KeptRecord,
    RunsRecord,
    SpeakerScoreRecord,
    TriedRecord,
    repeats_fields,
)
from nkululeko.report.sheet_records import SheetRecord, sheet_record

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.result import Combined, Result, Score

#: features that are listed with their importance
MOST_FEATURES = 50


class ScoreRecord(Record):
    """A figure of merit with its interval."""

    label: str = Field(description="as it is shown, e.g. UAR")
    value: float | None = Field(description="on all test samples; null where it is undefined")
    low: float | None = Field(description="lower end of the interval; null where there is none")
    high: float | None = Field(description="upper end of the interval; null where there is none")
    higher_is_better: bool = Field(description="its direction")


class IntervalRecord(Record):
    """How the intervals were made."""

    unit: str = Field(description="what was resampled: speakers or samples")
    groups: int = Field(description="how many of them")
    resamples: int = Field(description="how often")
    level: float = Field(description="confidence, e.g. 0.95")


class ClassRecord(Record):
    """How one class was recognised."""

    recall: float | None = Field(description="share of the class that is recognised")
    precision: float | None = Field(description="share of the answers with this class that are right")
    f1: float | None = Field(description="harmonic mean of both")
    support: int = Field(description="test samples of this class")


class ConfusionRecord(Record):
    """The confusion matrix."""

    labels: list[str] = Field(description="the true classes, in the order of the rows")
    predicted: list[str] = Field(description="the predicted classes, in the order of the columns")
    counts: list[list[int]] = Field(description="one row a true class, one column a predicted one")


class GroupRecord(Record):
    """The headline measure in one group of speakers."""

    variable: str = Field(description="gender or age")
    group: str = Field(description="the group's name")
    n: int = Field(description="test samples")
    speakers: int | None = Field(description="their speakers; null where they are not known")
    value: float | None = Field(description="the headline measure in this group")
    low: float | None = Field(description="lower end of its interval")
    high: float | None = Field(description="upper end of its interval")


class BinRecord(Record):
    """Test samples of like confidence."""

    confidence: float | None = Field(description="their mean confidence; null in an empty bin")
    accuracy: float | None = Field(description="share of them that is right; null in an empty bin")
    count: int = Field(description="how many")


class CalibrationRecord(Record):
    """How far the probabilities can be believed."""

    ece: float | None = Field(description="expected calibration error, 0..1")
    brier: float | None = Field(description="Brier score, 0..2")
    bins: list[BinRecord] = Field(description="by rising confidence")


class FeatureRecord(Record):
    """A feature and its importance."""

    feature: str = Field(description="its name")
    importance: float | None = Field(description="not negative, larger is more important")


class CombinedRecord(Record):
    """One answer a speaker, made of the answers to all their samples."""

    how: str = Field(description="mode: what most samples say; mean: of probabilities, scores or numbers")
    scores: dict[str, ScoreRecord] = Field(
        description="every measure over speakers; empty: no speaker is left"
    )
    interval: IntervalRecord = Field(description="how the intervals were made")
    confusion: ConfusionRecord | None = Field(description="counts of speakers; null for regression")
    answers: list[AnswerRecord] = Field(description="every speaker with one truth")
    left_out: list[str] = Field(description="speakers whose samples differ in their truth")
    unknown: int = Field(description="samples whose speaker is not known")


class ResultFile(Record):
    """What ``result.json`` holds."""

    schema_version: Literal[1] = Field(
        description="version of this schema; changes when a field goes or changes its meaning"
    )
    name: str = Field(description="the experiment's name")
    task: Literal["classification", "regression"] = Field(description="what was done")
    target: str = Field(description="the predicted column")
    labels: list[str] = Field(description="the classes in order; empty for regression")
    measure: str = Field(description="name of the headline measure, a key of scores")
    scores: dict[str, ScoreRecord] = Field(description="every measure by its name")
    interval: IntervalRecord = Field(description="how the intervals were made")
    test_samples: int = Field(description="test samples; their rows are in predictions.csv")
    per_class: dict[str, ClassRecord] | None = Field(description="by class; null for regression")
    confusion: ConfusionRecord | None = Field(description="null for regression")
    groups: list[GroupRecord] | None = Field(description="null where no groups are known")
    calibration: CalibrationRecord | None = Field(description="null where the model gives no probabilities")
    importance: list[FeatureRecord] | None = Field(
        description="the 50 most important features, the first first; null where the model has no importance"
    )
    by_speaker: list[SpeakerScoreRecord] | None = Field(
        description="every test speaker, the hardest first; null where they are not known"
    )
    folds: FoldsRecord | None = Field(description="of a cross-validation; null: there was one test set")
    runs: RunsRecord | None = Field(description="null: there was one run only")
    history: list[EpochRecord] | None = Field(
        description="every epoch of every training; null where the model does not learn in epochs"
    )
    uncertainty: list[CoverageRecord] | None = Field(
        description="the risk-coverage curve in steps of one percent, the surest answers first; null where the "
        "model gives no probabilities"
    )
    kept: KeptRecord | None = Field(
        description="what PLOT.uncertainty_threshold keeps; null where it was not asked for"
    )
    combined: CombinedRecord | None = Field(
        description="one answer a speaker, by PLOT.combine_per_speaker; null where it was not asked for"
    )
    compared: list[ComparedRecord] | None = Field(
        description="the measure that PLOT.runs_compare names, run by run; null where it was not asked for"
    )
    tried: list[TriedRecord] | None = Field(
        description="what nkululeko auto tried, the best first; null for other commands"
    )
    decided: list[str] = Field(description="which data decided what; empty: nothing was to be decided")
    sheet: SheetRecord | None = Field(description="what the data are, and what became of their rows")
    notes: list[str] = Field(description="what the user should know")
    warnings: list[str] = Field(description="what the user must know")
    provenance: dict[str, Any] = Field(description="configuration, versions, fingerprints, seed, times")


def result_json(result: Result) -> dict[str, Any]:
    """The result as values that JSON knows: NaN and infinity become null, paths and times become text.

    Returns:
        a dictionary after :class:`ResultFile`, checked
    """
    calibration = result.calibration
    importance = result.importance
    record = ResultFile(
        schema_version=1,
        name=text(result.name),
        task=result.task,
        target=text(result.target),
        labels=[text(label) for label in result.labels],
        measure=result.measure,
        scores=_scores(result.scores),
        interval=IntervalRecord(**plain(dataclasses.asdict(result.interval))),
        test_samples=len(result.predictions),
        per_class=_per_class(result.per_class),
        confusion=_confusion(result.confusion),
        groups=_groups(result.groups),
        calibration=None
        if calibration is None
        else CalibrationRecord(
            ece=plain(calibration.ece), brier=plain(calibration.brier), bins=rows(calibration.bins)
        ),
        importance=None
        if importance is None
        else [
            FeatureRecord(feature=text(name), importance=plain(value))
            for name, value in importance.iloc[:MOST_FEATURES].items()
        ],
        **repeats_fields(result),
        combined=_combined(result.combined),
        decided=[text(line) for line in result.decided],
        sheet=None if result.sheet is None else sheet_record(result.sheet),
        notes=[text(line) for line in result.notes],
        warnings=[text(line) for line in result.warnings],
        provenance=plain(result.provenance),
    )
    return record.model_dump(mode="json")


def _scores(scores: Mapping[str, Score]) -> Any:
    """The figures without their names, which are the keys."""
    found = {name: plain(dataclasses.asdict(score)) for name, score in scores.items()}
    return {
        name: {key: value for key, value in score.items() if key != "name"} for name, score in found.items()
    }


def _combined(combined: Combined | None) -> CombinedRecord | None:
    if combined is None:
        return None
    return CombinedRecord(
        how=combined.how,
        scores=_scores(combined.scores),
        interval=IntervalRecord(**plain(dataclasses.asdict(combined.interval))),
        confusion=_confusion(combined.confusion),
        answers=[AnswerRecord(**row) for row in rows(combined.answers)],
        left_out=[text(name) for name in combined.left_out],
        unknown=combined.unknown,
    )


def _groups(frame: pd.DataFrame | None) -> Any:
    """The groups, whose names may be numbers in the data."""
    found = rows(frame)
    return found and [{**row, "variable": str(row["variable"]), "group": str(row["group"])} for row in found]


def _per_class(frame: pd.DataFrame | None) -> Any:
    if frame is None:
        return None
    classes = rows(frame[["recall", "precision", "f1", "support"]])
    return {text(label): row for label, row in zip(frame.index, classes, strict=True)}


def _confusion(frame: pd.DataFrame | None) -> ConfusionRecord | None:
    if frame is None:
        return None
    return ConfusionRecord(
        labels=[text(label) for label in frame.index],
        predicted=[text(label) for label in frame.columns],
        counts=frame.to_numpy().astype(int).tolist(),
    )

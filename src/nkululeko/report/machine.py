"""The result for machines: ``result.json``, whose fields docs/result-json.md describes."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from nkululeko.report.text import missing

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.result import Result

#: features that are listed with their importance
MOST_FEATURES = 50


class _Record(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ScoreRecord(_Record):
    """A figure of merit with its interval."""

    label: str = Field(description="as it is shown, e.g. UAR")
    value: float | None = Field(description="on all test samples; null where it is undefined")
    low: float | None = Field(description="lower end of the interval; null where there is none")
    high: float | None = Field(description="upper end of the interval; null where there is none")
    higher_is_better: bool = Field(description="its direction")


class IntervalRecord(_Record):
    """How the intervals were made."""

    unit: str = Field(description="what was resampled: speakers or samples")
    groups: int = Field(description="how many of them")
    resamples: int = Field(description="how often")
    level: float = Field(description="confidence, e.g. 0.95")


class ClassRecord(_Record):
    """How one class was recognised."""

    recall: float | None = Field(description="share of the class that is recognised")
    precision: float | None = Field(description="share of the answers with this class that are right")
    f1: float | None = Field(description="harmonic mean of both")
    support: int = Field(description="test samples of this class")


class ConfusionRecord(_Record):
    """The confusion matrix."""

    labels: list[str] = Field(description="the true classes, in the order of the rows")
    predicted: list[str] = Field(description="the predicted classes, in the order of the columns")
    counts: list[list[int]] = Field(description="one row a true class, one column a predicted one")


class GroupRecord(_Record):
    """The headline measure in one group of speakers."""

    variable: str = Field(description="gender or age")
    group: str = Field(description="the group's name")
    n: int = Field(description="test samples")
    speakers: int | None = Field(description="their speakers; null where they are not known")
    value: float | None = Field(description="the headline measure in this group")
    low: float | None = Field(description="lower end of its interval")
    high: float | None = Field(description="upper end of its interval")


class BinRecord(_Record):
    """Test samples of like confidence."""

    confidence: float | None = Field(description="their mean confidence; null in an empty bin")
    accuracy: float | None = Field(description="share of them that is right; null in an empty bin")
    count: int = Field(description="how many")


class CalibrationRecord(_Record):
    """How far the probabilities can be believed."""

    ece: float | None = Field(description="expected calibration error, 0..1")
    brier: float | None = Field(description="Brier score, 0..2")
    bins: list[BinRecord] = Field(description="by rising confidence")


class FeatureRecord(_Record):
    """A feature and its importance."""

    feature: str = Field(description="its name")
    importance: float | None = Field(description="not negative, larger is more important")


class ResultFile(_Record):
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
    data: list[dict[str, Any]] | None = Field(description="rows and speakers of each database and split")
    dropped: list[dict[str, Any]] | None = Field(description="rows that could not be used, with the reason")
    notes: list[str] = Field(description="what the user should know")
    warnings: list[str] = Field(description="what the user must know")
    provenance: dict[str, Any] = Field(description="configuration, versions, fingerprints, seed, times")


def result_json(result: Result) -> dict[str, Any]:
    """The result as values that JSON knows: NaN and infinity become null, paths and times become text.

    Returns:
        a dictionary after :class:`ResultFile`, checked
    """
    scores = {name: _plain(dataclasses.asdict(score)) for name, score in result.scores.items()}
    for score in scores.values():
        del score["name"]
    calibration = result.calibration
    importance = result.importance
    record = ResultFile(
        schema_version=1,
        name=_text(result.name),
        task=result.task,
        target=_text(result.target),
        labels=[_text(label) for label in result.labels],
        measure=result.measure,
        scores=scores,
        interval=IntervalRecord(**_plain(dataclasses.asdict(result.interval))),
        test_samples=len(result.predictions),
        per_class=_per_class(result.per_class),
        confusion=_confusion(result.confusion),
        groups=_groups(result.groups),
        calibration=None
        if calibration is None
        else CalibrationRecord(
            ece=_plain(calibration.ece), brier=_plain(calibration.brier), bins=_rows(calibration.bins)
        ),
        importance=None
        if importance is None
        else [
            FeatureRecord(feature=_text(name), importance=_plain(value))
            for name, value in importance.iloc[:MOST_FEATURES].items()
        ],
        data=_rows(result.data),
        dropped=_rows(result.dropped),
        notes=[_text(line) for line in result.notes],
        warnings=[_text(line) for line in result.warnings],
        provenance=_plain(result.provenance),
    )
    return record.model_dump(mode="json")


def _rows(frame: pd.DataFrame | None) -> Any:
    """A data frame as a list of rows; its index is left out."""
    return None if frame is None else [_plain(row) for row in frame.to_dict("records")]


def _groups(frame: pd.DataFrame | None) -> Any:
    """The groups, whose names may be numbers in the data."""
    rows = _rows(frame)
    return rows and [{**row, "variable": str(row["variable"]), "group": str(row["group"])} for row in rows]


def _per_class(frame: pd.DataFrame | None) -> Any:
    if frame is None:
        return None
    rows = frame[["recall", "precision", "f1", "support"]].to_dict("records")
    return {_text(label): _plain(row) for label, row in zip(frame.index, rows, strict=True)}


def _confusion(frame: pd.DataFrame | None) -> ConfusionRecord | None:
    if frame is None:
        return None
    return ConfusionRecord(
        labels=[_text(label) for label in frame.index],
        predicted=[_text(label) for label in frame.columns],
        counts=frame.to_numpy().astype(int).tolist(),
    )


def _text(value: object) -> str:
    """Text that UTF-8 can hold: file names may hold bytes that are no text."""
    return str(value).encode("utf-8", "replace").decode("utf-8")


def _plain(value: Any) -> Any:
    """Any value as JSON knows it."""
    if isinstance(value, bool | int) or value is None:
        return value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {_text(key): _plain(part) for key, part in value.items()}
    if isinstance(value, BaseModel):
        return _plain(value.model_dump())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return _plain(dataclasses.asdict(value))
    if hasattr(value, "tolist"):  # numbers and arrays of numpy, columns of pandas
        return _plain(value.tolist())
    if isinstance(value, Sequence | set | frozenset):
        parts = sorted(value, key=str) if isinstance(value, set | frozenset) else value
        return [_plain(part) for part in parts]
    if missing(value):
        return None
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return _text(value)

"""Runs, folds, speakers and epochs for machines, whose fields docs/result-json.md describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from nkululeko.report.plain import Record, plain, rows
from nkululeko.report.repeats import at_shares, spread

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.result import Result


class SpeakerScoreRecord(Record):
    """How well one speaker was recognised."""

    database: str = Field(description="the speaker's database")
    speaker: str = Field(description="the speaker's name there")
    n: int = Field(description="test samples")
    value: float | None = Field(description="share of correct answers; for numbers the mean absolute error")


class FoldRecord(Record):
    """One fold of a cross-validation."""

    fold: str = Field(description="its name, as in the column fold of predictions.csv")
    n: int = Field(description="test samples")
    speakers: int | None = Field(description="their speakers; null where they are not known")
    value: float | None = Field(description="the headline measure on these; null where it is undefined")


class FoldsRecord(Record):
    """The folds of a cross-validation; the scores themselves are of all samples together."""

    mean: float | None = Field(description="mean of the headline measure over the folds")
    deviation: float | None = Field(description="its standard deviation over the folds (n - 1)")
    each: list[FoldRecord] = Field(description="the folds in order")


class RunRecord(Record):
    """One of several runs with different seeds."""

    run: int = Field(description="its number, from 1")
    seed: int = Field(description="its seed")
    watched: float | None = Field(description="the measure on the data that were watched; null: none were")
    value: float | None = Field(description="the headline measure on the test samples")
    chosen: bool = Field(description="whether it is the one that is kept, to which all other figures belong")


class RunsRecord(Record):
    """Several runs with different seeds."""

    mean: float | None = Field(description="mean of the headline measure over the runs")
    deviation: float | None = Field(description="its standard deviation over the runs (n - 1)")
    each: list[RunRecord] = Field(description="the runs in order")


class EpochRecord(Record):
    """One epoch of a training."""

    epoch: int = Field(description="its number, from 1")
    train_loss: float | None = Field(description="mean loss on the training samples")
    watched_loss: float | None = Field(description="mean loss on the watched samples; null: none were")
    watched: float | None = Field(description="the headline measure on the watched samples; null: none were")
    best: bool = Field(description="whether the model of this epoch was kept")
    fold: str | None = Field(description="the fold that was trained for; null: there is one test set")
    run: int | None = Field(description="the run; null: there is one only")


class CoverageRecord(Record):
    """What is left if only the surest answers count."""

    coverage: float = Field(description="share of the answers that is kept")
    risk: float = Field(description="share of these that is wrong")
    threshold: float = Field(description="the certainty from which on they are kept, 0..1")


class KeptRecord(Record):
    """What is left if answers less certain than a threshold are left out."""

    threshold: float = Field(description="answers of this certainty or more are kept, 0..1")
    kept: float | None = Field(description="share of the answers that is kept")
    samples: int = Field(description="how many these are")
    speakers: int | None = Field(description="their speakers; null where they are not known")
    value: float | None = Field(description="the headline measure on these; null where it is undefined")
    low: float | None = Field(description="lower end of its interval")
    high: float | None = Field(description="upper end of its interval")
    lost: str = Field(description="classes of which nothing is kept, joined by commas")


class AnswerRecord(Record):
    """The one answer of a speaker."""

    speaker: str = Field(description="who: database/speaker")
    n: int = Field(description="test samples")
    truth: str | float = Field(description="what all these samples are")
    prediction: str | float = Field(description="the one answer")


class ComparedRecord(Record):
    """One measure of one run."""

    run: int = Field(description="its number, from 1")
    measure: str = Field(description="name of the measure")
    value: float | None = Field(description="on the test samples")
    low: float | None = Field(description="lower end of its interval, over speakers")
    high: float | None = Field(description="upper end of its interval")


class TriedRecord(Record):
    """One candidate of ``nkululeko auto``."""

    features: str = Field(description="the feature set")
    scale: str = Field(description="the scaler")
    model: str = Field(description="the model with its settings")
    value: float | None = Field(
        description="the headline measure where the choice was made, flattered for the best; null: not tried"
    )
    weight: float = Field(description="how much it counts in the committee, 0..1; 0: it is no member")
    seconds: float = Field(description="how long its fits took together")
    note: str = Field(description="why it was not tried, or could not be fitted; else empty")


def repeats_fields(result: Result) -> dict[str, Any]:
    """The fields of :class:`nkululeko.report.machine.ResultFile` that are told here, by name."""
    return {
        "tried": None if result.tried is None else [TriedRecord(**row) for row in rows(result.tried)],
        "by_speaker": _named(rows(result.by_speaker), "database", "speaker"),
        "folds": _folds(result.folds),
        "runs": _runs(result.runs),
        "history": _history(result.history),
        "kept": None if result.kept is None else rows(result.kept)[0],
        "compared": None
        if result.compared is None
        else [
            ComparedRecord(
                run=number,
                measure=score.name,
                value=plain(score.value),
                low=plain(score.low),
                high=plain(score.high),
            )
            for number, score in enumerate(result.compared, 1)
        ],
        "uncertainty": None
        if result.uncertainty is None
        else rows(at_shares(result.uncertainty, [share / 100 for share in range(1, 101)])),
    }


def _named(found: Any, *names: str) -> Any:
    """Rows whose names may be numbers in the data."""
    return found and [{**row, **{name: str(row[name]) for name in names}} for row in found]


def _folds(frame: pd.DataFrame | None) -> FoldsRecord | None:
    if frame is None:
        return None
    mean, deviation = spread(frame["value"])
    each = [{**row, "speakers": row["speakers"] or None} for row in _named(rows(frame), "fold")]
    return FoldsRecord(mean=plain(mean), deviation=plain(deviation), each=[FoldRecord(**row) for row in each])


def _runs(frame: pd.DataFrame | None) -> RunsRecord | None:
    if frame is None:
        return None
    mean, deviation = spread(frame["value"])
    each = [RunRecord(**row) for row in rows(frame)]
    return RunsRecord(mean=plain(mean), deviation=plain(deviation), each=each)


def _history(frame: pd.DataFrame | None) -> Any:
    """The epochs; columns that others may have added are left out."""
    if frame is None:
        return None
    fields = list(EpochRecord.model_fields)
    found = rows(frame[[name for name in fields if name in frame]])
    return [{**dict.fromkeys(fields), **row} for row in found]

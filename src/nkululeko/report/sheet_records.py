"""The data sheet for machines, whose fields docs/result-json.md describes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from nkululeko.report.plain import Record, rows, text

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.sheet import Sheet


class _OfDatabase(Record):
    database: str = Field(description="name of the database")


class _OfPart(_OfDatabase):
    split: str = Field(description="train, dev or test")


class PartRecord(_OfPart):
    """One split of one database."""

    samples: int = Field(description="how many samples it has")
    files: int = Field(description="in how many files")
    speakers: int | None = Field(description="of how many speakers; null where they are not known")
    hours: float = Field(description="length of all samples in hours")
    shortest: float | None = Field(description="length of the shortest sample in s")
    mean: float | None = Field(description="mean length of the samples in s")
    longest: float | None = Field(description="length of the longest sample in s")


class SpeakerRecord(_OfPart):
    """Who is in which split."""

    speaker: str = Field(description="database/speaker, or the speaker alone where databases share them")
    samples: int = Field(description="samples of this speaker in this part")


class ValueRecord(_OfPart):
    """How often one value of a variable occurs."""

    variable: str = Field(description="the target, gender, or a variable of a balanced split")
    value: str = Field(description="a class or category")
    samples: int = Field(description="samples that have it")
    speakers: int | None = Field(description="their speakers; null where they are not known")


class NumberRecord(_OfPart):
    """A variable that is a number, in short."""

    variable: str = Field(description="the target or age")
    samples: int = Field(description="samples that have it")
    mean: float | None = Field(description="its mean")
    deviation: float | None = Field(description="its standard deviation; null for one sample")
    least: float | None = Field(description="smallest value")
    quartile_1: float | None = Field(description="a quarter of the samples is not above it")
    median: float | None = Field(description="half of the samples is not above it")
    quartile_3: float | None = Field(description="three quarters of the samples are not above it")
    most: float | None = Field(description="largest value")


class HistogramRecord(_OfPart):
    """A bin of the histogram of a variable that is a number."""

    variable: str = Field(description="the target or age")
    low: float = Field(description="lower border, which the bin holds")
    high: float = Field(description="upper border, which only the last bin holds")
    samples: int = Field(description="samples in between")


class AudioRecord(_OfPart):
    """Files of one format."""

    sampling_rate: int = Field(description="in Hz")
    channels: int = Field(description="how many")
    files: int = Field(description="files of this format")


class MissingRecord(_OfDatabase):
    """A column with missing values."""

    column: str = Field(description="its name")
    missing: int = Field(description="samples without a value")
    samples: int = Field(description="samples of the database")


class StepRecord(_OfDatabase):
    """What became of the rows in one step."""

    step: str = Field(description="loaded, or the step in which rows fell out")
    reason: str = Field(description="why they fell out")
    dropped: int = Field(description="how many fell out")
    left: int = Field(description="how many are left")
    examples: list[str] = Field(description="up to five of their files")


class SharedSpeakerRecord(Record):
    """A speaker, or the name of one, in more than one part."""

    speaker: str = Field(description="database/speaker, or the name alone")
    parts: str = Field(description="database and split of each part, joined by commas")
    samples: int = Field(description="samples in all of them")
    between: str = Field(description="splits, or databases: only the name is the same")


class CopyRecord(Record):
    """Files with the same audio."""

    files: str = Field(description="their paths, joined by semicolons")
    count: int = Field(description="how many files")
    parts: str = Field(description="database and split of each part, joined by commas")
    labels: str = Field(description="their different labels, joined by commas")
    across: str = Field(description="what they are found in several of: splits, databases, both, or empty")


class BalanceRecord(_OfPart):
    """How near a balanced split comes to the whole."""

    variable: str = Field(description="what is balanced")
    weight: float = Field(description="its weight")
    divergence: float | None = Field(description="Jensen-Shannon divergence from the whole database, 0..1")


class SheetRecord(Record):
    """The data sheet: what the data are, and what became of their rows."""

    target: str = Field(description="the predicted column")
    labels: list[str] = Field(description="the classes in order; empty for numbers")
    parts: list[PartRecord] = Field(description="each split of each database")
    speakers: list[SpeakerRecord] = Field(description="who is in which split; empty where they are not known")
    values: list[ValueRecord] = Field(description="distributions of the target, of gender")
    numbers: list[NumberRecord] = Field(description="the target or age, where they are numbers")
    histogram: list[HistogramRecord] = Field(description="their histograms, on common borders")
    audio: list[AudioRecord] = Field(description="sampling rates and channels")
    missing: list[MissingRecord] = Field(description="columns with missing values")
    chain: list[StepRecord] = Field(
        description="from the rows that were loaded to those that are left, step by step"
    )
    shared_speakers: list[SharedSpeakerRecord] = Field(description="speakers in more than one part")
    copies: list[CopyRecord] = Field(description="the same audio in more than one file")
    balance: list[BalanceRecord] = Field(description="of balanced splits")


#: the tables of a sheet and what a row of each is
TABLES: dict[str, type[Record]] = {
    "parts": PartRecord,
    "speakers": SpeakerRecord,
    "values": ValueRecord,
    "numbers": NumberRecord,
    "histogram": HistogramRecord,
    "audio": AudioRecord,
    "missing": MissingRecord,
    "chain": StepRecord,
    "shared_speakers": SharedSpeakerRecord,
    "copies": CopyRecord,
    "balance": BalanceRecord,
}


def sheet_record(sheet: Sheet) -> SheetRecord:
    """The data sheet as a record that JSON knows, checked; all rows of all tables, nothing rounded."""
    tables: dict[str, Any] = {name: _rows(getattr(sheet, name), kind) for name, kind in TABLES.items()}
    return SheetRecord(target=text(sheet.target), labels=[text(label) for label in sheet.labels], **tables)


def _rows(frame: pd.DataFrame, kind: type[Record]) -> list[Record]:
    """The rows of a table, only the columns that are described; names in it may be numbers in the data."""
    names = [name for name, field in kind.model_fields.items() if field.annotation is str]
    table = frame[list(kind.model_fields)]
    return [kind(**{**row, **{name: text(row[name]) for name in names}}) for row in rows(table)]

"""``[DATA]``: the databases, their splits and the target."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from pydantic import field_validator

from nkululeko.config.declare import option, resolved
from nkululeko.config.schema._shared import Limits, each_once
from nkululeko.core.plugin import Options


class DatabaseConfig(Limits):
    """One database: its options are written ``NAME.option``, its path ``NAME``."""

    ini_section = "DATA: NAME"
    ini_families = ("databases", "splits")

    #: the name in the INI file
    name: str = resolved("")
    #: absolute; for an audb database its name
    path: str = option("", "audformat folder or CSV file; for audb the database's name", ini="")
    #: the options of its type and of its split strategy
    type_options: Options = resolved(Options())
    split_options: Options = resolved(Options())

    type: str = option("audformat", "what it is", names="databases")
    colnames: dict[str, str] = option({}, "rename columns: {old: new}")
    label: str | None = option(None, "the target's column in this database")
    mapping: dict[str, str | dict[str, str]] = option(
        {}, "rename labels: {old: new}, or {column: {old: new}}; samples with labels outside it are dropped"
    )
    split_strategy: str = option("speaker_split", "how train and test are told apart", names="splits")
    test_size: float = option(
        20.0,
        "percent of speakers (or samples) in the test set",
        also=("testsplit",),
        needs="splits: speaker_split random balanced",
        gt=0,
        lt=100,
    )
    dev_size: float | None = option(
        None,
        "percent of speakers (or samples) in the dev set; not given: 20 if EXP.traindevtest, else there is none",
        gt=0,
        lt=100,
    )
    scale: bool = option(False, "z-transform the target within this database")
    reverse: bool = option(False, "turn the target's polarity: abs(x - max)")
    reverse_max: float | None = option(
        None, "the scale's maximum; not given: the largest value seen", ini="reverse.max"
    )
    rename_speakers: bool = option(False, "prefix speakers with the database's name")
    shared_speakers: bool | None = option(
        None, "its speakers may be those of other databases too; not given: as in [DATA]"
    )
    as_train: bool = option(False, "use only its training set")
    as_test: bool = option(False, "use only its test set")
    weights: str | None = option(
        None, "column that says how much each training sample counts, e.g. confidence of predicted labels"
    )
    value_counts: bool = option(False, "plot its label distribution")


class Data(Limits):
    """The databases, their splits and the target."""

    ini_section = "DATA"

    #: in the order of the file
    databases: tuple[DatabaseConfig, ...] = resolved(())

    database_names: tuple[str, ...] = option((), "the databases of the experiment", ini="databases")
    root_folders: str | None = option(
        None, "file with the databases' paths and options; [DATA] goes before it"
    )
    strategy: Literal["train_test", "cross_data"] = option(
        "train_test", "split each database, or (cross_data) use each as a whole"
    )
    trains: tuple[str, ...] = option((), "cross_data: databases for training")
    tests: tuple[str, ...] = option((), "cross_data: databases for test")
    target: str = option("", "the column to predict")
    labels: tuple[str, ...] = option((), "the classes and their order; not given: those found, sorted")
    type: Literal["continuous"] | None = option(None, "continuous: the target is a number to be binned")
    bins: tuple[float, ...] | None = option(
        None, "borders of the bins, one more than labels; not given: as many samples in each bin"
    )
    target_divide_by: float | None = option(None, "divide the target by this number")
    shared_speakers: bool = option(False, "equal names of speakers mean the same person in all databases")
    leave_out_tested: bool = option(
        False, "do not learn from what is tested: audio of the test set, its speakers in other databases"
    )
    no_reuse: bool = option(False, "compute anew instead of reusing")

    @field_validator("labels", "database_names", "trains", "tests")
    @classmethod
    def _unique(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return each_once(names)

    @field_validator("bins")
    @classmethod
    def _ascending(cls, bins: tuple[float, ...] | None) -> tuple[float, ...] | None:
        if bins is not None and len(bins) < 2:
            raise ValueError("expected at least two borders")
        if bins is not None and any(upper <= lower for lower, upper in pairwise(bins)):
            raise ValueError("expected ascending numbers")
        return bins

    @field_validator("target_divide_by")
    @classmethod
    def _not_zero(cls, number: float | None) -> float | None:
        if number == 0:
            raise ValueError("expected a number other than 0")
        return number

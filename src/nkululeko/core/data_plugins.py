"""What plug-ins of the data are: databases, filters, split strategies."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nkululeko.core.plugin import Plugin

if TYPE_CHECKING:  # numpy and pandas are heavy: only for the type checker
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class Loaded:
    """A database in memory.

    Args:
        samples: one row a sample on the segmented index (file, start, end), files absolute;
            columns as the data bring them (speaker, gender, age, target ...)
        tables: the data's own named subsets, e.g. tables of an audformat database: name to index
        splits: the data's own splits (``train``, ``dev``, ``test``), where they bring any: name to index
        notes: what was done on the way that the user should know, a line each
    """

    samples: pd.DataFrame
    tables: Mapping[str, pd.MultiIndex] = field(default_factory=dict)
    splits: Mapping[str, pd.MultiIndex] = field(default_factory=dict)
    notes: Sequence[str] = ()


@dataclass(frozen=True)
class Request:
    """Which database to load.

    Args:
        name: the database's name in the INI file, for messages
        path: where it is (a path as resolved from the INI file; for ``audb`` a name)
        target: the column that will be predicted, under the data's own name
        colnames: the data's own column names to ours
        folders: where relative file names may start: the folder of the call, that of the INI file
        cache: a folder for audio that the data hold in another form than files; kept, shared by all experiments
    """

    name: str
    path: str
    target: str
    colnames: Mapping[str, str] = field(default_factory=dict)
    folders: Sequence[Path] = ()
    cache: Path | None = None


class Database(Plugin):
    """Loads one database: ``NAME.type`` in the INI file."""

    @abstractmethod
    def load(self, request: Request) -> Loaded:
        """The database; columns under our names.

        Raises:
            NkululekoError: something is missing; says what, where, what to do
        """


@dataclass(frozen=True)
class SplitContext:
    """What a split strategy is told beside its own options.

    Args:
        name: the database's name, for messages
        seed: of everything random
        target: the column to predict; text for classes (bins included), else numbers
        test_size: wanted share of the test set in percent
        dev_size: wanted share of the dev set in percent; None: no dev set is wanted
        previous: the split of the last run in the experiment's folder, None if there is none:
            columns ``database``, ``split`` on the segmented index
    """

    name: str
    seed: int = 42
    target: str = ""
    test_size: float = 20.0
    dev_size: float | None = None
    previous: pd.DataFrame | None = None


@dataclass(frozen=True)
class FilterContext:
    """What a filter is told beside its value.

    Args:
        name: what it works on, for messages: a database, or ``DATA`` for all of them
        seed: of everything random
        speakers: who speaks, a row a sample; missing where unknown
        measure: gives the columns of a feature set (by its name) for an index: extracted once, then remembered
    """

    name: str
    seed: int
    speakers: pd.Series
    measure: Callable[[str, pd.MultiIndex], pd.DataFrame]


class Filter(Plugin):
    """Leaves samples out; named after its option in [DATA] or of a database: ``limit_samples = 100``."""

    #: what it looks at, which says when its turn comes: ``columns`` of the data, then ``audio``, then the ``count``
    looks_at: ClassVar[Literal["columns", "audio", "count"]] = "columns"

    @abstractmethod
    def keep(self, samples: pd.DataFrame, value: Any, context: FilterContext) -> tuple[np.ndarray, str]:
        """Which samples stay.

        Args:
            samples: on the segmented index, ends known (but for ``columns``)
            value: of the option, as given
            context: the rest

        Returns:
            shape ``(samples,)``, True for those that stay; and why the others go, as words of the user

        Raises:
            NkululekoError: the value does not fit the data, e.g. there is no such column
        """


class Split(Plugin):
    """Assigns each sample to ``train``, ``dev`` or ``test``: ``NAME.split_strategy`` in the INI file."""

    @abstractmethod
    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """A series of ``train``, ``dev``, ``test`` or missing (unused), as many rows as there are samples.

        Raises:
            NkululekoError: the data lack what the strategy needs
        """

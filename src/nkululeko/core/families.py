"""The families of plug-ins: one small abstract class each, and the registry that finds its files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nkululeko.core.plugin import Family, Plugin

if TYPE_CHECKING:  # numpy, pandas and matplotlib are heavy: only for the type checker
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

    from nkululeko.core.result import Result

Task = Literal["classification", "regression"]
#: extracts a feature set for an index of segments: the engine and the store behind a plain function
Extraction = Callable[["FeatureSet", "pd.MultiIndex"], "pd.DataFrame"]


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
    """

    name: str
    path: str
    target: str
    colnames: Mapping[str, str] = field(default_factory=dict)
    folders: Sequence[Path] = ()


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
        test_size: wanted share of the test set in percent
        previous: the split of the last run in the experiment's folder, None if there is none:
            columns ``database``, ``split`` on the segmented index
    """

    name: str
    seed: int = 42
    test_size: float = 20.0
    previous: pd.DataFrame | None = None


class Split(Plugin):
    """Assigns each sample to ``train``, ``dev`` or ``test``: ``NAME.split_strategy`` in the INI file."""

    @abstractmethod
    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """A series of ``train``, ``dev``, ``test`` or missing (unused), as many rows as there are samples.

        Raises:
            NkululekoError: the data lack what the strategy needs
        """


class FeatureSet(Plugin):
    """Turns a segment of audio into a vector: ``FEATS.type`` in the INI file."""

    #: the rate in Hz that the extractor needs; None: it takes any
    sampling_rate: ClassVar[int | None] = None
    #: ``threads`` where the library releases the interpreter lock, else ``processes``
    workers: ClassVar[Literal["threads", "processes"]] = "processes"

    @abstractmethod
    def names(self) -> list[str]:
        """The names of the columns, in order."""

    @abstractmethod
    def version(self) -> str:
        """Changes whenever the values may: a revision of this code and the versions of its libraries."""

    @abstractmethod
    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """The feature vector of one segment.

        Args:
            signal: mono, float32 in -1..1, shape ``(samples,)``
            sampling_rate: in Hz; that of the plug-in where it has one

        Returns:
            shape ``(features,)``; NaN where a value is undefined (e.g. pitch of whispered speech)

        Raises:
            NkululekoError: the segment cannot be used, e.g. is too short
        """

    def fetch(self, index: pd.MultiIndex, extraction: Extraction) -> pd.DataFrame:
        """The features of many segments; plug-ins that do not start from audio override this."""
        return extraction(self, index)


@dataclass(frozen=True)
class ModelContext:
    """What every model is told beside its own options.

    Args:
        task: ``classification`` or ``regression``
        seed: the seed of everything random
        jobs: threads that the model may use
        class_weight: weight classes by inverse frequency
    """

    task: Task = "classification"
    seed: int = 42
    jobs: int = 1
    class_weight: bool = False


class Model(Plugin):
    """A classifier or a regressor: ``MODEL.type`` in the INI file."""

    #: what it can learn
    tasks: ClassVar[tuple[Task, ...]] = ("classification",)
    #: name of the plug-in for the other task, where it has one
    partner: ClassVar[str] = ""
    #: ``scale = auto`` standardises the features for it
    needs_scaling: ClassVar[bool] = True
    #: it takes missing values as they are
    accepts_missing: ClassVar[bool] = False
    #: the module that takes long to import, and packages that it would import just in case, see
    #: :func:`nkululeko.core.quick.importing`
    library: ClassVar[str] = "sklearn.base"
    unneeded: ClassVar[tuple[str, ...]] = ("pandas",)
    #: what :meth:`scores` returns are probabilities
    probabilistic: ClassVar[bool] = False

    def __init__(self, options: Any = None, context: ModelContext | None = None) -> None:
        super().__init__(options)
        self.context = context or ModelContext()

    @abstractmethod
    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Learn from features of shape ``(samples, features)`` and as many labels (str) or numbers."""

    @abstractmethod
    def predict(self, features: np.ndarray) -> np.ndarray:
        """The predicted label or number of each row, shape ``(samples,)``."""

    @property
    @abstractmethod
    def classes(self) -> list[str]:
        """The labels in the order of the columns of :meth:`scores`; empty for regression."""

    def scores(self, features: np.ndarray) -> np.ndarray | None:
        """A number for each row and class, higher is likelier, ``(samples, classes)``; None: has none."""
        return None

    def importance(self) -> np.ndarray | None:
        """A non-negative number for each feature, shape ``(features,)``; None: the model has none."""
        return None

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the fitted model into a folder, without pickle."""

    @abstractmethod
    def restore(self, folder: Path) -> None:
        """Read what :meth:`save` wrote; never executes anything from the files."""


class Scaler(Plugin):
    """Scales features, fitted on the training part only: ``FEATS.scale`` in the INI file."""

    @abstractmethod
    def fit(self, features: np.ndarray, groups: np.ndarray | None = None) -> None:
        """Learn from features of shape ``(samples, features)``; groups: the speaker of each row."""

    @abstractmethod
    def transform(self, features: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        """The scaled features, same shape."""

    @abstractmethod
    def state(self) -> dict[str, np.ndarray]:
        """What was learned, as plain arrays, to be saved without pickle."""

    @abstractmethod
    def restore(self, state: Mapping[str, np.ndarray]) -> None:
        """Take over what :meth:`state` gave."""


@dataclass(frozen=True)
class Scored:
    """Truth and prediction of a test set, as metrics see them.

    Args:
        truth: labels (str) or numbers, shape ``(samples,)``
        prediction: likewise
        labels: the classes, in order; empty for regression
        scores: a number for each sample and class (columns as ``labels``), higher is likelier, or None
    """

    truth: np.ndarray
    prediction: np.ndarray
    labels: Sequence[str] = ()
    scores: np.ndarray | None = None


class Metric(Plugin):
    """One figure of merit: ``MODEL.measure`` in the INI file.

    A metric is a function of additive statistics: each sample gives a row, the rows are summed, and
    the value follows from the sums. So a bootstrap over speakers costs one matrix product.
    """

    tasks: ClassVar[tuple[Task, ...]] = ("classification",)
    higher_is_better: ClassVar[bool] = True
    #: as it stands in tables and plots
    label: ClassVar[str] = ""
    #: it is computed from scores, which not every model gives
    needs_scores: ClassVar[bool] = False

    @abstractmethod
    def value(self, scored: Scored) -> float:
        """The figure for all samples; NaN where it is undefined."""

    @abstractmethod
    def resampled(self, scored: Scored, groups: np.ndarray, counts: np.ndarray) -> np.ndarray:
        """The figure of each of many resamples of groups (speakers).

        Args:
            scored: truth and prediction, ``n`` samples
            groups: the group of each sample as an integer 0..k-1, shape ``(n,)``
            counts: how often each resample draws each group, shape ``(resamples, k)``

        Returns:
            shape ``(resamples,)``
        """


class Plot(Plugin):
    """Draws one figure from a result; nothing is written here."""

    #: the tasks it makes sense for
    tasks: ClassVar[tuple[Task, ...]] = ("classification", "regression")
    #: ``always``, or the option of [PLOT] that asks for it
    when: ClassVar[str] = "always"

    @abstractmethod
    def applies(self, result: Result) -> bool:
        """Whether the result has what the plot shows, e.g. probabilities."""

    @abstractmethod
    def draw(self, result: Result) -> Figure:
        """The figure, made without pyplot (no global state, safe in any thread)."""


databases: Family[Database] = Family("nkululeko.data.databases", Database, "database type")
splits: Family[Split] = Family("nkululeko.data.splits", Split, "split strategy")
features: Family[FeatureSet] = Family("nkululeko.features", FeatureSet, "feature set")
models: Family[Model] = Family("nkululeko.learning.models", Model, "model")
scalers: Family[Scaler] = Family("nkululeko.learning.scalers", Scaler, "scaler")
metrics: Family[Metric] = Family("nkululeko.evaluation.metrics", Metric, "measure")
plots: Family[Plot] = Family("nkululeko.plots", Plot, "plot")

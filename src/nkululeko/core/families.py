"""The families of plug-ins: one small abstract class each, and the registry that finds its files."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nkululeko.core.audio_plugins import Augmenter, Lengths, Segmenter
from nkululeko.core.data_plugins import (
    Database,
    Filter,
    FilterContext,
    Loaded,
    Request,
    Split,
    SplitContext,
)
from nkululeko.core.errors import NkululekoError
from nkululeko.core.learning_plugins import Balancer, Loss, Model, ModelContext, Recordings, Scaler, Task
from nkululeko.core.plugin import Family, Plugin

if TYPE_CHECKING:  # numpy, pandas and matplotlib are heavy: only for the type checker
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

    from nkululeko.core.exploration import Exploration
    from nkululeko.core.result import Result

__all__ = [
    "Augmenter",
    "Balancer",
    "BatchFeatureSet",
    "Database",
    "Extraction",
    "FeatureSet",
    "Filter",
    "FilterContext",
    "Lengths",
    "Loaded",
    "Loss",
    "Metric",
    "Model",
    "ModelContext",
    "Plot",
    "Predictor",
    "Recordings",
    "Request",
    "Scaler",
    "Scored",
    "Segmenter",
    "Split",
    "SplitContext",
    "Task",
    "TextFeatureSet",
    "View",
]

#: extracts a feature set for an index of segments: the engine and the store behind a plain function
Extraction = Callable[["FeatureSet", "pd.MultiIndex"], "pd.DataFrame"]


class FeatureSet(Plugin):
    """Turns a segment of audio into a vector: ``FEATS.type`` in the INI file."""

    #: the rate in Hz that the extractor needs; None: it takes any
    sampling_rate: ClassVar[int | None] = None
    #: ``threads`` where the library releases the interpreter lock, else ``processes``
    workers: ClassVar[Literal["threads", "processes"]] = "processes"

    @abstractmethod
    def names(self) -> list[str]:
        """The names of the columns, in order."""

    def shape(self) -> tuple[int, int] | None:
        """Frames and columns, where a row is a sequence (flattened frame by frame, NaN beyond its end); else None."""
        return None

    def check_ready(self) -> None:
        """Stop, before any data are loaded, where a package or a file is missing that the extractor needs.

        Raises:
            NkululekoError: says what, and how to get it
        """
        self.version()

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

    def identity(self) -> dict[str, Any]:
        """The options that values depend on: the feature store tells tables apart by them and by :meth:`version`."""
        return self.options.model_dump(mode="json")


class BatchFeatureSet(FeatureSet):
    """A feature set that is much quicker with many segments at once, such as a large network.

    Files are read and prepared in threads, while what is ready goes through :meth:`extract_batch` in the main thread.
    """

    #: how much audio of neighbouring segments is handed over at once, in s
    batch_seconds: ClassVar[float] = 240.0
    #: the same in segments
    batch_segments: ClassVar[int] = 64

    @abstractmethod
    def prepare(self, signal: np.ndarray, sampling_rate: int) -> Any:
        """What :meth:`extract_batch` needs of one segment; called in several threads.

        Args:
            signal: mono, float32 in -1..1, shape ``(samples,)``
            sampling_rate: in Hz; that of the plug-in where it has one

        Raises:
            NkululekoError: the segment cannot be used, e.g. is too short
        """

    @abstractmethod
    def extract_batch(self, prepared: Sequence[Any]) -> np.ndarray:
        """The feature vectors of some segments; each is the same in whatever company it comes.

        Returns:
            shape ``(segments, features)``

        Raises:
            NkululekoError: nothing can be extracted here, e.g. for want of memory: the run ends
        """

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """A batch of one; see :class:`FeatureSet`."""
        return self.extract_batch([self.prepare(signal, sampling_rate)])[0]


class TextFeatureSet(FeatureSet):
    """A feature set of what is said, not of the sound: it reads a column of the samples.

    The store keeps vectors by the text itself, so that a changed text never meets an old row.
    """

    @abstractmethod
    def column(self, present: Sequence[str]) -> str:
        """Which of the samples' columns holds the text.

        Raises:
            NkululekoError: none does
        """

    @abstractmethod
    def extract_texts(self, texts: Sequence[str]) -> np.ndarray:
        """The feature vectors of some texts; each is the same in whatever company it comes.

        Args:
            texts: none of them is empty

        Returns:
            shape ``(texts, features)``
        """

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """Not from audio."""
        raise NkululekoError(f"the feature set '{self.plugin_name()}' starts from text, not from audio")


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


class View(Plugin):
    """Draws figures of an exploration; nothing is written here."""

    @abstractmethod
    def draw(self, exploration: Exploration) -> Iterator[tuple[str, Figure]]:
        """Name (stem of the file) and figure of each picture, made without pyplot; none where nothing is to show."""


class Predictor(Plugin):
    """Says something of segments that nobody labelled: ``PREDICT.targets`` in the INI file.

    It starts from a feature set, which is extracted through the feature store: what was heard once is not heard again,
    and a prediction that was interrupted goes on where it was.
    """

    #: the name of the feature set that it starts from, see :meth:`feature_set`
    feature_set_name: ClassVar[str] = ""

    def feature_set(self, options: Mapping[str, Any]) -> FeatureSet:
        """What it starts from.

        Args:
            options: of the feature set, as the user gave them: ``model`` where the file has ``TARGET.model``

        Raises:
            NkululekoError: there is no such feature set here, or it has no such option
        """
        kind = features.load(self.feature_set_name)
        unknown = [name for name in options if name not in kind.Options.model_fields]
        if unknown:
            raise NkululekoError(
                f"target '{self.plugin_name()}' has no option '{unknown[0]}'", "PREDICT", "remove it"
            )
        try:
            return kind(kind.Options(**options))
        except ValueError as problem:
            reason = str(problem).splitlines()[-2].strip() if "\n" in str(problem) else str(problem)
            raise NkululekoError(reason, f"PREDICT.{self.plugin_name()}") from None

    @abstractmethod
    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """What the features say.

        Args:
            features: a row a segment, columns as the feature set names them

        Returns:
            the same rows; ``pred`` becomes the column ``TARGET_pred``, others, e.g. ``p_female``, ``TARGET_p_female``
        """


databases: Family[Database] = Family("nkululeko.data.databases", Database, "database type")
filters: Family[Filter] = Family("nkululeko.data.filters", Filter, "filter")
splits: Family[Split] = Family("nkululeko.data.splits", Split, "split strategy")
features: Family[FeatureSet] = Family("nkululeko.features", FeatureSet, "feature set")
models: Family[Model] = Family("nkululeko.learning.models", Model, "model")
scalers: Family[Scaler] = Family("nkululeko.learning.scalers", Scaler, "scaler")
balancers: Family[Balancer] = Family("nkululeko.learning.balancers", Balancer, "balancing method")
losses: Family[Loss] = Family("nkululeko.learning.losses", Loss, "loss")
predictors: Family[Predictor] = Family("nkululeko.predictors", Predictor, "target of predict")
metrics: Family[Metric] = Family("nkululeko.evaluation.metrics", Metric, "measure")
plots: Family[Plot] = Family("nkululeko.plots", Plot, "plot")
views: Family[View] = Family("nkululeko.plots.views", View, "view")
segmenters: Family[Segmenter] = Family("nkululeko.audio.segmenters", Segmenter, "segmenter")
augmenters: Family[Augmenter] = Family("nkululeko.audio.augmenters", Augmenter, "augmentation")

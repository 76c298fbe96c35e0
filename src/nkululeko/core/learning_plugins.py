"""What plug-ins of learning are: models, scalers, balancing methods, losses."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from nkululeko.core.plugin import Plugin

if TYPE_CHECKING:  # numpy and pandas are heavy: only for the type checker
    import numpy as np
    import pandas as pd

Task = Literal["classification", "regression"]
#: below the folder that a model is given: what it needs to go on after an interruption; TensorBoard's logs
WAITING, LOGS = "training", "tensorboard"


@dataclass(frozen=True)
class Recordings:
    """The files that rows of segments speak of, see ``Model.takes_recordings``.

    Args:
        files: paths
        contents: what stands for the content of each
    """

    files: tuple[str, ...] = ()
    contents: tuple[str, ...] = ()


@dataclass(frozen=True)
class ModelContext:
    """What every model is told beside its own options.

    Args:
        task: ``classification`` or ``regression``
        seed: the seed of everything random
        jobs: threads that the model may use
        class_weight: weight classes by inverse frequency
        measure: name of the metric that chooses the epoch; empty: that of the task
        epochs: of neural nets; None: the model's own default
        loss: name of a loss; empty: the model's own default
        device: ``auto``, ``cpu``, ``cuda``, ``cuda:3``
        shape: frames and columns of each row, for models that take sequences; None: rows are vectors
        recordings: the files, for models that start from sound
        folder: where a model may keep its logs, and what it needs to go on after an interruption; empty: nowhere
    """

    task: Task = "classification"
    seed: int = 42
    jobs: int = 1
    class_weight: bool = False
    measure: str = ""
    epochs: int | None = None
    loss: str = ""
    device: str = "auto"
    shape: tuple[int, int] | None = None
    recordings: Recordings = Recordings()
    folder: str = ""


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
    #: it learns in epochs, and chooses the best on data that it does not learn from, see :meth:`watch`
    watches: ClassVar[bool] = False
    #: its rows are sequences, ``context.shape`` flattened, NaN beyond their end
    takes_sequences: ClassVar[bool] = False
    #: it starts from sound: its rows are segments: place of the file in ``context.recordings``, start and end in s
    takes_recordings: ClassVar[bool] = False

    def __init__(self, options: Any = None, context: ModelContext | None = None) -> None:
        super().__init__(options)
        self.context = context or ModelContext()

    @classmethod
    def check_installed(cls) -> None:
        """Stop, before any data are loaded, where a package is missing that the model needs.

        Raises:
            NkululekoError: names the extra to install
        """

    def shortest(self) -> float:
        """How long a segment must be, in s; for models that start from sound.

        Raises:
            NkululekoError: what it starts from, e.g. a pretrained network, cannot be used
        """
        return 0.0

    def remembered(self) -> dict[str, Any]:
        """Its options, as they are saved with it: none that says where something lies on this computer."""
        return self.options.model_dump()

    def listen_to(self, recordings: Recordings) -> None:
        """The files that the rows are about from now on."""
        self.context = replace(self.context, recordings=recordings)

    @abstractmethod
    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Learn from features of shape ``(samples, features)`` and as many labels (str) or numbers."""

    def watch(self, features: np.ndarray, target: np.ndarray) -> None:
        """Data to choose the epoch on, given before :meth:`fit`; never those of the test set."""

    def history(self) -> pd.DataFrame | None:
        """A row an epoch: ``epoch`` (from 1), ``train_loss``, ``watched_loss``, ``watched`` (the measure), ``best``.

        None for models that do not learn in epochs; ``best`` is True for the one that was kept.
        """
        return None

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

    def attribution(self, features: np.ndarray) -> np.ndarray | None:
        """The mean size of each feature's SHAP values over these rows, ``(features,)``; None: the model has none."""
        return None

    @abstractmethod
    def save(self, folder: Path) -> None:
        """Write the fitted model into a folder, without pickle."""

    @abstractmethod
    def restore(self, folder: Path) -> None:
        """Read what :meth:`save` wrote; never executes anything from the files."""


class Balancer(Plugin):
    """Balances the classes of the training part: ``FEATS.balancing`` in the INI file."""

    #: it repeats or leaves out rows, and makes none up
    draws: ClassVar[bool] = False

    @abstractmethod
    def resample(self, features: np.ndarray, target: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Other rows, of all classes about as many.

        Args:
            features: complete numbers, shape ``(samples, features)``
            target: labels (str)
            seed: of everything random

        Raises:
            NkululekoError: a class is too small for the method
        """


class Loss(Plugin):
    """What a neural net makes small: ``MODEL.loss`` in the INI file."""

    tasks: ClassVar[tuple[Task, ...]] = ("classification",)

    @abstractmethod
    def build(self, weights: Any = None, label_smoothing: float = 0.0) -> Callable[[Any, Any], Any]:
        """A function of two tensors, differentiable, that gives a number.

        Args:
            weights: a tensor with a weight for each class, or None
            label_smoothing: 0..1, where the loss has it

        Returns:
            for classes: of logits ``(batch, classes)`` and class indices ``(batch,)``; for numbers: of two ``(batch,)``
        """


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

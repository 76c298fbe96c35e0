"""From features to predictions: imputation, then scaler, then model, all fitted on the training part only.

:func:`learn` is the whole way as one plain function, so that it can run in another process.
"""

from __future__ import annotations

import importlib
import logging
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import ModelContext, models, scalers
from nkululeko.core.quick import importing
from nkululeko.learning._persist import bad_file, load_arrays, load_json, save_arrays, save_json
from nkululeko.learning._threads import wait_patiently
from nkululeko.learning.imputation import Imputer, as_strategy, complete_rows, fit_imputer

logger = logging.getLogger("nkululeko")

#: changes when older folders can no longer be read
FORMAT = 1


@dataclass(frozen=True)
class Recipe:
    """What to learn with, as plain values.

    Args:
        model: name of the model, e.g. ``"svm"``
        options: the model's own INI options, e.g. ``{"C_val": 10.0}``; those not given have their defaults
        context: task, seed, jobs, class_weight
        scaler: name of the scaler; ``auto``: ``standard`` for models that need it, else ``none``
        nan_strategy: what becomes of missing values, see :mod:`nkululeko.learning.imputation`
        labels: the experiment's classes in their order; empty: those of the training part, or regression
    """

    model: str
    options: Mapping[str, Any] = field(default_factory=dict)
    context: ModelContext = field(default_factory=ModelContext)
    scaler: str = "auto"
    nan_strategy: str = "none"
    labels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Learned:
    """What came of a recipe.

    Args:
        prediction: label (str) or number of each test row, shape ``(samples,)``
        scores: a number for each test row and class, columns as ``classes``, or None
        probabilistic: whether ``scores`` are probabilities
        classes: the labels that the model knows; empty for regression
        importance: a non-negative number for each feature, shape ``(features,)``, or None
        notes: what the user should know, a line each
        warnings: what the user must know, a line each; not logged yet, that is the caller's part
    """

    prediction: np.ndarray
    scores: np.ndarray | None
    probabilistic: bool
    classes: tuple[str, ...]
    importance: np.ndarray | None
    notes: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()


class Pipeline:
    """Imputation, scaler and model, fitted together and saved together.

    Args:
        recipe: what to learn with
        feature_names: the columns of the features, in order; may be empty

    Raises:
        NkululekoError: there is no such model or scaler, or the model cannot do the task

    Example:
        >>> pipeline = Pipeline(Recipe("svm"))
        >>> pipeline.fit(np.array([[0.0], [1.0], [8.0], [9.0]]), np.array(["low", "low", "high", "high"]))
        >>> pipeline.predict(np.array([[2.0]])).tolist()
        ['low']
    """

    def __init__(self, recipe: Recipe, feature_names: Sequence[str] = ()) -> None:
        wait_patiently()
        kind = models.load(recipe.model)
        if recipe.context.task not in kind.tasks:
            hint = f"take {kind.partner}" if kind.partner else "take another model"
            raise NkululekoError(f"model {recipe.model} cannot do {recipe.context.task}", "MODEL.type", hint)
        automatic = "standard" if kind.needs_scaling else "none"
        self.recipe = recipe
        self.feature_names = [str(name) for name in feature_names]
        self.model = kind(kind.Options(**recipe.options), recipe.context)
        self.scaler_name = automatic if recipe.scaler == "auto" else recipe.scaler
        self.scaler = scalers.load(self.scaler_name)()
        self.imputer = Imputer(as_strategy(recipe.nan_strategy), np.empty(0))
        self.notes: list[str] = []

    @property
    def classes(self) -> list[str]:
        """The labels in the order of the columns of :meth:`scores`; empty for regression."""
        return self.model.classes

    def fit(self, features: np.ndarray, target: np.ndarray, groups: np.ndarray | None = None) -> None:
        """Learn from the training part, and from nothing else.

        Args:
            features: shape ``(samples, features)``
            target: labels (str) or numbers, shape ``(samples,)``
            groups: the speaker of each row, where known

        Raises:
            NkululekoError: the data do not allow it: no rows, one class only, missing values ...
        """
        features, target = _matrix(features), np.asarray(target)
        if self.feature_names and len(self.feature_names) != features.shape[1]:
            raise ValueError(f"{len(self.feature_names)} feature names for {features.shape[1]} features")
        if len(target) != len(features) or (groups is not None and len(groups) != len(features)):
            raise ValueError(f"{len(features)} rows of features, but {len(target)} targets")
        self.notes = []
        self.imputer = fit_imputer(self.recipe.nan_strategy, features, self.feature_names)
        self.notes.extend(self.imputer.notes)
        if self.recipe.nan_strategy == "drop":
            keep = complete_rows(features)
            features, target = features[keep], target[keep]
            groups = None if groups is None else np.asarray(groups)[keep]
            if not keep.all():
                dropped = (
                    f"{(~keep).sum()} of {len(keep)} training samples have missing values and were dropped"
                )
                self.notes.append(dropped)
        self._check_target(target)
        filled = self.imputer.apply(features)
        self.scaler.fit(filled, groups)
        self.model.fit(self._prepared(features, groups), target)

    def _check_target(self, target: np.ndarray) -> None:
        if not len(target):
            raise NkululekoError(
                "no training samples are left", todo="look at filters, split and nan_strategy"
            )
        missing = sum(value is None or value != value for value in target)
        if missing:
            raise NkululekoError(f"{missing} of {len(target)} training samples have no target")
        if self.recipe.context.task == "regression":
            return
        found = {str(label) for label in target}
        if len(found) < 2:
            raise NkululekoError(
                f"all training samples are of one class, '{found.pop()}'",
                todo="look at target, mapping and split",
            )
        never = [label for label in self.recipe.labels if label not in found]
        if never:
            self.notes.append(f"no training sample of {', '.join(never)}: it will never be predicted")

    def _prepared(self, features: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
        """Filled and scaled, as the model gets them."""
        scaled = self.scaler.transform(self.imputer.apply(features), groups)
        if not self.model.accepts_missing:
            self._check_complete(scaled)
        return scaled

    def _check_complete(self, scaled: np.ndarray) -> None:
        gaps = ~np.isfinite(scaled)
        if not gaps.any():
            return
        column = int(np.argmax(gaps.sum(axis=0)))
        name = self.feature_names[column] if self.feature_names else f"number {column + 1}"
        raise NkululekoError(
            f"{gaps.any(axis=1).sum()} of {len(scaled)} samples have missing values, most in feature {name}, "
            f"and model {self.recipe.model} cannot take them",
            "FEATS.nan_strategy",
            "set it to mean, median, zero or drop",
        )

    def predict(self, features: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        """The predicted label or number of each row, shape ``(samples,)``."""
        return self.model.predict(self._prepared(self._known(features), groups))

    def scores(self, features: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray | None:
        """A number for each row and class, higher is likelier, ``(samples, classes)``; None: has none."""
        return self.model.scores(self._prepared(self._known(features), groups))

    def importance(self) -> np.ndarray | None:
        """A non-negative number for each feature, shape ``(features,)``; None: the model has none."""
        return self.model.importance()

    def _known(self, features: np.ndarray) -> np.ndarray:
        features = _matrix(features)
        width = len(self.imputer.fill)
        if features.shape[1] != width:
            raise NkululekoError(f"the model learned from {width} features, these are {features.shape[1]}")
        return features

    def save(self, folder: Path) -> None:
        """Write all that was learned into a folder, without pickle: JSON, arrays, the model's own files."""
        (folder / "model").mkdir(parents=True, exist_ok=True)
        recipe = self.recipe
        description = {
            "format": FORMAT,
            "model": recipe.model,
            "options": self.model.options.model_dump(),
            "context": asdict(recipe.context),
            "scaler": self.scaler_name,
            "nan_strategy": recipe.nan_strategy,
            "labels": list(recipe.labels),
            "classes": self.classes,
            "feature_names": self.feature_names,
        }
        save_arrays(folder / "imputer.npz", {"fill": self.imputer.fill})
        save_arrays(folder / "scaler.npz", self.scaler.state())
        self.model.save(folder / "model")
        save_json(folder / "pipeline.json", description)  # last: a folder that has it is complete

    @staticmethod
    def load(folder: Path) -> Pipeline:
        """Read what :meth:`save` wrote; nothing from the files is executed.

        Raises:
            NkululekoError: a file is missing, broken, newer than this program or not of ours
        """
        path = folder / "pipeline.json"
        saved = load_json(path)
        if saved.get("format") != FORMAT:
            raise bad_file(path, f"has format {saved.get('format')}, this version reads {FORMAT}")
        try:
            recipe = Recipe(
                model=str(saved["model"]),
                options=saved["options"],
                context=ModelContext(**saved["context"]),
                scaler=str(saved["scaler"]),
                nan_strategy=str(saved["nan_strategy"]),
                labels=tuple(str(label) for label in saved["labels"]),
            )
            pipeline = Pipeline(recipe, saved["feature_names"])
            fill = load_arrays(folder / "imputer.npz")["fill"]
            pipeline.imputer = Imputer(pipeline.imputer.strategy, fill)
            pipeline.scaler.restore(load_arrays(folder / "scaler.npz"))
        except (KeyError, TypeError, ValueError) as error:
            raise bad_file(
                path, f"is not complete or not of ours ({type(error).__name__}: {error})"
            ) from error
        pipeline.model.restore(folder / "model")
        return pipeline


def learn(
    recipe: Recipe,
    train_features: np.ndarray,
    train_target: np.ndarray,
    train_groups: np.ndarray | None,
    test_features: np.ndarray,
    test_groups: np.ndarray | None,
    feature_names: Sequence[str] = (),
    folder: Path | None = None,
) -> Learned:
    """Fit a recipe on the training part, save it where a folder is given, and predict the test part.

    Args:
        recipe: what to learn with
        train_features: shape ``(train samples, features)``
        train_target: labels (str) or numbers, shape ``(train samples,)``
        train_groups: the speaker of each training row, where known
        test_features: shape ``(test samples, features)``
        test_groups: the speaker of each test row, where known
        feature_names: the columns' names, in order
        folder: where to save the fitted pipeline; None: nowhere

    Raises:
        NkululekoError: the data or the recipe do not allow it
    """
    with _warnings_kept_back() as warnings:
        pipeline = Pipeline(recipe, feature_names)
        pipeline.fit(train_features, train_target, train_groups)
        if folder is not None:
            pipeline.save(folder)
        return Learned(
            prediction=pipeline.predict(test_features, test_groups),
            scores=pipeline.scores(test_features, test_groups),
            probabilistic=pipeline.model.probabilistic,
            classes=tuple(pipeline.classes),
            importance=pipeline.importance(),
            notes=tuple(pipeline.notes),
            warnings=tuple(dict.fromkeys(warnings)),
        )


def warm(model: str, scaler: str = "auto") -> None:
    """Import all that :func:`learn` will need, by learning next to nothing, while the data are on the way.

    For a process of its own: packages that the model can do without stay away from its library. A name that is
    no model's is for others to complain about.
    """
    if not models.has(model):
        return
    wait_patiently()
    kind = models.load(model)
    with importing(kind.unneeded):
        importlib.import_module(kind.library)
    task = kind.tasks[0]
    features = np.arange(16.0).reshape(8, 2)
    target = np.arange(8.0) if task == "regression" else np.array(["a", "b"] * 4)
    groups = np.array(["s"] * 8)
    with tempfile.TemporaryDirectory() as folder, importing():
        learn(
            Recipe(model, context=ModelContext(task), scaler=scaler),
            features,
            target,
            groups,
            features,
            groups,
            folder=Path(folder),
        )


@contextmanager
def _warnings_kept_back() -> Iterator[list[str]]:
    """Collect our own warnings: in another process nobody would see them."""
    messages: list[str] = []

    def keep_back(record: logging.LogRecord) -> bool:
        if record.levelno < logging.WARNING:
            return True
        messages.append(record.getMessage())
        return False

    logger.addFilter(keep_back)
    try:
        yield messages
    finally:
        logger.removeFilter(keep_back)


def _matrix(features: np.ndarray) -> np.ndarray:
    """The features as 64-bit numbers, row by row in memory, so that the same values give the same sums."""
    matrix = np.ascontiguousarray(features, dtype=np.float64)
    if matrix.ndim != 2:
        raise ValueError(f"features must have the shape (samples, features), not {matrix.shape}")
    return matrix

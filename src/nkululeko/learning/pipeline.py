"""From features to predictions: imputation, scaler, balancing and model, all fitted on the training part only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import ModelContext, Recordings, balancers, models, scalers
from nkululeko.learning._persist import bad_file, load_arrays, load_json, save_arrays, save_json
from nkululeko.learning._threads import wait_patiently
from nkululeko.learning.folds import held_out
from nkululeko.learning.imputation import Imputer, as_strategy, complete_rows, fit_imputer
from nkululeko.learning.local import quartiles

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
        balancing: name of a balancing method; empty: none
    """

    model: str
    options: Mapping[str, Any] = field(default_factory=dict)
    context: ModelContext = field(default_factory=ModelContext)
    scaler: str = "auto"
    nan_strategy: str = "none"
    labels: tuple[str, ...] = ()
    balancing: str = ""


@dataclass(frozen=True)
class Part:
    """Rows to learn from, to choose an epoch on, or to predict.

    Args:
        features: shape ``(samples, features)``
        target: labels (str) or numbers, shape ``(samples,)``; empty where it is not known
        groups: the speaker of each row, where known
        weights: how much each row counts in training; None: all the same
    """

    features: np.ndarray
    target: np.ndarray
    groups: np.ndarray | None = None
    weights: np.ndarray | None = None

    def take(self, rows: np.ndarray) -> Part:
        """Some of the rows, by position or mask."""
        groups = None if self.groups is None else np.asarray(self.groups)[rows]
        weights = None if self.weights is None else self.weights[rows]
        return Part(self.features[rows], np.asarray(self.target)[rows], groups, weights)

    @property
    def nbytes(self) -> int:
        """How much memory the features take."""
        return self.features.nbytes


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
        automatic = "standard" if kind.needs_scaling and not kind.takes_recordings else "none"
        self.recipe = recipe
        self.feature_names = [str(name) for name in feature_names]
        self.model = kind(kind.Options(**recipe.options), recipe.context)
        self.scaler_name = automatic if recipe.scaler == "auto" else recipe.scaler
        self.scaler = scalers.load(self.scaler_name)()
        self.imputer = Imputer(as_strategy(recipe.nan_strategy), np.empty(0))
        self.notes: list[str] = []
        #: which data decided what
        self.decided: list[str] = []
        #: of the probabilities, see :mod:`nkululeko.learning.temperature`
        self.temperature = 1.0
        #: the quartiles of the training features, to say what is unusual in a recording; see `learning.local`
        self.usual = np.empty((3, 0))

    @property
    def classes(self) -> list[str]:
        """The labels in the order of the columns of :meth:`scores`; empty for regression."""
        return self.model.classes

    def fit(
        self,
        features: np.ndarray,
        target: np.ndarray,
        groups: np.ndarray | None = None,
        watched: Part | None = None,
        weights: np.ndarray | None = None,
    ) -> None:
        """Learn from the training part, and from nothing else.

        Args:
            features: shape ``(samples, features)``
            target: labels (str) or numbers, shape ``(samples,)``
            groups: the speaker of each row, where known
            watched: the dev set, on which models that learn in epochs choose one; None: they hold some of the
                training speakers out for that
            weights: how much each row counts, shape ``(samples,)``; None: all the same

        Raises:
            NkululekoError: the data do not allow it: no rows, one class only, missing values ...
        """
        features, target = self._matrix(features), np.asarray(target)
        if self.feature_names and len(self.feature_names) != features.shape[1]:
            raise ValueError(f"{len(self.feature_names)} feature names for {features.shape[1]} features")
        if len(target) != len(features) or (groups is not None and len(groups) != len(features)):
            raise ValueError(f"{len(features)} rows of features, but {len(target)} targets")
        self.notes, self.decided = [], []
        part = Part(features, target, groups, self._usable(weights))
        if self.model.watches:
            part, watched = self._to_watch(part, watched)
        self.imputer = fit_imputer(self.recipe.nan_strategy, part.features, self.feature_names)
        self.notes.extend(self.imputer.notes)
        part = self._complete(part, "training")
        unnamed = self.model.takes_sequences or self.model.takes_recordings
        if not unnamed:  # of features only: what is usual in a frame tells nobody anything
            self.usual = quartiles(part.features)
        self._check_target(part.target)
        self.scaler.fit(self.imputer.apply(part.features), part.groups)
        prepared, labels = self._prepared(part.features, part.groups), part.target
        if self.recipe.balancing:
            prepared, labels = self._balanced(prepared, labels)
        if self.model.watches and watched is not None:
            watched = self._complete(watched, "watched")
            self.model.watch(self._prepared(self._matrix(watched.features), watched.groups), watched.target)
        self.model.fit(prepared, labels, part.weights)
        self.temperature = 1.0
        if watched is not None and len(watched.target) and self.model.probabilistic:
            self._calibrate(watched)

    def _usable(self, weights: np.ndarray | None) -> np.ndarray | None:
        """The weights, or None where all are the same.

        Raises:
            NkululekoError: rows would be made up that have none
        """
        if weights is None or np.all(weights == weights[:1]):
            return None
        if self.recipe.balancing:
            what = f"balancing = {self.recipe.balancing} and weights of samples exclude each other"
            raise NkululekoError(
                what, "FEATS.balancing", "take one of them, or class_weight with the weights"
            )
        return np.asarray(weights, dtype=np.float64)

    def _calibrate(self, watched: Part) -> None:
        """Fit the temperature of the probabilities on data that the model did not learn from."""
        from nkululeko.learning.temperature import fit_temperature

        classes = {label: number for number, label in enumerate(self.classes)}
        known = np.array([str(label) in classes for label in watched.target])
        scores = self.scores(watched.features[known], watched.take(known).groups)
        if scores is None or not known.any():
            return
        truth = np.array([classes[str(label)] for label in watched.target[known]])
        self.temperature = fit_temperature(scores, truth)
        self.decided.append(
            f"the temperature of the probabilities ({self.temperature:.2f}): the same {known.sum()} samples"
            if self.model.watches
            else f"the temperature of the probabilities ({self.temperature:.2f}): the dev set ({known.sum()} samples)"
        )

    def _to_watch(self, part: Part, dev: Part | None) -> tuple[Part, Part]:
        """The rows to fit on, and those to choose the epoch on: the dev set, or some of the training speakers."""
        if dev is not None and len(dev.target):
            self.decided.append(f"the epoch: the dev set ({len(dev.target)} samples)")
            return part, dev
        percent = float(getattr(self.model.options, "validation_split", 20.0))
        self._check_target(part.target)
        held = held_out(part.target, part.groups, percent, self.recipe.context.seed, self.recipe.context.task)
        self.notes.extend(held.warnings)
        heard = 0 if part.groups is None else len(set(np.asarray(part.groups)[held.watch]))
        who = f" of {heard} speaker{'s' if heard > 1 else ''}" if heard else ""
        self.decided.append(f"the epoch: {len(held.watch)} samples{who} held out from the training set")
        return part.take(held.fit), part.take(held.watch)

    def _complete(self, part: Part, name: str) -> Part:
        """Without the rows that have missing values, where the strategy is to drop them."""
        if self.recipe.nan_strategy != "drop":
            return part
        keep = complete_rows(part.features)
        if keep.all():
            return part
        self.notes.append(
            f"{(~keep).sum()} of {len(keep)} {name} samples have missing values and were dropped"
        )
        return part.take(keep)

    def _balanced(self, prepared: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The training rows with about as many of each class."""
        if self.recipe.context.task == "regression":
            raise NkululekoError("balancing is for classes, not for numbers", "FEATS.balancing", "remove it")
        self._check_complete(prepared, f"balancing = {self.recipe.balancing}")
        balancer = balancers.load(self.recipe.balancing)()
        if self.model.takes_recordings and not balancer.draws:
            what = f"balancing = {self.recipe.balancing} makes up or compares features, and there are none"
            raise NkululekoError(what, "FEATS.balancing", "set it to ros or randomundersampler")
        balanced, new = balancer.resample(prepared, labels, self.recipe.context.seed)
        self.notes.append(
            f"balancing ({self.recipe.balancing}): {len(labels)} training samples became {len(new)}"
        )
        return balanced, new

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

    def _check_complete(self, scaled: np.ndarray, who: str = "") -> None:
        gaps = ~np.isfinite(scaled)
        if not gaps.any():
            return
        column = int(np.argmax(gaps.sum(axis=0)))
        name = self.feature_names[column] if self.feature_names else f"number {column + 1}"
        raise NkululekoError(
            f"{gaps.any(axis=1).sum()} of {len(scaled)} samples have missing values, most in feature {name}, "
            f"and {who or 'model ' + self.recipe.model} cannot take them",
            "FEATS.nan_strategy",
            "set it to mean, median, zero or drop",
        )

    def predict(self, features: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
        """The predicted label or number of each row, shape ``(samples,)``."""
        return self.model.predict(self._prepared(self._known(features), groups))

    def scores(self, features: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray | None:
        """A number for each row and class, higher is likelier, ``(samples, classes)``; None: has none."""
        scores = self.model.scores(self._prepared(self._known(features), groups))
        if scores is None or self.temperature == 1.0:
            return scores
        from nkululeko.learning.temperature import apply_temperature

        return apply_temperature(scores, self.temperature)

    def importance(self) -> np.ndarray | None:
        """A non-negative number for each feature, shape ``(features,)``; None: the model has none."""
        return self.model.importance()

    def _matrix(self, features: np.ndarray) -> np.ndarray:
        """The features as 64-bit numbers, row by row in memory, so that the same values give the same sums.

        Sequences stay as they are: they are large, and nets compute with 32 bits.
        """
        dtype = np.float32 if self.model.takes_sequences else np.float64
        matrix = np.ascontiguousarray(features, dtype=dtype)
        if matrix.ndim != 2:
            raise ValueError(f"features must have the shape (samples, features), not {matrix.shape}")
        return matrix

    def _known(self, features: np.ndarray) -> np.ndarray:
        features = self._matrix(features)
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
            "options": self.model.remembered(),
            "context": _plain(recipe.context),
            "scaler": self.scaler_name,
            "nan_strategy": recipe.nan_strategy,
            "labels": list(recipe.labels),
            "balancing": recipe.balancing,
            "temperature": self.temperature,
            "classes": self.classes,
            "feature_names": self.feature_names,
        }
        save_arrays(folder / "imputer.npz", {"fill": self.imputer.fill, "usual": self.usual})
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
                context=_context(saved["context"]),
                scaler=str(saved["scaler"]),
                nan_strategy=str(saved["nan_strategy"]),
                labels=tuple(str(label) for label in saved["labels"]),
                balancing=str(saved.get("balancing", "")),
            )
            pipeline = Pipeline(recipe, saved["feature_names"])
            imputer = load_arrays(folder / "imputer.npz")
            pipeline.imputer = Imputer(pipeline.imputer.strategy, imputer["fill"])
            pipeline.usual = imputer.get("usual", pipeline.usual)
            pipeline.scaler.restore(load_arrays(folder / "scaler.npz"))
            pipeline.temperature = float(saved.get("temperature", 1.0))
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise bad_file(
                path, f"is not complete or not of ours ({type(error).__name__}: {error})"
            ) from error
        pipeline.model.restore(folder / "model")
        return pipeline


def _plain(context: ModelContext) -> dict[str, Any]:
    """What a model is told, without what was true of the data and the computer of that time only."""
    values = asdict(replace(context, recordings=Recordings(), folder=""))
    return {name: value for name, value in values.items() if name not in ("recordings", "folder")}


def _context(saved: Mapping[str, Any]) -> ModelContext:
    """A model's context as it was saved; JSON knows no tuples."""
    shape = saved.get("shape")
    return ModelContext(**{**saved, "shape": tuple(shape) if shape else None})

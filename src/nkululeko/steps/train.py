"""Learn from the training set and predict the test set, once."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import samples as contract
from nkululeko.core.cluster import on_cluster
from nkululeko.core.companion import LARGE, Companion
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import ModelContext, models
from nkululeko.data.dropped import Dropped
from nkululeko.learning.folds import make_folds
from nkululeko.learning.pipeline import Part, Recipe
from nkululeko.learning.training import Runs, cross_validated, train_and_test
from nkululeko.steps.extract import Extracted
from nkululeko.steps.load import Data

_log = logging.getLogger("nkululeko")


@dataclass(frozen=True)
class Matrices:
    """All samples as plain arrays, in their order.

    Args:
        data: features, target and speakers
        split: of each sample, shape ``(samples,)``
        columns: names of the features
    """

    data: Part
    split: np.ndarray
    columns: list[str]

    def part(self, name: str) -> Part:
        """The samples of a split."""
        return self.data.take(self.split == name)


def recipe_of(
    config: ExperimentConfig, data: Data, jobs: int, extracted: Extracted, folder: Path | None = None
) -> Recipe:
    """What to learn with, from the configuration.

    Args:
        config: the experiment
        data: its samples
        jobs: threads
        extracted: the features
        folder: where a model may keep its logs and what it needs to go on later; None: nowhere
    """
    model, shape = config.model, extracted.shape
    kind = models.load(model.choice.name)
    if shape and not kind.takes_sequences:
        raise NkululekoError(
            f"model {model.choice.name} takes vectors, and the features are sequences", "FEATS",
            "take cnn or lstm, or pool them over time (os: pooling = mean, std)",
        )  # fmt: skip
    context = ModelContext(
        config.exp.type, config.exp.random_seed, model.n_jobs or jobs, model.class_weight,
        measure=str(model.measure), epochs=config.exp.epochs, loss=model.loss or "", device=model.device,
        shape=shape, recordings=extracted.recordings, folder=str(folder or ""),
    )  # fmt: skip
    if model.random_seed is not None:
        context = replace(context, seed=model.random_seed)
    options = model.choice.options.model_dump()
    scaler = config.feats.scaler.name if config.feats.scaler and not kind.takes_sequences else "auto"
    return Recipe(
        model.choice.name, options, context, scaler, nan_strategy(config), tuple(data.labels),
        config.feats.balancing or "",
    )  # fmt: skip


def nan_strategy(config: ExperimentConfig) -> str:
    """As configured; else the mean of the training set, or nothing for models that take missing values."""
    model = models.load(config.model.choice.name)
    if model.takes_sequences or model.takes_recordings:  # what is missing there is the end of the sequence
        return "none"
    if config.feats.nan_strategy is not None:
        return config.feats.nan_strategy
    return "none" if model.accepts_missing else "mean"


def with_features(
    data: Data, extracted: Extracted, nan_strategy: str, parts: Sequence[str] = ("train", "test")
) -> Data:
    """The data without the samples that have no features, which are counted and named.

    Args:
        data: all samples
        extracted: their features
        nan_strategy: ``drop``: samples with missing values count as if they had none
        parts: splits that must not be empty
    """
    index = data.samples.index
    owners = data.samples["database"].to_numpy()
    reasons = np.full(len(index), "", dtype=object)
    if extracted.failed:
        reasons = np.array([extracted.failed.get(row, "") for row in index], dtype=object)
    if nan_strategy == "drop":
        incomplete = extracted.features.index[extracted.features.isna().any(axis=1).to_numpy()]
        reasons[index.isin(incomplete) & (reasons == "")] = "missing values (nan_strategy = drop)"
    dropped = []
    for reason in sorted(set(reasons) - {""}):
        for name in dict.fromkeys(owners[reasons == reason]):
            rows = index[(reasons == reason) & (owners == name)]
            dropped.append(Dropped(name, "features", reason, rows))
    for drop in dropped:
        _log.warning("no features for %d samples (e.g. %s): %s", len(drop.rows), drop.rows[0][0], drop.reason)
    keep = reasons == ""
    data = data.only(keep, dropped)
    for part in parts:
        if not (data.samples["split"] == part).any():
            raise NkululekoError(
                f"no sample of the {part} set has features", "FEATS", "see the log for the reasons"
            )
    return data


def matrices(config: ExperimentConfig, data: Data, features: pd.DataFrame) -> Matrices:
    """Features and labels brought together by their index; large features are not copied if they match it."""
    target = config.data.target
    aligned = contract.align(features, data.samples.index)
    known = data.speakers.notna().all()
    part = Part(
        aligned.to_numpy(),
        data.samples[target].to_numpy(dtype=object if data.labels else float),
        data.speakers.to_numpy(dtype=object) if known else None,
        weights_of(config, data.samples),
    )
    return Matrices(part, data.samples["split"].to_numpy(), [str(column) for column in aligned.columns])


def weights_of(config: ExperimentConfig, samples: pd.DataFrame) -> np.ndarray | None:
    """How much each sample counts in training, from the columns that databases name; None: all the same.

    Raises:
        NkululekoError: there is no such column, or a value is no weight
    """
    asked = {db.name: db.weights for db in config.data.databases if db.weights}
    if not asked:
        return None
    found = np.ones(len(samples))
    owners, training = samples["database"].to_numpy(), (samples["split"] == "train").to_numpy()
    for name, column in asked.items():
        where = f"[DATA] {name}.weights"
        rows = owners == name
        if column not in samples or not samples[column].to_numpy()[rows].size:
            raise NkululekoError(
                f"no column '{column}' in database '{name}'", where, did_you_mean(column, samples)
            )
        values = pd.to_numeric(samples[column], errors="coerce").to_numpy(dtype=float)
        bad = rows & training & ~(np.isfinite(values) & (values >= 0))
        if bad.any():
            example = samples[column].to_numpy()[bad][0]
            what = f"{int(bad.sum())} training samples have no weight in column '{column}', e.g. {example}"
            raise NkululekoError(what, where, "expected numbers >= 0")
        found[rows] = np.where(np.isfinite(values[rows]), values[rows], 1.0)
    return found


def train(
    recipe: Recipe,
    parts: Matrices,
    config: ExperimentConfig,
    folder: Path | None,
    companion: Companion | None,
) -> Future[Runs]:
    """Fit on train and predict test, or cross-validate; as often as there are runs."""
    runs = config.exp.runs
    if config.folds is None:
        dev = parts.part("dev")
        return beside(
            companion, train_and_test, recipe, parts.part("train"), parts.part("test"),
            dev if len(dev.target) else None, parts.columns, folder, runs,
        )  # fmt: skip
    kind, count = config.folds
    folds = make_folds(
        kind, parts.data.target, parts.data.groups, config.exp.random_seed, count, recipe.context.task
    )
    # a process a fold, one thread each; networks take all threads, or the one GPU, for themselves
    jobs = 1 if models.load(recipe.model).takes_recordings else recipe.context.jobs
    return beside(companion, cross_validated, recipe, parts.data, folds, parts.columns, folder, runs, jobs)


def beside(companion: Companion | None, function: Callable[..., Any], *args: Any) -> Future[Any]:
    """Call a function in the companion process; here and now where there is none, or too much to be sent there."""
    size = sum(arg.nbytes for arg in args if isinstance(arg, np.ndarray | Part))
    if companion is not None and size <= LARGE and not on_cluster():  # the cluster knows this process
        return companion.submit(function, *args)
    future: Future[Any] = Future()
    future.set_result(function(*args))
    return future

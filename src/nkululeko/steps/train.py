"""Learn from the training set and predict the test set, once."""

from __future__ import annotations

import logging
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import samples as contract
from nkululeko.core.companion import LARGE, Companion
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import ModelContext, models
from nkululeko.data.targets import Dropped
from nkululeko.learning.pipeline import Learned, Recipe, learn
from nkululeko.steps.extract import Extracted
from nkululeko.steps.load import Data

_log = logging.getLogger("nkululeko")


@dataclass(frozen=True)
class Matrices:
    """Features, target and speakers of train and test, as plain arrays in the order of the samples."""

    features: np.ndarray
    target: np.ndarray
    groups: np.ndarray | None
    train: np.ndarray
    test: np.ndarray
    columns: list[str]


def recipe_of(config: ExperimentConfig, labels: list[str], jobs: int) -> Recipe:
    """What to learn with, from the configuration."""
    model = config.model
    context = ModelContext(config.exp.type, config.exp.random_seed, model.n_jobs or jobs, model.class_weight)
    if model.random_seed is not None:
        context = replace(context, seed=model.random_seed)
    options = model.choice.options.model_dump()
    scaler = config.feats.scaler.name if config.feats.scaler else "auto"
    return Recipe(model.choice.name, options, context, scaler, nan_strategy(config), tuple(labels))


def nan_strategy(config: ExperimentConfig) -> str:
    """As configured; else the mean of the training set, or nothing for models that take missing values."""
    if config.feats.nan_strategy is not None:
        return config.feats.nan_strategy
    return "none" if models.load(config.model.choice.name).accepts_missing else "mean"


def with_features(data: Data, extracted: Extracted, nan_strategy: str) -> Data:
    """The data without the samples that have no features, which are counted and named."""
    index = data.samples.index
    dropped = []
    keep = np.ones(len(index), dtype=bool)
    if extracted.failed:
        reasons = np.array([extracted.failed.get(row, "") for row in index], dtype=object)
        for reason in sorted(set(reasons) - {""}):
            dropped.append(Dropped("features", reason, index[reasons == reason]))
        keep &= reasons == ""
    if nan_strategy == "drop":
        incomplete = extracted.features.index[extracted.features.isna().any(axis=1).to_numpy()]
        gone = index.isin(incomplete) & keep
        if gone.any():
            dropped.append(Dropped("features", "missing values (nan_strategy = drop)", index[gone]))
        keep &= ~gone
    for drop in dropped:
        _log.warning("no features for %d samples (e.g. %s): %s", len(drop.rows), drop.rows[0][0], drop.reason)
    data = data.only(keep, dropped)
    for part in ("train", "test"):
        if not (data.samples["split"] == part).any():
            raise NkululekoError(
                f"no sample of the {part} set has features", "FEATS", "see the log for the reasons"
            )
    return data


def matrices(data: Data, features: pd.DataFrame, target: str) -> Matrices:
    """Features and labels brought together by their index; large features are not copied if they match it."""
    aligned = contract.align(features, data.samples.index)
    split = data.samples["split"].to_numpy()
    known = data.speakers.notna().all()
    return Matrices(
        aligned.to_numpy(),
        data.samples[target].to_numpy(dtype=object if data.labels else float),
        data.speakers.to_numpy(dtype=object) if known else None,
        split == "train",
        split == "test",
        [str(column) for column in aligned.columns],
    )


def train(
    recipe: Recipe, parts: Matrices, folder: Path | None, companion: Companion | None
) -> Future[Learned]:
    """Fit on train, predict test."""
    groups = parts.groups
    return beside(
        companion,
        learn,
        recipe,
        parts.features[parts.train],
        parts.target[parts.train],
        None if groups is None else groups[parts.train],
        parts.features[parts.test],
        None if groups is None else groups[parts.test],
        parts.columns,
        folder,
    )


def beside(companion: Companion | None, function: Callable[..., Any], *args: Any) -> Future[Any]:
    """Call a function in the companion process; here and now where there is none, or too much to be sent there."""
    size = sum(arg.nbytes for arg in args if isinstance(arg, np.ndarray))
    if companion is not None and size <= LARGE:
        return companion.submit(function, *args)
    future: Future[Any] = Future()
    future.set_result(function(*args))
    return future

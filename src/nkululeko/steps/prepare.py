"""From an experiment file to matrices: what every door that learns begins with."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pandas as pd

from nkululeko.config.declare import Choice
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import engine
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features, models
from nkululeko.core.store import FeatureStore, default_store
from nkululeko.steps.extract import Extracted, Extractor, extract
from nkululeko.steps.load import Data, load
from nkululeko.steps.recordings import segments
from nkululeko.steps.train import Matrices, matrices, nan_strategy, with_features


@dataclass(frozen=True)
class Prepared:
    """Samples and their features, ready to learn from.

    Args:
        data: the samples that have features
        extracted: the features
        parts: both as plain arrays
    """

    data: Data
    extracted: Extracted
    parts: Matrices


def jobs_of(config: ExperimentConfig) -> int:
    """How many workers an experiment may have."""
    return config.exp.jobs or engine.cores()


def store_of(config: ExperimentConfig) -> FeatureStore:
    """The feature store of an experiment."""
    return FeatureStore(config.exp.store or default_store())


def prepare(
    config: ExperimentConfig, previous: pd.DataFrame | None = None, more: Callable[[Data], Data] | None = None
) -> Prepared:
    """Load, split and extract.

    Args:
        config: the experiment
        previous: the split of the last run, for ``split_strategy = reuse``
        more: adds to the loaded samples before anything is extracted, e.g. augmented copies
    """
    choice = config.model.choice
    kind = models.load(choice.name)
    kind.check_installed()
    if kind.takes_recordings:
        kind(choice.options).shortest()  # a network that cannot be used is told before anything is loaded
    for chosen in () if kind.takes_recordings else config.feats.sets:
        features.load(chosen.name)(chosen.options).check_ready()
    data = load(config, store_of(config), previous, jobs_of(config))
    return with_sets(config, more(data) if more else data, config.feats.sets)


def with_sets(config: ExperimentConfig, data: Data, sets: Sequence[Choice]) -> Prepared:
    """Loaded samples with the features of some sets; what was extracted before comes from the store.

    Args:
        config: the experiment
        data: its samples
        sets: the feature sets with their options
    """
    feats = config.feats
    anew = feats.needs_feature_extraction or feats.no_reuse or config.data.no_reuse
    columns = data.samples.drop(columns=config.data.target, errors="ignore")
    extractor = Extractor(store_of(config), data.audio, jobs_of(config), feats.fail_threshold, anew, columns)
    model = models.load(config.model.choice.name)
    if model.takes_recordings:
        least = model(config.model.choice.options).shortest()
        extracted = segments(data.samples.index, extractor, least)
    else:
        extracted = extract(sets, data.samples.index, extractor, feats.features, feats.features_of)
    if config.data.target in extracted.features:
        raise NkululekoError(
            f"the target '{config.data.target}' is also among the features: the model would be told the answer",
            "FEATS.import_file", "take that column out, or choose columns by FEATS.features",
        )  # fmt: skip
    parts = ("test",) if config.folds else ("train", "test")
    data = with_features(data, extracted, nan_strategy(config), parts)
    return Prepared(data, extracted, matrices(config, data, extracted.features))

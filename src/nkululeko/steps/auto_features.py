"""The feature sets that ``nkululeko auto`` tries: each extracted, or fetched from the store, for the same samples."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from nkululeko.config.declare import Choice
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.names import FEATURES
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features as family
from nkululeko.learning.auto.pool import own_accord
from nkululeko.steps.extract import Extracted, Extractor, extract
from nkululeko.steps.load import Data
from nkululeko.steps.prepare import jobs_of, store_of
from nkululeko.steps.train import Matrices, matrices, with_features

_log = logging.getLogger("nkululeko")


@dataclass(frozen=True)
class Tables:
    """Feature sets of the same samples.

    Args:
        data: the samples that have all of them
        matrices: by the set's name in tables, e.g. ``os ComParE_2016``
        sets: plug-in and options of each
        extracted: licences and versions of all together; its features are those of the first
        nan_strategy: what becomes of missing values
    """

    data: Data
    matrices: dict[str, Matrices]
    sets: dict[str, dict[str, Any]]
    extracted: Extracted
    nan_strategy: str

    @property
    def columns(self) -> dict[str, list[str]]:
        """The names of the features of each set."""
        return {name: matrix.columns for name, matrix in self.matrices.items()}


def tables(config: ExperimentConfig, data: Data, named: Sequence[str], deadline: float) -> Tables:
    """Extract the feature sets; one that cannot be had is left out, unless it was named.

    Args:
        config: the experiment
        data: its samples
        named: feature sets; empty: those that are tried without being named
        deadline: no set is begun after it, but the first, ``time.monotonic()``

    Raises:
        NkululekoError: a set that was named, or every set, cannot be had
    """
    feats = config.feats
    anew = feats.needs_feature_extraction or feats.no_reuse or config.data.no_reuse
    columns = data.samples.drop(columns=config.data.target, errors="ignore")
    extractor = Extractor(store_of(config), data.audio, jobs_of(config), feats.fail_threshold, anew, columns)
    found: dict[str, Extracted] = {}
    sets: dict[str, dict[str, Any]] = {}
    problem: NkululekoError | None = None
    for label, choice in choices(config, named or own_accord(family)).items():
        if found and time.monotonic() >= deadline:
            _log.warning("[AUTO] minutes: there was no time for feature set %s", label)
            continue
        try:
            extracted = extract([choice], data.samples.index, extractor)
        except NkululekoError as reason:
            if named:
                raise
            problem = reason
            _log.info("feature set %s is left out: %s", label, reason)
            continue
        if config.data.target in extracted.features:
            raise NkululekoError(
                f"the target '{config.data.target}' is also a feature of {label}", "AUTO.features"
            )
        found[label] = extracted
        sets[label] = {"name": choice.name, "options": choice.options.model_dump(mode="json")}
    if not found:
        raise problem or NkululekoError("there is no feature set to try", "AUTO.features")
    return _together(config, data, found, sets)


def _together(
    config: ExperimentConfig, data: Data, found: Mapping[str, Extracted], sets: dict[str, dict[str, Any]]
) -> Tables:
    """The samples that every set has, and their features."""
    strategy = config.feats.nan_strategy or "mean"
    first = next(iter(found.values()))
    every = replace(
        first,
        failed={row: reason for each in found.values() for row, reason in each.failed.items()},
        licences=sorted({line for each in found.values() for line in each.licences}),
        versions={label: next(iter(each.versions.values())) for label, each in found.items()},
        features=pd.concat([each.features for each in found.values()], axis=1)
        if strategy == "drop"
        else first.features,
    )
    data = with_features(data, every, strategy, ("test",) if config.folds else ("train", "test"))
    made = {label: matrices(config, data, each.features) for label, each in found.items()}
    return Tables(data, made, sets, every, strategy)


def choices(config: ExperimentConfig, names: Sequence[str]) -> dict[str, Choice]:
    """Feature sets with the options of [FEATS], and those that differ from variant to variant."""
    given = {choice.name: choice.options for choice in config.feats.sets}
    found = {}
    for written in dict.fromkeys(names):
        name = FEATURES.canonical(written) or written
        kind = family.load(name)
        base = given.get(name, kind.Options(**(kind.meant_by(written) if written != name else {})))
        for variant in kind.tried or ({},):
            # what the file says of the set goes before what would be tried
            fixed = any(getattr(base, key) != getattr(kind.Options(), key) for key in variant)
            options = base if fixed else kind.Options(**{**base.model_dump(), **variant})
            label = " ".join([written, *(str(getattr(options, key)) for key in variant)])
            found[label] = Choice(name, options)
    return found

"""Predict what nobody labelled: targets of ``[PREDICT]`` as new columns of the databases."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.schema.predict import TARGETS, Predict
from nkululeko.core import families
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import FeatureSet, Predictor
from nkululeko.core.progress import progress
from nkululeko.core.rundir import RunDir
from nkululeko.steps.apply import Trained, apply, open_trained
from nkululeko.steps.cluster import on_its_engine
from nkululeko.steps.extract import Extractor, extraction
from nkululeko.steps.load import Data, load, previous_split
from nkululeko.steps.predict_score import Tested, score_saved
from nkululeko.steps.prepare import jobs_of, store_of

_log = logging.getLogger("nkululeko")
#: so many samples go through a trained experiment at a time
_PORTION = 4096


@dataclass(frozen=True)
class Target:
    """One thing that is asked for.

    Args:
        asked: as the file has it
        name: its columns begin with it
        trained: a trained experiment, or
        predictor: a plug-in, with
        features: what it starts from
    """

    asked: str
    name: str
    trained: Trained | None = None
    predictor: Predictor | None = None
    features: FeatureSet | None = None

    @property
    def column(self) -> str:
        """Where the predictions stand."""
        return f"{self.name}_pred"


@dataclass(frozen=True)
class Predicted:
    """What was predicted.

    Args:
        samples: with all their columns and the new ones
        targets: what was asked for
        files: database to the CSV that was written
        failed: target to the reasons why some rows have no prediction, with their number
        tested: how right trained experiments are, where the data have labels
    """

    samples: pd.DataFrame
    targets: tuple[Target, ...]
    files: Mapping[str, Path]
    failed: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    tested: tuple[Tested, ...] = ()


@on_its_engine
def run_prediction(config: ExperimentConfig, rundir: RunDir) -> Predicted:
    """Load, predict, and write a CSV for each database, which can be read as a database again.

    Args:
        config: with [PREDICT]
        rundir: where everything goes

    Raises:
        NkululekoError: a target is unknown or not available, or nothing can be predicted
    """
    targets = targets_of(config)
    data = _selected(load(config, store_of(config), previous_split(rundir.path("split.csv")), jobs_of(config),
                          complete=False, labelled=False), config)  # fmt: skip
    for drop in data.dropped:
        _log.warning("left out: %d samples (%s): %s", len(drop.rows), drop.stage, drop.reason)
    samples = data.samples
    failed: dict[str, Mapping[str, int]] = {}
    tested: list[Tested] = []
    for target in targets:
        found, errors = _predict(target, samples, data, config)
        failed[target.column] = _counted(errors)
        _tell(target, failed[target.column], len(samples))
        again = [name for name in found if name in samples]
        if again:
            _log.info("columns that the data had are replaced: %s", ", ".join(again))
        samples = pd.concat([samples.drop(columns=again), found], axis=1)
        if target.trained is not None:
            score = score_saved(target.trained, target.column, samples, data, config)
            tested += [score] if score else []
    files = {}
    for name in data.loaded:
        mine = samples[(samples["database"] == name).to_numpy()].drop(columns="database")
        # columns that only other databases have
        mine = mine[
            [column for column in mine if mine[column].notna().any() or str(column).endswith("_pred")]
        ]
        files[name] = rundir.write(f"{name}_predicted.csv", contract.to_csv_text(mine))
    rundir.write("predict.ini", config.to_ini())
    return Predicted(samples, tuple(targets), files, failed, tuple(tested))


def targets_of(config: ExperimentConfig) -> list[Target]:
    """What is asked for, opened: mistakes are told before any audio is read.

    Raises:
        NkululekoError: nothing is asked for, or something that is not there
    """
    section = config.section(Predict)
    if not section.targets:
        raise NkululekoError(
            "[PREDICT] targets is missing", str(config.source),
            "name what to predict: targets = ['snr'], or the folder of a trained experiment",
        )  # fmt: skip
    found: list[Target] = []
    for asked in dict.fromkeys(section.targets):
        target = _target(asked, section, config)
        if any(target.name == other.name for other in found) and target.trained:
            target = Target(asked, f"{target.name}_{target.trained.name}", target.trained)
        if any(target.name == other.name for other in found):
            raise NkululekoError(
                f"two targets would both be '{target.column}'", f"{config.source}, [PREDICT] targets"
            )
        found.append(target)
    for star in (*section.model_of, *section.reference_of):
        if star not in section.targets:
            _log.info("[PREDICT] the options of '%s' have no effect: it is not among the targets", star)
    return found


def _target(asked: str, section: Predict, config: ExperimentConfig) -> Target:
    family = families.predictors
    if family.has(asked):
        predictor = family.load(asked)()
        options = {}
        if asked in section.model_of:
            options["model"] = _place(section.model_of[asked], config)
        if asked in section.reference_of:
            options["reference"] = _place(section.reference_of[asked], config)
        return Target(asked, asked, predictor=predictor, features=_ready(asked, predictor, options))
    where = f"{config.source}, [PREDICT] targets"
    place = Path(_place(asked, config))
    if place.exists():
        trained = open_trained(place)
        return Target(asked, trained.target, trained)
    names = family.names()
    if asked in TARGETS:
        todo = f"available: {', '.join(names)}, and folders of trained experiments"
        raise NkululekoError(f"'{asked}' is not available in this version", where, todo)
    if "/" in asked or "\\" in asked:
        raise NkululekoError(
            f"there is no folder '{asked}'", where, "name the folder of a trained experiment"
        )
    todo = (
        did_you_mean(asked, names)
        or f"expected one of {', '.join(names)}, or the folder of a trained experiment"
    )
    raise NkululekoError(f"unknown target '{asked}'", where, todo)


def _ready(asked: str, predictor: Predictor, options: Mapping[str, str]) -> FeatureSet:
    """What a target starts from; a network that is not there is told before any data are loaded."""
    try:
        features = predictor.feature_set(options)
        features.check_ready()
        features.version()
    except NkululekoError as problem:
        # the network's own message speaks of the feature set that has it
        todo = re.sub(r"\b\w+\.(model|reference) =", rf"{asked}.\1 =", problem.todo)
        raise NkululekoError(problem.what, f"[PREDICT] target '{asked}'", todo) from None
    return features


def _place(path: str, config: ExperimentConfig) -> str:
    """An existing path, from the folder of the call or of the file; else as it is: a name on a hub."""
    for folder in (config.folder_of_call, config.source.absolute().parent):
        place = folder / Path(path).expanduser()
        if place.exists():
            return str(place)
    return path


def _selected(data: Data, config: ExperimentConfig) -> Data:
    wanted = config.section(Predict).sample_selection
    if wanted == "all":
        return data
    keep = (data.samples["split"] == wanted).to_numpy()
    if not keep.any():
        there = ", ".join(f"{name} ({count})" for name, count in data.samples["split"].value_counts().items())
        raise NkululekoError(
            f"there is no {wanted} set", f"{config.source}, sample_selection", f"there are: {there}"
        )
    return data.only(keep, [])


def _predict(
    target: Target, samples: pd.DataFrame, data: Data, config: ExperimentConfig
) -> tuple[pd.DataFrame, np.ndarray]:
    """The new columns, and for each row why there is no prediction, or nothing."""
    extractor = Extractor(store_of(config), data.audio, jobs_of(config), 1.0, columns=samples)
    index = samples.index
    assert isinstance(index, pd.MultiIndex)
    if target.trained is not None:
        found = _by_trained(target.trained, data, extractor)
        errors = found.pop("error").to_numpy(dtype=object)
        named = {"prediction": "pred"}
    else:
        assert target.predictor is not None and target.features is not None
        failed: dict[tuple, str] = {}
        features = target.features.fetch(index.unique(), extraction(extractor, failed))
        good = ~features.index.isin(list(failed)) if failed else np.ones(len(features), dtype=bool)
        errors = np.array([failed.get(row, "") for row in index], dtype=object)
        known = features[good]
        found = (
            target.predictor.convert(known) if len(known) else pd.DataFrame({"pred": []}, index=known.index)
        )
        found = found.reindex(index)
        named = {}
    columns = {name: f"{target.name}_{named.get(str(name), name)}" for name in found}
    missing = found.iloc[:, 0].isna().to_numpy() & (errors == "")
    errors = np.where(missing, "has no value here, e.g. for want of speech", errors).astype(object)
    return found.rename(columns=columns), errors


def _by_trained(trained: Trained, data: Data, extractor: Extractor) -> pd.DataFrame:
    """What a trained experiment says of all samples; some at a time, as features may be large."""
    index = data.samples.index
    assert isinstance(index, pd.MultiIndex)
    size = len(index) if trained.needs_speakers else _PORTION
    parts = []
    with progress(f"predicting {trained.target}", len(index)) as advance:
        for begin in range(0, len(index), size):
            rows = slice(begin, begin + size)
            who = data.speakers.iloc[rows].to_numpy(dtype=object)
            found = apply(trained, index[rows], extractor, who)
            parts.append(found.reindex(columns=[*trained.columns, "error"]))
            advance(len(found))
    return pd.concat(parts)


def _counted(errors: np.ndarray) -> dict[str, int]:
    reasons, counts = np.unique(errors[errors != ""].astype(str), return_counts=True)
    return {str(reason): int(count) for reason, count in zip(reasons, counts, strict=True)}


def _tell(target: Target, failed: Mapping[str, int], rows: int) -> None:
    """Say how many rows have no prediction.

    Raises:
        NkululekoError: none has one
    """
    bad = sum(failed.values())
    if not bad:
        return
    example = max(failed, key=lambda reason: failed[reason])
    if bad == rows:
        raise NkululekoError(
            f"none of {rows} samples could be predicted, e.g. {example}", f"target '{target.asked}'"
        )
    _log.warning("%s: %d of %d samples have no prediction, e.g. %s", target.column, bad, rows, example)

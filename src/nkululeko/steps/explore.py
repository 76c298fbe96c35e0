"""Explore the data of an experiment: how labels are distributed, over whom, and what goes together with what."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.schema.expl import Expl
from nkululeko.core import families
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.exploration import Association, Exploration, FeatureRanking
from nkululeko.core.journal import Journal
from nkululeko.core.rundir import RunDir
from nkululeko.exploration.findings import findings
from nkululeko.exploration.suspicious import suspicious
from nkululeko.steps.cluster import on_its_engine
from nkululeko.steps.explore_asked import Columns, check_columns, check_features, expl
from nkululeko.steps.explore_compare import compare
from nkululeko.steps.explore_features import (
    QUALITY,
    Featured,
    features_of,
    known_names,
    maps_of,
    quality_of,
    ranking_of,
)
from nkululeko.steps.explore_write import write, write_map
from nkululeko.steps.extract import Extracted
from nkululeko.steps.load import Data, load, previous_split
from nkululeko.steps.prepare import jobs_of, store_of
from nkululeko.steps.provenance import provenance

_log = logging.getLogger("nkululeko")


@dataclass(frozen=True)
class Explored:
    """An exploration and what it left.

    Args:
        exploration: what was found
        tested: every association that was tested, also those that are not drawn
        images: names of the pictures
        page: the page
        map_page: the interactive map; None: no map was asked for
        asked: ``[EXPL]``
    """

    exploration: Exploration
    tested: tuple[Association, ...]
    images: tuple[str, ...]
    page: Path
    map_page: Path | None
    asked: Expl


@on_its_engine
def run_exploration(config: ExperimentConfig, rundir: RunDir, log: Journal, began: float) -> Explored:
    """Load, measure, compare, draw and write.

    Args:
        config: the experiment
        rundir: where everything goes
        log: collects notes and warnings
        began: when the run began, ``time.monotonic()``

    Raises:
        NkululekoError: what the file asks for is not in the data
    """
    data = _selected(_loaded(config, rundir), config)
    quality = quality_of(config, data)
    return explore_data(config, data, quality, features_of(config, data), rundir, log, began)


def explore_data(
    config: ExperimentConfig, data: Data, quality: pd.DataFrame | None, featured: Featured | None, rundir: RunDir,
    log: Journal, began: float,
) -> Explored:  # fmt: skip
    """Compare, draw and write what was loaded and measured.

    Args:
        config: the experiment
        data: its samples, with a column ``duration`` (s)
        quality: how each of them was recorded; None: not known
        featured: the features; None: there are none
        rundir: where everything goes
        log: collects notes and warnings
        began: when the run began, ``time.monotonic()``

    Raises:
        NkululekoError: what the file asks for is not in the data
    """
    table = _with_quality(data.samples, quality)
    columns = Columns(table, data.labels, config)
    if featured is not None:  # some names are known only now
        check_features(list(featured.features), table.columns, config)
    speakers = data.speakers if data.speakers.notna().any() else None
    compared = compare(config, columns, featured, data, speakers)
    ranking = _ranking(config, featured, columns)
    maps = maps_of(config, featured, columns) if featured is not None else []
    odd = suspicious(data.samples, quality, {file: info.content for file, info in data.audio.items()})
    found = findings(columns.target, compared.asked, compared.behind, ranking, odd, speakers)
    named = {finding.link for finding in found}
    exploration = Exploration(
        config.exp.name, columns.target, expl(config).sample_selection, data.samples,
        None if speakers is None else int(speakers.nunique()),
        associations=[*compared.asked, *(each for each in compared.behind if each.name in named)],
        ranking=ranking, pairs=compared.pairs, shown=compared.features, maps=maps, suspicious=odd, findings=found,
        folder=rundir.folder,
    )  # fmt: skip
    map_page = write_map(maps, data.samples, config, rundir)
    origin = provenance(config, data, _extracted(featured), time.monotonic() - began)
    exploration = replace(exploration, notes=log.notes, warnings=log.warnings, provenance=origin)
    images = write(exploration, compared.every, data, config, rundir, map_page.name if map_page else "")
    return Explored(exploration, compared.every, images, exploration.report, map_page, expl(config))


def _loaded(config: ExperimentConfig, rundir: RunDir) -> Data:
    """All samples; names of columns and features are checked before the audio is read."""
    quality = families.features.load(QUALITY)().names()

    def look(columns: pd.Index) -> None:
        check_columns(columns, config, quality)
        names = known_names(config)
        if names or "FEATS" not in config.sections:
            check_features(names, [*columns, *quality], config)

    previous = previous_split(rundir.path("split.csv"))
    return load(config, store_of(config), previous, jobs_of(config), complete=False, look=look)


def _selected(data: Data, config: ExperimentConfig) -> Data:
    """The samples of the part that is asked for, with their durations."""
    wanted = expl(config).sample_selection
    parts = data.samples["split"]
    if wanted != "all":
        keep = (parts == wanted).to_numpy()
        if not keep.any():
            there = ", ".join(f"{name} ({count})" for name, count in parts.value_counts().items())
            where = f"{config.source}, sample_selection"
            raise NkululekoError(f"there is no {wanted} set", where, f"there are: {there}")
        data = data.only(keep, [])
    samples = data.samples
    length = contract.seconds(samples.index, "end") - contract.seconds(samples.index, "start")
    return replace(data, samples=samples.assign(duration=_durations(samples, length)))


def _durations(samples: pd.DataFrame, length: np.ndarray) -> pd.Series:
    """How long each sample is, in s: as the data say, else as the audio says."""
    measured = pd.Series(length, samples.index)
    if "duration" not in samples:
        return measured
    given = samples["duration"]
    if pd.api.types.is_timedelta64_dtype(given):
        return given.dt.total_seconds().fillna(measured)
    numbers = pd.to_numeric(given, errors="coerce")
    return numbers.fillna(measured) if numbers.notna().any() else measured


def _with_quality(samples: pd.DataFrame, quality: pd.DataFrame | None) -> pd.DataFrame:
    """The samples, and beside them what was measured of their recordings; the data's own columns go first."""
    if quality is None:
        return samples
    return samples.assign(**{str(name): quality[name] for name in quality if name not in samples})


def _extracted(featured: Featured | None) -> Extracted:
    return featured.extracted if featured is not None else Extracted(pd.DataFrame(), {}, [], {})


def _ranking(config: ExperimentConfig, featured: Featured | None, columns: Columns) -> FeatureRanking | None:
    if featured is None:
        return None
    target = columns.target
    target = replace(target, values=target.values.reindex(featured.features.index))
    return ranking_of(config, featured, target)

"""How right a trained experiment is on a labelled database: on samples that it did not learn from, with an interval."""

from __future__ import annotations

import logging
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nkululeko.audio.probe import probe
from nkululeko.config import ini
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import families
from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Scored
from nkululeko.core.result import Interval, Score
from nkululeko.evaluation.intervals import bootstrap_scores
from nkululeko.steps.apply import Trained
from nkululeko.steps.load import Data
from nkululeko.steps.prepare import jobs_of, store_of

_log = logging.getLogger("nkululeko")


@dataclass(frozen=True)
class Tested:
    """A saved model, tested.

    Args:
        column: of its predictions
        score: by the measure of its own run
        interval: how that was made
        samples: how many were tested on
        heard: labelled samples that it learned from, or chose on, and that do not count
    """

    column: str
    score: Score
    interval: Interval
    samples: int
    heard: int = 0


def score_saved(
    trained: Trained, column: str, samples: pd.DataFrame, data: Data, config: ExperimentConfig
) -> Tested | None:
    """Test a saved model where the data have labels of its target.

    Args:
        trained: the experiment
        column: where its predictions stand
        samples: with predictions and labels
        data: the same, with their audio and speakers
        config: of the prediction; its target counts as the truth

    Returns:
        None where there is nothing to compare: another target or task, no labels in common
    """
    target = config.data.target
    if trained.target != target or trained.task != config.exp.type:
        return None
    truth, said = samples[target], samples[column]
    known = (truth.notna() & said.notna()).to_numpy()
    if trained.labels:
        known = known & truth.isin(list(trained.labels)).to_numpy()
    heard = known & _heard(trained, samples, data, config)
    rows = known & ~heard
    if rows.sum() < 2:
        return None
    measure = ini.glance(trained.folder / "config.ini", (), "MODEL", "measure")
    default = "uar" if trained.labels else "ccc"
    name = measure if families.metrics.has(measure) else default
    metric = families.metrics.load(name)()
    if metric.needs_scores or trained.task not in metric.tasks:
        metric, name = families.metrics.load(default)(), default
    kind = object if trained.labels else float
    scored = Scored(truth.to_numpy(dtype=kind)[rows], said.to_numpy(dtype=kind)[rows], trained.labels)
    speakers = data.speakers.to_numpy(dtype=object)[rows]
    groups = None if pd.isna(speakers).any() else speakers
    scores, interval = bootstrap_scores({name: metric}, scored, groups, seed=config.exp.random_seed)
    return Tested(column, scores[name], interval, int(rows.sum()), int(heard.sum()))


def _heard(trained: Trained, samples: pd.DataFrame, data: Data, config: ExperimentConfig) -> np.ndarray:
    """True for samples whose audio, by content or by name, the model learned from or chose on."""
    try:
        split = contract.from_csv(trained.folder / "split.csv")
    except NkululekoError:  # it was not kept, e.g. by a bundle
        _log.warning(
            "what '%s' learned from is not kept with it: if these recordings were among that, its score is too good",
            trained.name,
        )
        return np.zeros(len(samples), dtype=bool)
    # a cross-validated run keeps a model of all data
    learned = split if "fold" in split else split[(split["split"] != "test").to_numpy()]
    files = sorted(set(learned.index.get_level_values("file")))
    found = probe(files, store_of(config), jobs_of(config))
    contents = {info.content for info in found.values() if info.content}
    index = samples.index
    assert isinstance(index, pd.MultiIndex)
    known = {file: info.content in contents or file in found for file, info in data.audio.items()}
    return contract.by_file(index, known, False).astype(bool)

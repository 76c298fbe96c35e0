"""The filters of an experiment, each when its turn comes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.schema._shared import Limits
from nkululeko.core import families
from nkululeko.core.families import FilterContext
from nkululeko.steps.chain import Chain

#: columns of a feature set, by its name, for an index
Measure = Callable[[str, pd.MultiIndex], pd.DataFrame]
#: who speaks, a row a sample
Speakers = Callable[[pd.DataFrame], pd.Series]
Kind = Literal["columns", "audio", "count"]
#: in the order in which they have their turn
KINDS: tuple[Kind, ...] = ("columns", "audio", "count")
LISTENING = KINDS[1:]


@dataclass(frozen=True)
class Rule:
    """One filter as the experiment file has it.

    Args:
        name: of the filter
        value: of its option
        database: the one that it is for; empty: all together
        selection: the split that it works on; ``all``: before there are any
    """

    name: str
    value: Any
    database: str
    selection: str


def rules(config: ExperimentConfig) -> list[Rule]:
    """Every filter of the experiment: those of each database, then those for all; in the order of the manual."""
    names = [name for name in Limits.model_fields if families.filters.has(name)]
    sections: list[tuple[str, Limits]] = [(db.name, db) for db in config.data.databases]
    return [
        Rule(name, value, database, section.filter_selection)
        for database, section in (*sections, ("", config.data))
        for name in names
        if (value := getattr(section, name)) not in (None, {}, False)
    ]


def apply(
    chain: Chain, config: ExperimentConfig, speakers: Speakers, measure: Measure, *,
    looks_at: Kind, split: bool = False,
) -> None:  # fmt: skip
    """Leave out what the filters of one kind leave out.

    Args:
        chain: the samples
        config: the experiment
        speakers: who speaks
        measure: gives the columns of a feature set
        looks_at: the kind of filter
        split: the splits are made: the filters that work on one of them have their turn, else the others
    """
    here = set(chain.samples["database"].unique())
    for rule in rules(config):
        filter_ = families.filters.load(rule.name)()
        if filter_.looks_at != looks_at or (rule.selection != "all") != split:
            continue
        if rule.database and rule.database not in here:
            continue
        concerned = _concerned(chain.samples, rule)
        samples = chain.samples[concerned]
        if samples.empty:
            continue
        context = FilterContext(rule.database or "DATA", config.exp.random_seed, speakers(samples), measure)
        keep, reason = filter_.keep(samples, rule.value, context)
        gone = concerned.copy()
        gone[concerned] = ~keep
        chain.leave_out(gone, rule.name, reason)


def _concerned(samples: pd.DataFrame, rule: Rule) -> np.ndarray:
    """The rows that a rule is for, shape ``(samples,)``."""
    mask = np.ones(len(samples), dtype=bool)
    if rule.database:
        mask &= (samples["database"] == rule.database).to_numpy()
    if rule.selection != "all":
        mask &= (samples["split"] == rule.selection).to_numpy()
    return mask

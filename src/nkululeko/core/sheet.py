"""The data sheet: what the data of an experiment are, as plain tables that data/ makes and report/ shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Sheet:
    """What the data of an experiment are, per database and split; every table may be empty, none is None.

    Args:
        target: the predicted column
        labels: the classes in order; empty for numbers
        parts: a row a database and split: ``database``, ``split``, ``samples``, ``files``, ``speakers`` (missing
            where unknown), ``hours``, ``shortest``, ``mean``, ``longest`` (s)
        speakers: who is in which split: ``database``, ``split``, ``speaker`` (key), ``samples``; empty where unknown
        values: categories: ``database``, ``split``, ``variable`` (the target, ``gender``), ``value``, ``samples``,
            ``speakers``; values in the order of the labels, else sorted
        numbers: ``database``, ``split``, ``variable`` (the target, ``age``), ``samples``, ``mean``, ``deviation``,
            ``least``, ``quartile_1``, ``median``, ``quartile_3``, ``most``
        histogram: of the same variables, common borders: ``database``, ``split``, ``variable``, ``low``, ``high``,
            ``samples``
        audio: ``database``, ``split``, ``sampling_rate`` (Hz), ``channels``, ``files``
        missing: ``database``, ``column``, ``missing``, ``samples``; columns that lack nothing are left out
        chain: what became of the rows, in the order in which it happened: ``database``, ``step``, ``reason``,
            ``dropped``, ``left``, ``examples`` (up to five files); the first row of each database is ``loaded``
        shared_speakers: ``speaker``, ``parts`` (e.g. ``emodb train, emodb test``), ``samples``, ``between``
            (``splits`` or ``databases``: only the name is the same)
        copies: the same audio more than once, by content: ``files`` (the paths, joined by ``; ``), ``count``,
            ``parts``, ``labels`` (different targets, joined by ``, ``), ``across`` (splits, databases or both)
        balance: how near the splits come to the ideal: ``database``, ``split``, ``variable``, ``weight``,
            ``divergence`` (Jensen-Shannon, 0: as in the whole, 1: nothing in common); of ``balanced`` splits
        wanted: databases whose distribution of labels shall be drawn (``value_counts``)
    """

    target: str
    labels: Sequence[str]
    parts: pd.DataFrame
    speakers: pd.DataFrame
    values: pd.DataFrame
    numbers: pd.DataFrame
    histogram: pd.DataFrame
    audio: pd.DataFrame
    missing: pd.DataFrame
    chain: pd.DataFrame
    shared_speakers: pd.DataFrame
    copies: pd.DataFrame
    balance: pd.DataFrame
    wanted: Sequence[str] = ()

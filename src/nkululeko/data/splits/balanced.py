"""Speaker-disjoint split whose parts resemble the whole."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from pydantic import field_validator

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Split, SplitContext
from nkululeko.core.plugin import Options as BaseOptions
from nkululeko.core.plugin import option
from nkululeko.data.balance import categories, divergence, is_number, variables_of
from nkululeko.data.splits._balanced import Aim, search
from nkululeko.data.splits._speakers import speakers_of

_log = logging.getLogger("nkululeko")


class BalancedOptions(BaseOptions):
    """What the parts should have alike."""

    balance: dict[str, float] = option(
        {},
        "what the parts should have alike: {column: weight}; not given: the target",
        general=True,
    )
    bins: dict[str, int] = option(
        {}, "bins of equal frequency for a column of numbers", ini="*_bins", general=True
    )
    size_diff_weight: float = option(
        1.0,
        "how much the share of samples counts, relative to the divergences' mean",
        ge=0,
        allow_inf_nan=False,
        general=True,
    )
    min_dur_test: float | None = option(
        None, "the test set lasts at least so many seconds", gt=0, general=True
    )

    @field_validator("balance")
    @classmethod
    def _positive(cls, weights: dict[str, float]) -> dict[str, float]:
        for column, weight in weights.items():
            if not 0 < weight < float("inf"):
                raise ValueError(f"the weight of '{column}' is {weight:g}; expected a number above 0")
        return weights

    @field_validator("bins")
    @classmethod
    def _several(cls, bins: dict[str, int]) -> dict[str, int]:
        for column, number in bins.items():
            if number < 2:
                raise ValueError(f"{column}_bins is {number}; expected 2 or more")
        return bins


@dataclass(frozen=True)
class Material:
    """The samples of known speakers, summed up by speaker; see :class:`Aim` for the columns."""

    speakers: np.ndarray
    table: np.ndarray
    ends: list[int]
    weights: np.ndarray


class Balanced(Split):
    """Of very many sets of speakers the test set is the one that resembles the whole database most.

    The objective of a set, which the search makes small::

        sum(weight * divergence) / sum(weight)  +  size_diff_weight * |share of samples - test_size / 100|

    The divergence of a variable is the Jensen-Shannon divergence between its distribution in the set and in all
    samples of known speakers (bits: 0 alike, 1 nothing in common). The dev set is then found in the same way among
    the other speakers, so that the test set is the same with and without it. Sets that leave a class of the target
    out of the training set, or a test set shorter than ``min_dur_test``, are taken only if there are no others
    (too short: never). Segments whose end is not known last 0 s.
    """

    Options = BalancedOptions
    summary = "speaker-disjoint, and the parts resemble the whole in the columns of 'balance'"

    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """See :class:`Split`."""
        speakers = speakers_of(loaded.samples, context.name, "balanced")
        known = speakers.notna().to_numpy()
        samples = loaded.samples[known]
        wanted = 1 if context.dev_size is None else 2
        if speakers.nunique() < wanted + 1:
            need = "two speakers" if wanted == 1 else "three speakers (train, dev, test)"
            raise NkululekoError(
                f"balanced needs {need}, and database '{context.name}' has {speakers.nunique()}",
                f"{context.name}.split_strategy",
                f"use {context.name}.split_strategy = random",
            )
        weights = self._weights(samples, context)
        material = self._material(samples, speakers[known], weights, context)
        parts = self._search(material, context)
        split = speakers.map({name: part for name, part in zip(material.speakers, parts, strict=True)})
        self._say(samples, split[known], weights, context)
        return split.astype("str")

    def _weights(self, samples: pd.DataFrame, context: SplitContext) -> Mapping[str, float]:
        """Column to weight; notes on options without an effect."""
        weights: Mapping[str, float] = self.options.balance
        if not weights:
            if not context.target:
                raise NkululekoError(
                    "balanced: no column to balance", context.name, "set balance = {'gender': 1}"
                )
            _log.info(
                "%s: balance is not given: the split is balanced over '%s'", context.name, context.target
            )
            weights = {context.target: 1.0}
        if "speaker" in weights:
            raise NkululekoError(
                "balance: 'speaker' cannot be alike in parts that share no speaker",
                f"database '{context.name}'",
                "name other columns",
            )
        for column in self.options.bins:
            if column not in weights:
                _log.info("%s: %s_bins has no effect: balance has no '%s'", context.name, column, column)
            elif column in samples and not is_number(samples[column]):
                _log.info("%s: %s_bins has no effect: '%s' holds no numbers", context.name, column, column)
        return weights

    def _material(
        self, samples: pd.DataFrame, speakers: pd.Series, weights: Mapping[str, float], context: SplitContext
    ) -> Material:
        where = f"database '{context.name}'"
        found = variables_of(samples, weights, self.options.bins, where)
        rows, names = pd.factorize(speakers, sort=True)
        blocks = [_counts(rows, item.codes, len(names), len(item.labels)) for item in found.values()]
        ends = np.cumsum([block.shape[1] for block in blocks]).tolist()
        classes = np.zeros((len(names), 0))
        if context.target in samples and not is_number(samples[context.target]):
            target = categories(samples[context.target])
            classes = _counts(rows, target.codes, len(names), len(target.labels))
        seconds = contract.seconds(samples.index, "end") - contract.seconds(samples.index, "start")
        # whole milliseconds, so that the sum does not depend on the order of the rows
        milliseconds = np.round(1000 * np.nan_to_num(seconds))
        lengths = np.bincount(rows, milliseconds, len(names))[:, None]
        sizes = np.bincount(rows, minlength=len(names))[:, None]
        weight = np.array(list(weights.values()), dtype=float)
        table = np.hstack([*blocks, classes, sizes, lengths]).astype(float)
        return Material(np.asarray(names, dtype=object), table, ends, weight / weight.sum())

    def _search(self, material: Material, context: SplitContext) -> np.ndarray:
        """``train``, ``dev`` or ``test`` for each speaker."""
        whole, count = material.table.sum(axis=0), len(material.speakers)
        reserved = 1 if context.dev_size is None else 2  # speakers that must be left
        shortest = 1000 * (self.options.min_dur_test or 0.0)
        longest = np.sort(material.table[:, -1])[reserved:].sum()
        if longest < shortest:
            raise NkululekoError(
                f"no test set lasts min_dur_test = {self.options.min_dur_test:g} s: the longest that leaves {reserved}"
                f" of the {count} speakers has {longest / 1000:.1f} s",
                f"database '{context.name}'",
                "set it lower",
            )
        parts = np.full(count, "train", dtype=object)
        wanted = [("test", context.test_size, shortest, reserved)]
        if context.dev_size is not None:
            wanted.append(("dev", context.dev_size, 0.0, 1))
        for number, (part, percent, shortest_part, left) in enumerate(wanted):
            available = np.flatnonzero(parts == "train")
            table = material.table[available]
            free = table.sum(axis=0)[material.ends[-1] : -2]
            aim = Aim(
                whole, material.ends, material.weights, percent / 100,
                self.options.size_diff_weight, shortest_part, free,
            )  # fmt: skip
            chosen = search(table, len(available) - left, aim, [context.seed, number])
            parts[available[chosen]] = part
        return parts

    def _say(
        self, samples: pd.DataFrame, split: pd.Series, weights: Mapping[str, float], context: SplitContext
    ) -> None:
        """What was reached, a line a part."""
        table = divergence(samples, split, weights, self.options.bins)
        for part, rows in table.groupby("split", sort=False):
            share = 100 * float((split == part).mean())
            reached = ", ".join(
                f"{name} {value:.4f}"
                for name, value in zip(rows["variable"], rows["divergence"], strict=True)
            )
            _log.info(
                "%s: balanced %s: %.1f %% of the samples; divergence: %s", context.name, part, share, reached
            )


def _counts(rows: np.ndarray, codes: np.ndarray, speakers: int, size: int) -> np.ndarray:
    """How many samples each speaker has in each category, shape ``(speakers, size)``."""
    return np.bincount(rows * size + codes, minlength=speakers * size).reshape(speakers, size)

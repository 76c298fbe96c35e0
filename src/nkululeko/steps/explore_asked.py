"""What an experiment file asks ``explore`` for: columns, and how they are looked at."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from functools import partial

import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.schema.expl import Expl
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.exploration import Variable
from nkululeko.exploration.variables import binned, variable

#: bins of a number where nobody says how many
_BINS = 3
#: columns that every exploration has, whatever the data bring
ALWAYS = ("database", "split", "duration")


def expl(config: ExperimentConfig) -> Expl:
    """``[EXPL]``."""
    return config.section(Expl)


def items(config: ExperimentConfig) -> list[tuple[str, ...]]:
    """The columns that are looked at against the target: alone, or two together; the target itself left out.

    Args:
        config: the experiment
    """
    plot = config.plot.value_counts
    asked = [*expl(config).value_counts, *(plot if isinstance(plot, tuple) else ())]
    lists = [(item,) if isinstance(item, str) else item for item in asked]
    others = [tuple(name for name in item if name != config.data.target) for item in lists]
    return list(dict.fromkeys(item for item in others if item))


def check_columns(columns: Collection[str], config: ExperimentConfig, quality: Sequence[str] = ()) -> None:
    """Every column that is asked for exists.

    Args:
        columns: of the samples
        config: the experiment
        quality: names of the measures of recording quality, which count as columns

    Raises:
        NkululekoError: a column does not exist, with the nearest names
    """
    known = {*map(str, columns), *ALWAYS, *quality}
    for option, name in _columns(config):
        if name not in known:
            where = f"{config.source}, {option}"
            raise NkululekoError(f"no column '{name}' in the data", where, did_you_mean(name, known))


def _columns(config: ExperimentConfig) -> Iterator[tuple[str, str]]:
    """Where a column is asked for, and its name."""
    asked = expl(config)
    for item in asked.value_counts:
        yield from (("[EXPL] value_counts", name) for name in ([item] if isinstance(item, str) else item))
    plotted = config.plot.value_counts
    for item in plotted if isinstance(plotted, tuple) else ():
        yield from (("[PLOT] value_counts", name) for name in ([item] if isinstance(item, str) else item))
    yield from (("[EXPL] scatter.target", name) for name in asked.scatter_target)
    yield from ((f"[EXPL] {name}.bin_reals", name) for name in asked.bin_reals_of)
    yield from ((f"[EXPL] {name}_bins", name) for name in asked.bins_of)


def check_features(names: Collection[str], columns: Collection[str], config: ExperimentConfig) -> None:
    """Every feature that is asked for exists.

    Args:
        names: of the features
        columns: of the samples, and measures of quality: ``regplot`` takes these as well
        config: the experiment

    Raises:
        NkululekoError: a feature does not exist, with the nearest names
    """
    asked = expl(config)
    for name in asked.plot_features if names else ():
        if name not in names:
            where = f"{config.source}, [EXPL] plot_features"
            raise NkululekoError(f"no feature '{name}'", where, did_you_mean(name, names))
    known = {*names, *columns, *ALWAYS}
    for name in (name for item in asked.regplot for name in item):
        if name not in known:
            what = "column or feature" if names else "column"
            where = f"{config.source}, [EXPL] regplot"
            raise NkululekoError(f"no {what} '{name}'", where, did_you_mean(name, known))


class Columns:
    """The columns as variables, binned as the file wants it.

    Args:
        table: a row a sample
        target: the predicted column
        labels: its classes, where it has some
        config: the experiment
    """

    def __init__(self, table: pd.DataFrame, labels: Sequence[str], config: ExperimentConfig) -> None:
        self._table, self._config = table, config
        self.target = variable(table, config.data.target, labels)
        self._plain = partial(variable, table)

    def __contains__(self, name: str) -> bool:
        return name in self._table

    def plain(self, name: str) -> Variable:
        """A column as it is; the target with its classes."""
        return self.target if name == self.target.name else self._plain(name)

    def column(self, name: str) -> Variable:
        """A column, its numbers put into bins only where that is asked for."""
        found, asked = self.plain(name), expl(self._config)
        wanted = asked.bin_reals_of.get(name, name in asked.bins_of)
        return found if found.is_category or not wanted else binned(found, asked.bins_of.get(name, _BINS))

    def shown_target(self) -> Variable:
        """The target as columns are drawn against it: numbers are put into bins unless ``bin_reals`` says no."""
        asked = expl(self._config)
        if self.target.is_category or not asked.bin_reals_of.get(self.target.name, asked.bin_reals):
            return self.target
        return self.grouped_target()

    def grouped_target(self) -> Variable:
        """The target as categories, whatever it is: bins as [EXPL] or [DATA] say, else of equal frequency."""
        if self.target.is_category:
            return self.target
        data, asked = self._config.data, expl(self._config)
        names = [str(label) for label in data.labels]
        count = asked.bins_of.get(self.target.name)
        if count is None and data.bins:
            found = binned(self.target, len(data.bins) - 1, list(data.bins))
        else:
            found = binned(self.target, count or len(names) or _BINS)
        return _named(found, names) if len(names) == len(found.levels) else found


def _named(found: Variable, names: Sequence[str]) -> Variable:
    """Bins with the names that [DATA] has for them; the note keeps their borders."""
    meaning = dict(zip(found.levels, names, strict=True))
    borders = ", ".join(f"{name}: {level}" for level, name in meaning.items())
    return replace(
        found, values=found.values.map(meaning), levels=tuple(names),
        note="; ".join(part for part in (found.note, borders) if part),
    )  # fmt: skip

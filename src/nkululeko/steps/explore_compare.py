"""What is set side by side in an exploration: columns and the target, features and the target, pairs of numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core import families
from nkululeko.core.exploration import Association, Evidence, Variable
from nkululeko.core.families import Scored
from nkululeko.core.progress import progress
from nkululeko.exploration.associations import associate, with_corrected
from nkululeko.steps.explore_asked import Columns, expl, items
from nkululeko.steps.explore_features import Featured, feature_variable
from nkululeko.steps.load import Data

#: what may stand behind the target, beside the quality of the recordings
_PEOPLE = ("gender", "age", "duration", "database")
#: the measures of quality that may
_OF_QUALITY = ("level_dbfs", "noise_floor_dbfs", "dynamic_range_db", "clipped_share")


@dataclass(frozen=True)
class Compared:
    """What was set side by side; p-values are corrected over all of it.

    Args:
        asked: what ``value_counts`` asks for
        behind: the target against what may stand behind it, as far as that was not asked for
        features: what ``plot_features`` asks for
        pairs: what ``regplot`` asks for
    """

    asked: list[Association]
    behind: list[Association]
    features: list[Association]
    pairs: list[Association]

    @property
    def every(self) -> tuple[Association, ...]:
        """All of them."""
        return (*self.asked, *self.behind, *self.features, *self.pairs)


#: makes one association
_Work = Callable[[], Association]


def compare(
    config: ExperimentConfig, columns: Columns, featured: Featured | None, data: Data, speakers: pd.Series | None
) -> Compared:  # fmt: skip
    """Set side by side what the file asks for, and the target with what may stand behind it.

    Args:
        config: the experiment
        columns: of all samples
        featured: the features; None: there are none
        data: the samples
        speakers: who speaks; None: not known
    """
    test = partial(associate, speakers=speakers, seed=config.exp.random_seed)
    groups = [
        list(_asked(config, columns, test)),
        list(_behind(config, columns, data, test)),
        list(_features(config, columns, featured, data, test)),
        list(_pairs(config, columns, featured, data, test)),
    ]
    made: list[list[Association]] = []
    with progress("comparing", sum(map(len, groups))) as advance:
        for group in groups:
            made.append([])
            for work in group:
                made[-1].append(work())
                advance()
    # what may stand behind the target and cannot be tested here tells nothing
    made[1] = [each for each in made[1] if any(not np.isnan(found.effect) for found in each.tests)]
    if config.plot.ccc:
        made = [[_with_ccc(each) for each in group] for group in made]
    corrected = iter(with_corrected([each for group in made for each in group]))
    return Compared(*([next(corrected) for _ in group] for group in made))


def _asked(config: ExperimentConfig, columns: Columns, test: Callable[..., Association]) -> Iterator[_Work]:
    target = columns.shown_target()
    for item in items(config):
        x = columns.column(item[0])
        if len(item) == 1:
            yield partial(test, x, target)
        else:
            yield partial(test, x, columns.column(item[1]), group=columns.grouped_target())


def _behind(
    config: ExperimentConfig, columns: Columns, data: Data, test: Callable[..., Association]
) -> Iterator[_Work]:
    """The target against gender, age, duration, database, quality, as far as they are there."""
    singles = {item[0] for item in items(config) if len(item) == 1}
    left_out = {config.data.target, *singles}
    if expl(config).ignore_gender:
        left_out.add("gender")
    if data.samples["database"].nunique() < 2:
        left_out.add("database")
    for name in (*_PEOPLE, *_OF_QUALITY):
        if name in columns and name not in left_out:
            yield partial(test, columns.column(name), columns.shown_target())


def _named(name: str, columns: Columns, featured: Featured | None, data: Data) -> Variable:
    """A column, or else a feature."""
    if name in columns or featured is None:
        return columns.plain(name)
    return feature_variable(featured, name, data.samples.index)


def _features(
    config: ExperimentConfig, columns: Columns, featured: Featured | None, data: Data, test: Callable[..., Association]
) -> Iterator[_Work]:  # fmt: skip
    if featured is not None:
        for name in expl(config).plot_features:
            feature = feature_variable(featured, name, data.samples.index)
            yield partial(test, feature, columns.shown_target())


def _pairs(
    config: ExperimentConfig, columns: Columns, featured: Featured | None, data: Data, test: Callable[..., Association]
) -> Iterator[_Work]:  # fmt: skip
    for x, y, *third in expl(config).regplot:
        group = None
        if third:
            is_target = third[0] == config.data.target
            group = columns.grouped_target() if is_target else _named(third[0], columns, featured, data)
        yield partial(
            test, _named(x, columns, featured, data), _named(y, columns, featured, data), group=group
        )


def _with_ccc(association: Association) -> Association:
    """With the concordance correlation coefficient in the place of Pearson's, where both are numbers."""
    if association.x.is_category or association.y.is_category:
        return association
    tests = [_concordance(test, association) for test in association.tests]
    return replace(association, tests=tuple(tests))


def _concordance(test: Evidence, association: Association) -> Evidence:
    """The same test, its effect the CCC; the p-value stays that of Pearson's r."""
    if not test.name.startswith("Pearson") or test.within or np.isnan(test.effect):
        return test
    frame = association.samples if test.unit == "samples" else association.speakers
    if frame is None:
        return test
    x, y = (frame[name].to_numpy(dtype=float) for name in ("x", "y"))
    value = families.metrics.load("ccc")().value(Scored(x, y))
    _, _, more = test.name.partition(",")
    name = "CCC, with the p of Pearson's r" + (f",{more}" if more else "")
    return replace(test, name=name, statistic=value, effect_name="CCC", effect=value, df=float("nan"))

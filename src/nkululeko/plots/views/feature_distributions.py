"""How the best features are distributed in each category of the target."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.families import View
from nkululeko.plots import _clouds, _features, _numbers, _page, _panels, _parts, _rows, _style
from nkululeko.plots._files import stem
from nkululeko.plots._letters import short, shown
from nkululeko.plots._page import Words
from nkululeko.plots.views._options import DistributionOptions

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from nkululeko.core.exploration import Exploration, FeatureRanking, Variable

#: more features than this do not stand together in one picture
TOGETHER = 30
#: how to read the rows
ROWS = {
    "violin": "Violins: how dense the values lie; bars: the middle half; white dots: medians.",
    "box": "Boxes: the middle half of the values, with the median; whiskers: up to 1.5 times the box.",
    "bar": "Bars: means, with their 95 % intervals, as if samples were independent.",
    "swarm": "Each dot a sample; dots beside each other have about the same value. Lines: medians.",
    "strip": "Each dot a sample. Lines: medians.",
}


@dataclass(frozen=True)
class _Target:
    """The target of the samples whose features are known.

    Args:
        name: of the column
        values: text or floats, shape ``(samples,)``
        levels: empty for numbers
        tint: colour of each level
        kept: which rows of the features they belong to, shape ``(rows,)``
    """

    name: str
    values: np.ndarray
    levels: tuple[str, ...]
    tint: dict[str, str]
    kept: np.ndarray


class FeatureDistributions(View):
    """Violins, boxes, bars of means or dots of each feature; points against a target that is a number."""

    Options = DistributionOptions
    summary = "distribution of the best features in each category of the target"

    def draw(self, exploration: Exploration) -> Iterator[tuple[str, Figure]]:
        """``feature_distributions``: all together; ``feature_NAME``: each alone."""
        ranking = exploration.ranking
        if not self.options.feature_distributions or ranking is None or ranking.values.shape[1] == 0:
            return
        target = _target(exploration.target, ranking.values.index)
        names = _features.best(ranking, self.options.max_feats)
        yield "feature_distributions", _together(ranking, names, target, self.options)
        for name in names:
            yield stem("feature", name), _alone(ranking, name, target, self.options)


def _target(variable: Variable, index: pd.Index) -> _Target:
    values = _parts.aligned(variable, index)
    name = variable.name
    kept = values.notna().to_numpy(copy=True)
    if variable.is_category:
        labels, levels = _parts.categories(values[kept], variable.levels)
        return _Target(name, labels, levels, _parts.tints(variable, levels), kept)
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    kept &= _numbers.usable(numbers)
    return _Target(name, numbers[kept], (), {}, kept)


def _values(ranking: FeatureRanking, name: str, target: _Target) -> np.ndarray:
    column = ranking.values[name]
    return np.asarray((column.iloc[:, 0] if column.ndim > 1 else column)[target.kept], dtype=float)


def _notes(target: _Target, options: Any) -> list[str]:
    if not target.levels:
        return ["Line: least squares, with the 95 % band of the mean, as if samples were independent."]
    found = [ROWS[options.chosen]]
    most = max(np.unique(target.values.astype(str), return_counts=True)[1].tolist(), default=0)
    if options.chosen in ("swarm", "strip") and most > _rows.DOTS:
        found.append(f"At most {_rows.DOTS} samples of each category are drawn, chosen by chance.")
    return found


def _alone(ranking: FeatureRanking, name: str, target: _Target, options: Any) -> Figure:
    """One feature in full size."""
    values = _values(ranking, name, target)
    words = Words(
        f"{short(name, 60)} and {short(target.name)}", _features.lines(ranking, name), _notes(target, options)
    )
    if not _numbers.usable(values).any():
        return _page.blank(options, words, f"no sample has a value of {name} and {target.name}")
    label = shown(name, 60)
    if target.levels:
        figure = _style.new_figure(
            7.2, 0.8 + max(1.2, (0.42 if len(target.levels) <= 12 else 0.32) * len(target.levels))
        )
        axes = figure.subplots()
        _rows.rows(axes, _parts.parts(values, target.values, target.levels, target.tint), options.chosen)
        _style.frame(axes, label, shown(target.name), grid="x")
        axes.tick_params(axis="y", length=0, labelsize=9)
        return _page.finish(figure, options, words)
    known = _numbers.usable(values)
    figure = _style.new_figure(7.0 if known.sum() <= _clouds.DENSE else 8.0, 4.6)
    axes = figure.subplots()
    _style.frame(axes, label, shown(target.name))
    _clouds.single(figure, axes, _clouds.Cloud("", values[known], target.values[known]))
    _clouds.room(axes, values[known], target.values[known])
    return _page.finish(figure, options, words)


def _together(ranking: FeatureRanking, names: Sequence[str], target: _Target, options: Any) -> Figure:
    """Small panels, the best feature first."""
    drawn = list(names[:TOGETHER])
    notes = _notes(target, options)
    if len(drawn) < len(names):
        notes.append(f"The first {TOGETHER} of {len(names)} features.")
    head = f"The best features and {short(target.name)}"
    lines = [f"{len(drawn)} of {len(ranking.table)} features, the best first"]
    across = 3 if len(drawn) in (5, 6, 9) else min(4, len(drawn))
    height = max(1.1, 0.22 * len(target.levels)) if target.levels else 1.7
    longest = max([len(shown(name, 22)) for name in target.levels], default=4)
    figure, panels = _panels.grid(
        len(drawn), 2.35, height, more=0.5 + 0.075 * longest, beside=across, shared=False
    )
    for place, (axes, name) in enumerate(zip(panels, drawn, strict=True)):
        values = _values(ranking, name, target)
        if target.levels:
            found = _parts.parts(values, target.values, target.levels, target.tint)
            _rows.rows(axes, found, options.chosen, small=True)
            _style.frame(axes, grid="x")
            axes.tick_params(axis="y", length=0)
        else:
            _points(axes, values, target.values)
        axes.tick_params(labelsize=8)
        axes.tick_params(axis="y", labelleft=place % across == 0)
        axes.locator_params(axis="x", nbins=5)
        _page.panel_title(axes, f"{place + 1}  {shown(name, 27)}", size=7.5)
    _panels.label(panels, "", shown(target.name), across)
    return _page.finish(figure, options, Words(head, lines, notes))


def _points(axes: Any, values: np.ndarray, target: np.ndarray) -> None:
    """A small cloud with its line."""
    known = np.flatnonzero(_numbers.usable(values))
    drawn = known[_numbers.some(len(known), 2000)]
    axes.scatter(
        values[drawn],
        target[drawn],
        s=6,
        c=_page.pale(_style.MAIN, 0.6),
        linewidths=0,
        rasterized=len(drawn) > 200,
    )
    _clouds.line(axes, _clouds.Cloud("", values[known], target[known]), _style.ACCENT, filled=False)
    _style.frame(axes)
    _clouds.room(axes, values[known], target[known])

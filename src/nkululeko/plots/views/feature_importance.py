"""Which features carry the target, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.families import View
from nkululeko.plots import _features, _page, _style
from nkululeko.plots._letters import short, shown
from nkululeko.plots._page import Words
from nkululeko.plots.views._options import FeatureOptions

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nkululeko.core.exploration import Exploration, FeatureRanking


class FeatureImportance(View):
    """A bar a feature, the best on top; beside it the p-values, corrected for all features."""

    Options = FeatureOptions
    summary = "the best features, with their importance and significance"

    def draw(self, exploration: Exploration) -> Iterator[tuple[str, Figure]]:
        """``feature_importance``."""
        ranking = exploration.ranking
        if ranking is None or ranking.table.empty:
            return
        yield "feature_importance", _picture(ranking, short(exploration.target.name), self.options)


def _picture(ranking: FeatureRanking, target: str, options: Any) -> Figure:
    top = ranking.table.iloc[: options.max_feats]
    ways = [way for way in ranking.ways if way in top]
    effect = (
        str(top["effect_name"].dropna().iloc[0])
        if "effect_name" in top and top["effect_name"].notna().any()
        else ""
    )
    figure = _style.new_figure(8.4, 0.95 + 0.29 * max(len(top), 3))
    axes = figure.subplots()
    places = np.arange(len(top))
    columns = ways or ["effect"]
    each = np.abs(top.reindex(columns=columns).to_numpy(dtype=float, na_value=np.nan))
    bars = np.where(np.isfinite(each), each, 0).mean(axis=1)
    axes.barh(places, bars, color=_style.MAIN if len(ways) < 2 else _style.SHADES[1], height=0.7)
    if len(ways) > 1:
        _dots(axes, each, ways)
    axes.set_yticks(places, [shown(name, 44) for name in top.index])
    axes.set_ylim(len(top) - 0.45, -0.55)
    axes.set_xlim(0, 1.03 * float(np.nanmax(np.append(each, bars[:, None], axis=1), initial=0)) or 1.0)
    label = "importance" if len(ways) == 1 else "importance, mean of all ways" if ways else effect or "effect"
    _style.frame(axes, label, grid="x")
    axes.tick_params(axis="y", length=0, labelsize=9)
    _significance(axes, top)
    lines = [f"{len(top)} of {len(ranking.table)} features"]
    if ways:
        lines[0] += f", ranked by {_list(ways)}"
    elif effect:
        lines[0] += f", ranked by effect size ({effect})"
    order = ["In the order of the averaged ranks."] if len(ways) > 1 else []
    notes = [*order, "p: corrected for all features. *** p < .001, ** p < .01, * p < .05", *ranking.notes]
    return _page.finish(figure, options, Words(f"Which features go with {target}", lines, notes))


def _list(words: list[str]) -> str:
    """Words in a row: ``a, b and c``."""
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _dots(axes: Axes, each: np.ndarray, ways: list[str]) -> None:
    """What each way says, on the bar of the mean."""
    for place, way in enumerate(ways):
        axes.plot(
            each[:, place], np.arange(len(each)), linestyle="none", marker=_page.marker(place), markersize=6,
            color=_page.colour(place), markeredgecolor="white", markeredgewidth=0.6, label=shown(way),
        )  # fmt: skip
    # above the bars: beside or below them it would hide some
    axes.legend(
        loc="lower left", bbox_to_anchor=(0, 1.005), ncols=len(ways) if len(ways) <= 4 else 3, fontsize=8.5,
        frameon=False, labelcolor=_style.INK, borderaxespad=0, handletextpad=0.2, columnspacing=1.2,
    )  # fmt: skip


def _significance(axes: Axes, top: pd.DataFrame) -> None:
    """Columns of p-values to the right of the bars."""
    kinds = [("p_corrected", "samples"), ("p_speakers_corrected", "speakers")]
    place = 10.0
    for column, head in kinds:
        if column not in top or top[column].isna().all():
            continue
        _beside(axes, -0.95, place, f"p, {head}", _style.SOFT)
        for row in range(len(top)):
            p = _features.known(top.iloc[row], column)
            text = "n/a" if p != p else "< .001" if p < 0.001 else _style.number(p)
            _beside(axes, row, place, f"{text} {_page.stars(p)}", _style.INK)
        place += 72.0


def _beside(axes: Axes, row: float, place: float, text: str, colour: str) -> None:
    """A word to the right of a row; its place in points from the edge, so that the layout knows its width."""
    axes.annotate(
        text, (1, row), (place, 0), xycoords=("axes fraction", "data"), textcoords="offset points",
        fontsize=8.5, va="center_baseline", color=colour, annotation_clip=False,
    )  # fmt: skip

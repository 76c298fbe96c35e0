"""Several runs side by side: how far the figure depends on the seed, and how far on the speakers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nkululeko.core.families import Plot
from nkululeko.plots import _style
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nkululeko.core.result import Result

#: more runs than this are not numbered one by one
MOST_NUMBERED = 25


class RunsCompare(Plot):
    """A dot a run with its interval over speakers; behind them the mean of the runs and their deviation."""

    Options = PlotOptions
    summary = "a measure run by run with its interval; mean and deviation over the runs (EXP.runs)"
    when = "runs_compare"

    def applies(self, result: Result) -> bool:
        """Whether there were several runs whose figures were asked for."""
        return bool(result.compared) and result.runs is not None

    def draw(self, result: Result) -> Figure:
        """Runs from left to right, the measure upwards."""
        assert result.compared and result.runs is not None
        value, low, high = (
            np.array([getattr(score, name) for score in result.compared], dtype=float)
            for name in ("value", "low", "high")
        )
        chosen = result.runs["chosen"].to_numpy(dtype=bool)
        place = result.runs["run"].to_numpy(dtype=float)
        known = value[np.isfinite(value)]
        mean = float(known.mean()) if len(known) else float("nan")
        deviation = float(known.std(ddof=1)) if len(known) > 1 else float("nan")
        figure = _style.new_figure(min(max(5.6, 2.6 + 0.36 * len(place)), 11.0), 4.8)
        axes = figure.subplots()
        if np.isfinite(deviation):
            axes.axhspan(mean - deviation, mean + deviation, color="#E3E9EF", linewidth=0, zorder=0)
        axes.axhline(mean, color=_style.SOFT, linewidth=1.2, linestyle="--", zorder=1)
        size = 46 if len(place) <= MOST_NUMBERED else 16
        for mask, colour, marker, name in (
            (~chosen, _style.MAIN, "o", "a run"),
            (chosen, _style.ACCENT, "D", "the run that is kept"),
        ):
            axes.vlines(place[mask], low[mask], high[mask], color=colour, linewidth=1.6, zorder=2)
            axes.scatter(
                place[mask], value[mask], s=size, c=colour, marker=marker, edgecolors="white", linewidths=0.6,
                zorder=3, label=name,
            )  # fmt: skip
        axes.set_xlim(place.min() - 0.8, place.max() + 0.8)
        if len(place) <= MOST_NUMBERED:
            axes.set_xticks(place, [f"{number:.0f}" for number in place])
        label = _style.plain(result.compared[0].label)
        _style.frame(axes, "run", f"{label}, test set", grid="y")
        axes.legend(
            loc="upper center", bbox_to_anchor=(0.5, -0.15), ncols=2, fontsize=_style.TICK_SIZE, frameon=False,
            labelcolor=_style.INK,
        )  # fmt: skip
        unit, level = result.interval.unit, 100 * result.interval.level
        _style.title(
            axes,
            self.options,
            f"{len(place)} runs: {_style.plain(result.target)}",
            f"{label} {_style.number(mean)} ± {_style.number(deviation)} (mean and deviation over the seeds)",
            f"grey: that deviation; lines: {level:.0f} % interval over {unit}",
        )
        return _style.finish(figure)

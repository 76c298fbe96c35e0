"""Scatter plot of a regression: prediction against truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nkululeko.core.families import Plot
from nkululeko.plots import _style
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nkululeko.core.result import Result


class Scatter(Plot):
    """One dot a test sample; on the line, prediction and truth agree."""

    Options = PlotOptions
    summary = "prediction against truth, with the line of perfect agreement"
    tasks = ("regression",)

    def applies(self, result: Result) -> bool:
        """Whether there are predictions."""
        return len(result.predictions) > 0

    def draw(self, result: Result) -> Figure:
        """Truth on the x axis, prediction on the y axis, both on the same scale."""
        truth = result.predictions["truth"].to_numpy(dtype=float)
        prediction = result.predictions["prediction"].to_numpy(dtype=float)
        both = np.concatenate([truth, prediction])
        both = both[np.isfinite(both)]
        low, high = (both.min(), both.max()) if both.size else (0.0, 1.0)
        margin = 0.05 * (high - low) or 0.5
        ends = (low - margin, high + margin)
        figure = _style.new_figure(5.4, 5.8)
        axes = figure.subplots()
        axes.plot(ends, ends, color=_style.ACCENT, linewidth=1.5, label="perfect agreement", zorder=3)
        _style.scatter(axes, truth, prediction, count=len(truth))
        axes.set_xlim(ends)
        axes.set_ylim(ends)
        axes.set_aspect("equal")
        target = _style.plain(result.target)
        _style.frame(axes, f"true {target}", f"predicted {target}")
        axes.legend(loc="upper left", fontsize=_style.TICK_SIZE, frameon=False, labelcolor=_style.INK)
        shown = [result.scores[name] for name in ("ccc", "pcc") if name in result.scores]
        lines = [_style.score_text(score) for score in shown or [result.headline]]
        _style.title(axes, self.options, f"Prediction against truth: {target}", *lines)
        return _style.finish(figure)

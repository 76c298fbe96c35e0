"""Scatter plot of a regression: prediction against truth."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Plot
from nkululeko.plots._agreement import agreement
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
        return agreement(
            result.predictions["truth"].to_numpy(dtype=float),
            result.predictions["prediction"].to_numpy(dtype=float),
            self.options,
            result.target,
            "Prediction against truth",
            result.scores,
            result.measure,
        )

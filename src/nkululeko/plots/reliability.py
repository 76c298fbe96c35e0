"""Reliability curve: is a confidence of 80 % right in 80 % of the cases?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nkululeko.core.families import Plot
from nkululeko.plots import _style
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nkululeko.core.result import Result


class Reliability(Plot):
    """Share of correct answers over the stated confidence, and how many samples each point rests on."""

    Options = PlotOptions
    also = ("calibration",)
    summary = "reliability curve: share of correct answers over stated confidence, with counts"
    tasks = ("classification",)

    def applies(self, result: Result) -> bool:
        """Whether the model gave probabilities."""
        return result.calibration is not None and bool((result.calibration.bins["count"] > 0).any())

    def draw(self, result: Result) -> Figure:
        """Curve above, number of samples below, on a common axis of confidence."""
        calibration = result.calibration
        assert calibration is not None
        bins = calibration.bins[calibration.bins["count"] > 0]
        confidence = bins["confidence"].to_numpy(dtype=float)
        accuracy = bins["accuracy"].to_numpy(dtype=float)
        count = bins["count"].to_numpy(dtype=float)
        figure = _style.new_figure(5.4, 6.2)
        curve, bars = figure.subplots(2, 1, sharex=True, height_ratios=(3.4, 1))
        curve.plot((0, 1), (0, 1), color=_style.SOFT, linewidth=1.2, linestyle="--")
        curve.plot(confidence, accuracy, color=_style.MAIN, linewidth=1.8)
        # the area of a dot grows with the samples behind it, so that a stray dot is not over-read
        sizes = 24 + 120 * count / count.max()
        curve.scatter(
            confidence, accuracy, s=sizes, c=_style.MAIN, edgecolors="white", linewidths=0.8, zorder=3
        )
        curve.set_xlim(0, 1)
        curve.set_ylim(-0.03, 1.03)
        _style.frame(curve, "", "share of correct answers")
        _notes(curve)
        width = 0.8 * min(0.1, 1 / max(len(calibration.bins), 1))
        bars.bar(confidence, count, width=width, color=_style.MAIN)
        for x, n in zip(confidence, count, strict=True):
            bars.annotate(
                f"{n:.0f}",
                (x, n),
                xytext=(0, 2),
                textcoords="offset points",
                ha="center",
                va="bottom",
                fontsize=8,
                color=_style.INK,
            )
        bars.set_ylim(0, 1.3 * float(np.max(count)))
        _style.frame(bars, "confidence of the model", "samples", grid="y")
        ece = f"ECE {_style.number(calibration.ece)} (0: confidence and hit rate agree)"
        _style.title(curve, self.options, f"Reliability: {_style.plain(result.target)}", ece)
        return _style.finish(figure)


def _notes(axes: Axes) -> None:
    """Say which side of the diagonal means what."""
    for x, y, text in ((0.04, 0.93, "too modest"), (0.96, 0.04, "too sure of itself")):
        axes.text(
            x,
            y,
            text,
            transform=axes.transAxes,
            ha="left" if x < 0.5 else "right",
            fontsize=_style.TICK_SIZE,
            color=_style.SOFT,
            style="italic",
        )

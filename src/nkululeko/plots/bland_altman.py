"""Bland-Altman plot of a regression: do the errors depend on the value?"""

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


def limits(truth: np.ndarray, prediction: np.ndarray) -> tuple[float, float, float]:
    """Mean difference and the 95 % limits of agreement: lower limit, mean, upper limit.

    Mean difference (prediction minus truth) plus or minus 1.96 standard deviations.
    Source: Bland & Altman (1986), "Statistical methods for assessing agreement between two methods of
    clinical measurement", The Lancet 327.

    Args:
        truth: shape ``(samples,)``
        prediction: shape ``(samples,)``

    Example:
        >>> import numpy as np
        >>> limits(np.array([1.0, 2.0, 3.0]), np.array([2.0, 2.0, 2.0]))
        (-1.96, 0.0, 1.96)
    """
    difference = prediction - truth
    mean = float(difference.mean())
    spread = 1.96 * float(difference.std(ddof=1)) if len(difference) > 1 else float("nan")
    return mean - spread, mean, mean + spread


class BlandAltman(Plot):
    """Difference of prediction and truth over their mean, with the limits that hold 95 % of the errors."""

    Options = PlotOptions
    summary = "difference of prediction and truth over their mean, with 95 % limits of agreement"
    tasks = ("regression",)

    def applies(self, result: Result) -> bool:
        """Whether there are at least two predictions."""
        return len(result.predictions) > 1

    def draw(self, result: Result) -> Figure:
        """Mean of prediction and truth on the x axis, their difference on the y axis."""
        truth = result.predictions["truth"].to_numpy(dtype=float)
        prediction = result.predictions["prediction"].to_numpy(dtype=float)
        known = np.isfinite(truth) & np.isfinite(prediction)
        truth, prediction = truth[known], prediction[known]
        figure = _style.new_figure(6.6, 4.8)
        axes = figure.subplots()
        _style.scatter(axes, (truth + prediction) / 2, prediction - truth, count=len(truth))
        axes.axhline(0, color=_style.SOFT, linewidth=0.8)
        target = _style.plain(result.target)
        _style.frame(axes, f"mean of true and predicted {target}", "prediction minus truth")
        lines = []
        if len(truth) > 1:
            low, mean, high = limits(truth, prediction)
            _lines(axes, low, mean, high)
            lines = [
                f"mean difference {_style.number(mean)}, "
                f"95 % limits of agreement {_style.number(low)} to {_style.number(high)}"
            ]
        _style.title(axes, self.options, f"Bland-Altman: {target}", *lines, width=70)
        return _style.finish(figure)


def _lines(axes: Axes, low: float, mean: float, high: float) -> None:
    """The mean difference and the limits, with their values at the right edge."""
    for value, style, name in ((high, "--", "+1.96 SD"), (mean, "-", "mean"), (low, "--", "-1.96 SD")):
        axes.axhline(value, color=_style.ACCENT, linestyle=style, linewidth=1.5)
        axes.annotate(
            f"{name}\n{_style.number(value)}",
            xy=(1.01, value),
            xycoords=("axes fraction", "data"),
            va="center",
            fontsize=_style.TICK_SIZE,
            color=_style.ACCENT,
        )
    room = 0.15 * (high - low) or 0.5
    bottom, top = axes.get_ylim()
    axes.set_ylim(min(bottom, low - room), max(top, high + room))

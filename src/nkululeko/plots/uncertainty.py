"""Risk-coverage curve: how often is the model wrong if it may leave out what it is not sure of?"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.families import Plot
from nkululeko.core.plugin import option
from nkululeko.plots import _style
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from nkululeko.core.result import Result

#: of fewer answers than this share the curve is not drawn: one mistake more or less would make it jump
FIRST = 0.05


class UncertaintyOptions(PlotOptions):
    """Which certainty is marked."""

    uncertainty_threshold: float | None = option(
        None, "mark what is gained by leaving out predictions less certain than this", ge=0, le=1
    )


class Uncertainty(Plot):
    """Share of wrong answers over the share of answers kept, the surest first."""

    Options = UncertaintyOptions
    summary = "risk-coverage curve: share of wrong answers if only the surest are kept"
    tasks = ("classification",)

    def applies(self, result: Result) -> bool:
        """Whether it is known how sure the model is of each answer."""
        return _curve(result) is not None

    def draw(self, result: Result) -> Figure:
        """One curve: what is kept to the right, what of it is wrong upwards."""
        options: Any = self.options
        curve = _curve(result)
        assert curve is not None
        coverage, risk = curve["coverage"].to_numpy(dtype=float), curve["risk"].to_numpy(dtype=float)
        shown = coverage >= min(FIRST, coverage[-1])
        figure = _style.new_figure(6.2, 4.9)
        axes = figure.subplots()
        axes.plot((0, 1), (risk[-1], risk[-1]), color=_style.SOFT, linewidth=1.2, linestyle="--")
        axes.annotate(
            "certainty says nothing",
            (0.01, risk[-1]),
            xytext=(0, 3),
            textcoords="offset points",
            fontsize=_style.TICK_SIZE,
            color=_style.SOFT,
            style="italic",
        )
        axes.plot(coverage[shown], risk[shown], color=_style.MAIN, linewidth=1.8)
        axes.set_xlim(0, 1)
        axes.set_ylim(0, max(1.25 * float(risk[shown].max()), 0.05))
        _style.frame(axes, "share of answers kept, the surest first", "share of these that is wrong")
        lines = [f"all answers: {_percent(risk[-1])} wrong; {_half(coverage, risk)}"]
        if options.uncertainty_threshold is not None:
            lines.append(_mark(axes, curve, options.uncertainty_threshold))
        heading = f"Leaving out doubtful answers: {_style.plain(result.target)}"
        _style.title(axes, options, heading, *lines)
        return _style.finish(figure)


def _curve(result: Result) -> pd.DataFrame | None:
    """The table ``coverage``, ``risk``, ``threshold`` of a result, the surest first; None where it has none."""
    curve = getattr(result, "uncertainty", None)
    return None if curve is None or curve.empty else curve


def _half(coverage: np.ndarray, risk: np.ndarray) -> str:
    """What the surer half of the answers is like, or what comes nearest to it: equally certain ones stay together."""
    kept = int(np.abs(coverage - 0.5).argmin())
    if coverage[kept] > 0.999:
        return "all are equally certain"
    return f"the surest {_percent(coverage[kept])}: {_percent(risk[kept])}"


def _mark(axes: Axes, curve: pd.DataFrame, threshold: float) -> str:
    """A dot where the threshold lies; returns what it means in words."""
    kept = curve[curve["threshold"] >= threshold]
    if kept.empty:
        return f"no answer has a certainty of {threshold:g} or more"
    x, y = float(kept["coverage"].iloc[-1]), float(kept["risk"].iloc[-1])
    axes.plot((x, x), (0, y), color=_style.ACCENT, linewidth=1.2, linestyle=":")
    axes.scatter([x], [y], s=52, c=_style.ACCENT, edgecolors="white", linewidths=0.8, zorder=3, clip_on=False)
    return f"certainty from {threshold:g} on: {_percent(x)} are kept, {_percent(y)} of them wrong"


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"

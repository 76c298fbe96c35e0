"""Feature importance: what the model listened to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from nkululeko.core.families import Plot
from nkululeko.core.plugin import option
from nkululeko.plots import _style
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nkululeko.core.result import Result


class ImportanceOptions(PlotOptions):
    """How many features are shown."""

    max_feats: int = option(20, "features shown, the most important first", ge=1, le=100)


class Importance(Plot):
    """The most important features as bars, the first on top."""

    Options = ImportanceOptions
    summary = "the most important features"

    def applies(self, result: Result) -> bool:
        """Whether the model tells how important features are."""
        return result.importance is not None and len(result.importance) > 0

    def draw(self, result: Result) -> Figure:
        """One bar a feature."""
        options: Any = self.options
        importance = result.importance
        assert importance is not None
        top = importance.iloc[: options.max_feats]
        names = [_style.plain(name, 44) for name in top.index]
        figure = _style.new_figure(7.2, 1.4 + 0.26 * len(top))
        axes = figure.subplots()
        axes.barh(range(len(top)), top.to_numpy(dtype=float), color=_style.MAIN, height=0.72)
        axes.set_yticks(range(len(top)), names)
        axes.invert_yaxis()
        axes.margins(y=0.01)
        _style.frame(axes, "importance", grid="x")
        axes.tick_params(axis="y", length=0, labelsize=9)
        heading = f"Feature importance: {_style.plain(result.target)}"
        _style.title(axes, self.options, heading, f"{len(top)} of {len(importance)} features")
        return _style.finish(figure)

"""Learning curves of a neural net: losses and measure, epoch by epoch."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Plot
from nkululeko.plots import _progression
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nkululeko.core.result import Result


class EpochProgression(Plot):
    """Loss on training and watched data, and the measure on the watched data, with the epoch that was kept."""

    Options = PlotOptions
    summary = "learning curves: losses and measure epoch by epoch, with the epoch that was kept"
    when = "epoch_progression"

    def applies(self, result: Result) -> bool:
        """Whether the model learned in epochs."""
        return _progression.history(result) is not None

    def draw(self, result: Result) -> Figure:
        """Losses above, the measure below; several runs or folds as thin lines."""
        return _progression.figure(result, self.options)

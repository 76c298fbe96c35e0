"""Confusion matrix: which class was taken for which."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Plot
from nkululeko.plots import _style
from nkululeko.plots._confusion import matrix
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nkululeko.core.result import Result


class ConfusionMatrix(Plot):
    """Counts in each cell; the shade is the share of the true class, so rare classes can be read too."""

    Options = PlotOptions
    also = ("confusion",)
    summary = "confusion matrix: counts, shaded by the share of the true class"
    tasks = ("classification",)

    def applies(self, result: Result) -> bool:
        """Whether there is a confusion matrix."""
        return result.confusion is not None and result.confusion.size > 0

    def draw(self, result: Result) -> Figure:
        """One row a true class, one column a predicted one."""
        assert result.confusion is not None
        heading = f"Confusion matrix: {_style.plain(result.target)}"
        return matrix(result.confusion, self.options, heading, _style.headline(result))

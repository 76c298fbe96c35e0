"""One answer a speaker: which class was taken for which, or predicted numbers against true ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Plot
from nkululeko.plots import _style
from nkululeko.plots._agreement import agreement
from nkululeko.plots._confusion import matrix
from nkululeko.plots._style import PlotOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nkululeko.core.result import Result


class PerSpeaker(Plot):
    """As the plots of the samples, but each speaker counts once."""

    Options = PlotOptions
    summary = "one answer a speaker: confusion matrix, or prediction against truth"
    when = "combine_per_speaker"

    def applies(self, result: Result) -> bool:
        """Whether answers were combined, and there is a speaker whose samples have one truth."""
        return result.combined is not None and len(result.combined.answers) > 0

    def draw(self, result: Result) -> Figure:
        """Counts are speakers; a dot is a speaker."""
        combined = result.combined
        assert combined is not None
        if combined.confusion is not None:
            heading = f"Confusion matrix by speaker: {_style.plain(result.target)}"
            line = _style.score_text(combined.scores[result.measure])
            return matrix(combined.confusion, self.options, heading, line, "speakers")
        return agreement(
            combined.answers["truth"].to_numpy(dtype=float),
            combined.answers["prediction"].to_numpy(dtype=float),
            self.options,
            result.target,
            "One dot a speaker",
            combined.scores,
            result.measure,
        )

"""What goes with the target: each column that was asked for, over samples and over speakers."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from nkululeko.core.families import View
from nkululeko.plots import _pair
from nkululeko.plots._files import stem
from nkululeko.plots.views._options import PairOptions

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from nkululeko.core.exploration import Exploration


class Associations(View):
    """Bars, histograms or points of two variables, as their kinds ask for."""

    Options = PairOptions
    summary = "each column against the target, over samples and over speakers"

    def draw(self, exploration: Exploration) -> Iterator[tuple[str, Figure]]:
        """``NAME_samples``, and ``NAME_speakers`` where speakers are known."""
        for association in exploration.associations:
            yield (
                stem(association.name, "samples"),
                _pair.picture(association, "samples", self.options),
            )
            if association.speakers is not None:
                yield (
                    stem(association.name, "speakers"),
                    _pair.picture(association, "speakers", self.options),
                )

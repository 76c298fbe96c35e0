"""Features that were asked for by name, against the target."""

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


class ShownFeatures(View):
    """Histograms or density curves of a feature by category, points against a target that is a number."""

    Options = PairOptions
    summary = "features that were asked for, against the target"

    def draw(self, exploration: Exploration) -> Iterator[tuple[str, Figure]]:
        """``shown_NAME_samples``, and ``shown_NAME_speakers`` where speakers are known."""
        for association in exploration.shown:
            own = association.name.startswith(("shown", "feature"))
            name = association.name if own else f"shown_{association.name}"
            yield (
                stem(name, "samples"),
                _pair.picture(association, "samples", self.options),
            )
            if association.speakers is not None:
                yield (
                    stem(name, "speakers"),
                    _pair.picture(association, "speakers", self.options),
                )

"""Pairs of numbers with their regression line."""

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


class Regplots(View):
    """Points, the line of least squares and its band; by a third variable where there is one."""

    Options = PairOptions
    summary = "pairs of numbers, with a regression line"

    def draw(self, exploration: Exploration) -> Iterator[tuple[str, Figure]]:
        """``regplot_X_Y``, or the name of the pair where it begins so; with the third variable if X, Y come twice."""
        seen: set[str] = set()
        for pair in exploration.pairs:
            own = pair.name.startswith("regplot")
            name = stem(pair.name) if own else stem("regplot", pair.x.name, pair.y.name)
            if name in seen and pair.group is not None:
                name = stem("regplot", pair.x.name, pair.y.name, pair.group.name)
            seen.add(name)
            yield name, _pair.picture(pair, "samples", self.options)

"""Options that several views share."""

from __future__ import annotations

from typing import Literal

from nkululeko.core.plugin import option
from nkululeko.plots._style import PlotOptions

Kind = Literal["violin", "box", "bar", "swarm", "strip"]


class PairOptions(PlotOptions):
    """How two variables are drawn side by side."""

    dist_type: Literal["hist", "kde"] = option(
        "hist", "distributions of numbers: histograms or density curves"
    )
    fill_areas: bool = option(False, "fill the areas below curves")


class FeatureOptions(PlotOptions):
    """How many features are drawn."""

    max_feats: int = option(10, "features drawn, the best first", ge=1, le=100)


class DistributionOptions(FeatureOptions):
    """How features are drawn by category."""

    feature_distributions: bool | Kind = option(True, "draw them; or how")
    kind: Kind | None = option(None, "violin, box, bar (mean with 95 % interval), swarm or strip (dots)")

    @property
    def chosen(self) -> Kind:
        """How they are drawn."""
        asked = self.feature_distributions
        return self.kind or (asked if isinstance(asked, str) else "violin")

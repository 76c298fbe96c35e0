"""Target ``dominance``: how much in control somebody sounds, by a public network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Predictor

if TYPE_CHECKING:
    import pandas as pd


class Dominance(Predictor):
    """About 0 (weak) to 1 (in control); see the feature set ``auddim``."""

    feature_set_name = "auddim"
    summary = "dominance, about 0 to 1"

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The column ``dominance``."""
        return features[["dominance"]].set_axis(["pred"], axis=1)

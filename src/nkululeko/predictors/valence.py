"""Target ``valence``: how pleased somebody sounds, by a public network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Predictor

if TYPE_CHECKING:
    import pandas as pd


class Valence(Predictor):
    """About 0 (displeased) to 1 (pleased); see the feature set ``auddim``."""

    feature_set_name = "auddim"
    summary = "valence, about 0 to 1"

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The column ``valence``."""
        return features[["valence"]].set_axis(["pred"], axis=1)

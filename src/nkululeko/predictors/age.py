"""Target ``age``: how old somebody sounds, by a public network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Predictor

if TYPE_CHECKING:
    import pandas as pd


class Age(Predictor):
    """In years; see the feature set ``agender_agender``."""

    feature_set_name = "agender_agender"
    summary = "age in years"

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The column ``age``."""
        return features[["age"]].set_axis(["pred"], axis=1)

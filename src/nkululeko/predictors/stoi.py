"""Target ``stoi``: how well speech can be understood, estimated by a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Predictor

if TYPE_CHECKING:
    import pandas as pd


class Stoi(Predictor):
    """0 to 1; see the feature set ``squim``."""

    feature_set_name = "stoi"
    summary = "intelligibility (STOI), 0 to 1"

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The column ``stoi``."""
        return features[["stoi"]].set_axis(["pred"], axis=1)

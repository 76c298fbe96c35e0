"""Target ``arousal``: how excited somebody sounds, by a public network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Predictor

if TYPE_CHECKING:
    import pandas as pd


class Arousal(Predictor):
    """About 0 (calm) to 1 (excited); see the feature set ``auddim``."""

    feature_set_name = "auddim"
    summary = "arousal, about 0 to 1"

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The column ``arousal``."""
        return features[["arousal"]].set_axis(["pred"], axis=1)

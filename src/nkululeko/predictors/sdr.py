"""Target ``sdr``: how little speech is distorted, estimated by a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Predictor

if TYPE_CHECKING:
    import pandas as pd


class Sdr(Predictor):
    """In dB; see the feature set ``squim``."""

    feature_set_name = "sdr"
    summary = "signal-to-distortion ratio in dB"

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The column ``sdr``."""
        return features[["sdr"]].set_axis(["pred"], axis=1)

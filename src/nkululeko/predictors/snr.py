"""Target ``snr``: how far speech stands above the noise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Predictor

if TYPE_CHECKING:
    import pandas as pd


class Snr(Predictor):
    """In dB, by minimum statistics; see the feature set ``snr``."""

    feature_set_name = "snr"
    summary = "signal-to-noise ratio in dB"

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The column ``snr``."""
        return features[["snr"]].set_axis(["pred"], axis=1)

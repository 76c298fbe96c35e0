"""Target ``mos``: how good listeners would find a recording, estimated by a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Predictor

if TYPE_CHECKING:
    import pandas as pd


class Mos(Predictor):
    """1 (bad) to 5 (excellent); needs ``mos.reference``, a recording of clean speech; see the feature set ``mos``."""

    feature_set_name = "mos"
    summary = "mean opinion score, 1 to 5"

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The column ``mos``."""
        return features[["mos"]].set_axis(["pred"], axis=1)

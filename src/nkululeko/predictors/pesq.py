"""Target ``pesq``: how good speech sounds (PESQ), estimated by a network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Predictor

if TYPE_CHECKING:
    import pandas as pd


class Pesq(Predictor):
    """1 (bad) to about 4.6; see the feature set ``squim``."""

    feature_set_name = "pesq"
    summary = "quality of the recording (PESQ), 1 to about 4.6"

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The column ``pesq``."""
        return features[["pesq"]].set_axis(["pred"], axis=1)

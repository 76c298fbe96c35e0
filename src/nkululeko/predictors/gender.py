"""Target ``gender``: female, male or child, by a public network."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.core.families import Predictor
from nkululeko.predictors._classes import likeliest

if TYPE_CHECKING:
    import pandas as pd


class Gender(Predictor):
    """``female``, ``male`` or ``child``, with their probabilities; see the feature set ``agender_agender``."""

    feature_set_name = "agender_agender"
    summary = "female, male or child, with probabilities"

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The likeliest of the three."""
        return likeliest(features[["female", "male", "child"]])

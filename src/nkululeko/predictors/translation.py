"""Target ``translation``: what is said, translated into English by Whisper."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nkululeko.core.families import FeatureSet, Predictor
from nkululeko.predictors._networks import opened
from nkululeko.predictors._whisper import WhisperEnglish

if TYPE_CHECKING:
    import pandas as pd

MODEL = "openai/whisper-small"


class Translation(Predictor):
    """As text; what nobody says is empty. ``translation.model`` names another Whisper."""

    summary = "what is said, in English"
    _network: WhisperEnglish

    def feature_set(self, options: Mapping[str, Any]) -> FeatureSet:
        """The network."""
        self._network = opened(WhisperEnglish, "translation", options, MODEL)
        return self._network

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The words of each row."""
        import pandas as pd

        words = [self._network.text(row) for row in features.to_numpy(dtype=float)]
        return pd.DataFrame({"pred": words}, index=features.index)

"""Target ``emotion``: a class of emotion, by a network for audio classification."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nkululeko.core.families import FeatureSet, Predictor
from nkululeko.predictors._audio_classes import AudioClasses
from nkululeko.predictors._classes import likeliest
from nkululeko.predictors._networks import opened

if TYPE_CHECKING:
    import pandas as pd

#: four acted emotions of American English (Yang et al. 2021)
MODEL = "superb/hubert-large-superb-er"


class Emotion(Predictor):
    """The classes of the checkpoint, whatever they are: ``emotion.model`` names any for audio classification."""

    summary = "a class of emotion, with probabilities"

    def feature_set(self, options: Mapping[str, Any]) -> FeatureSet:
        """The network."""
        return opened(AudioClasses, "emotion", options, MODEL)

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The likeliest class."""
        return likeliest(features)

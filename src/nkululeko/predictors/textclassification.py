"""Target ``textclassification``: a class of what is said, from a column of text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import FeatureSet, Predictor
from nkululeko.predictors._classes import likeliest
from nkululeko.predictors._text_classes import TextClasses

if TYPE_CHECKING:
    import pandas as pd

#: negative, neutral or positive, in several languages
MODEL = "cardiffnlp/twitter-xlm-roberta-base-sentiment"


class TextClassification(Predictor):
    """The classes of the checkpoint: ``textclassification.model`` names any that sorts texts."""

    summary = "a class of what is said (column text, text_pred or transcription), with probabilities"

    def feature_set(self, options: Mapping[str, Any]) -> FeatureSet:
        """The network."""
        unknown = [name for name in options if name != "model"]
        if unknown:
            raise NkululekoError(
                f"target 'textclassification' has no option '{unknown[0]}'", "PREDICT", "remove it"
            )
        chosen = TextClasses.Options(model=options.get("model") or MODEL)
        return TextClasses(chosen, "textclassification")

    def convert(self, features: pd.DataFrame) -> pd.DataFrame:
        """The likeliest class."""
        return likeliest(features)

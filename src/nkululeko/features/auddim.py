"""Feature set ``auddim``: arousal, dominance and valence by audEERING's network (Wagner et al. 2023)."""

from __future__ import annotations

from nkululeko.features._heads import EMOTION_MODEL, HeadOutputs
from nkululeko.features._transformer import NetworkOptions, model_option
from nkululeko.pretrained.heads import EMOTION


class AudDimOptions(NetworkOptions):
    """Which network."""

    model: str = model_option(EMOTION_MODEL)


class AudDim(HeadOutputs):
    """``arousal``, ``dominance`` and ``valence``, each about 0 to 1."""

    Options = AudDimOptions
    heads = EMOTION
    summary = "arousal, dominance and valence (0 to 1), as a pretrained network hears them"

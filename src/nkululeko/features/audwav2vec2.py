"""Feature set ``audwav2vec2``: embeddings of audEERING's network for emotions (Wagner et al. 2023)."""

from __future__ import annotations

from nkululeko.features._heads import EMOTION_MODEL, LICENCE
from nkululeko.features._transformer import Transformer, TransformerOptions, model_option
from nkululeko.pretrained.heads import EMOTION


class AudWav2vec2Options(TransformerOptions):
    """Which network."""

    model: str = model_option(EMOTION_MODEL)


class AudWav2vec2(Transformer):
    """Hidden layers of a wav2vec 2.0 that was trained on to tell arousal, dominance and valence."""

    Options = AudWav2vec2Options
    heads = EMOTION
    like = "wav2vec"
    licence = LICENCE
    summary = "embeddings of a wav2vec 2.0 that was trained to tell arousal, dominance and valence"

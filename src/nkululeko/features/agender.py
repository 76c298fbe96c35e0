"""Feature set ``agender``: embeddings of audEERING's network for age and gender (Burkhardt et al. 2023)."""

from __future__ import annotations

from nkululeko.features._heads import AGE_MODEL, LICENCE
from nkululeko.features._transformer import Transformer, TransformerOptions, model_option
from nkululeko.pretrained.heads import AGE_GENDER


class AgenderOptions(TransformerOptions):
    """Which network."""

    model: str = model_option(AGE_MODEL)


class Agender(Transformer):
    """Hidden layers of a wav2vec 2.0 that was trained on to tell age and gender."""

    Options = AgenderOptions
    heads = AGE_GENDER
    like = "wav2vec"
    licence = LICENCE
    summary = "embeddings of a wav2vec 2.0 that was trained to tell age and gender"

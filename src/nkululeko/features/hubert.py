"""Feature set ``hubert``: embeddings of HuBERT (Hsu et al. 2021)."""

from __future__ import annotations

from nkululeko.features._transformer import Transformer, TransformerOptions, model_option


class HubertOptions(TransformerOptions):
    """Which HuBERT."""

    model: str = model_option("facebook/hubert-large-ll60k")


class Hubert(Transformer):
    """Hidden layers of HuBERT; ``hubert-base-ls960`` names a model of facebook's on the hub."""

    Options = HubertOptions
    publisher = "facebook"
    summary = "embeddings of HuBERT"

"""Feature set ``wavlm``: embeddings of WavLM (Chen et al. 2022)."""

from __future__ import annotations

from nkululeko.features._transformer import Transformer, TransformerOptions, model_option


class WavlmOptions(TransformerOptions):
    """Which WavLM."""

    model: str = model_option("microsoft/wavlm-large")


class Wavlm(Transformer):
    """Hidden layers of WavLM; ``wavlm-base-plus`` names a model of microsoft's on the hub."""

    Options = WavlmOptions
    publisher = "microsoft"
    summary = "embeddings of WavLM"

"""Feature set ``whisper``: embeddings of Whisper's encoder (Radford et al. 2023)."""

from __future__ import annotations

from nkululeko.features._transformer import Transformer, TransformerOptions, model_option


class WhisperOptions(TransformerOptions):
    """Which Whisper."""

    model: str = model_option("openai/whisper-base")


class Whisper(Transformer):
    """Hidden layers of Whisper's encoder; ``whisper-small`` names a model of openai's on the hub.

    Whisper fills every piece up to 30 s; the frames of the filling are left out of the average.
    """

    Options = WhisperOptions
    publisher = "openai"
    summary = "embeddings of Whisper's encoder"

"""Feature set ``wav2vec``: embeddings of wav2vec 2.0 (Baevski et al. 2020)."""

from __future__ import annotations

from nkululeko.features._transformer import Transformer, TransformerOptions, model_option


class Wav2vecOptions(TransformerOptions):
    """Which wav2vec 2.0."""

    model: str = model_option("facebook/wav2vec2-large-robust-ft-swbd-300h")


class Wav2vec(Transformer):
    """Hidden layers of wav2vec 2.0, XLS-R and MMS; ``wav2vec2-base-960h`` names a model of facebook's on the hub."""

    Options = Wav2vecOptions
    publisher = "facebook"
    summary = "embeddings of wav2vec 2.0"

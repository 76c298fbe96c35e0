"""Feature set ``ast``: embeddings of the Audio Spectrogram Transformer (Gong, Chung and Glass 2021)."""

from __future__ import annotations

from nkululeko.features._transformer import Transformer, TransformerOptions, model_option


class AstOptions(TransformerOptions):
    """Which Audio Spectrogram Transformer."""

    model: str = model_option("MIT/ast-finetuned-audioset-10-10-0.4593")


class Ast(Transformer):
    """Hidden layers of AST, averaged over the patches of the spectrogram that hold sound, in pieces of about 10 s."""

    Options = AstOptions
    publisher = "MIT"
    summary = "embeddings of the Audio Spectrogram Transformer"

"""Tiny checkpoints with random weights, one of each architecture, saved as a user's folder would be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

#: name of a feature set to the kinds of checkpoints made for it
KINDS = {
    "wav2vec": ("wav2vec", "wav2vec-group"),
    "hubert": ("hubert", "hubert-group"),
    "wavlm": ("wavlm", "wavlm-group"),
    "whisper": ("whisper",),
    "ast": ("ast",),
}
_SMALL: dict[str, Any] = {
    "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48,
}  # fmt: skip
_WAVES: dict[str, Any] = _SMALL | {
    "conv_dim": (16,) * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4, "vocab_size": 12,
}  # fmt: skip
_LAYER: dict[str, Any] = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}


def make_checkpoint(kind: str, folder: Path, seed: int = 0) -> Path:
    """Save a model and its feature extractor.

    Args:
        kind: a feature set's name, with ``-group`` for the variant that normalises over time
        folder: is made
        seed: of the weights
    """
    import torch
    import transformers as hf

    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, extractor = _make(kind, hf)
        for parameter in model.parameters():  # transformers begins with small numbers, and biases of zero
            torch.nn.init.normal_(parameter, parameter.mean().item(), 0.1)
    model.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder


def _make(kind: str, hf: Any) -> tuple[Any, Any]:
    if kind == "ast":
        config = hf.ASTConfig(**_SMALL, num_mel_bins=32, max_length=204)
        return hf.ASTModel(config), hf.ASTFeatureExtractor(num_mel_bins=32, max_length=204)
    if kind == "whisper":
        config = hf.WhisperConfig(
            vocab_size=20, d_model=32, encoder_layers=3, decoder_layers=1, encoder_attention_heads=4,
            decoder_attention_heads=4, encoder_ffn_dim=48, decoder_ffn_dim=48, num_mel_bins=20,
            pad_token_id=0, bos_token_id=1, eos_token_id=2, decoder_start_token_id=1, max_target_positions=8,
        )  # fmt: skip
        return hf.WhisperForConditionalGeneration(config), hf.WhisperFeatureExtractor(feature_size=20)
    name, _, norm = kind.partition("-")
    class_ = {"wav2vec": "Wav2Vec2", "hubert": "Hubert", "wavlm": "WavLM"}[name]
    config = getattr(hf, f"{class_}Config")(**_WAVES, **({} if norm else _LAYER))
    extractor = hf.Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=not norm)
    return getattr(hf, f"{class_}Model")(config), extractor

"""Tiny checkpoints with random weights, one of each architecture, saved as a user's folder would be."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from more_checkpoints import MORE, make_more
from onnx_files import export, small_network

#: name of a feature set to the kinds of checkpoints made for it
KINDS = {
    "wav2vec": ("wav2vec", "wav2vec-group"),
    "hubert": ("hubert", "hubert-group"),
    "wavlm": ("wavlm", "wavlm-group"),
    "whisper": ("whisper",),
    "ast": ("ast",),
}
#: feature sets of networks with heads to the kind of checkpoint that has them
HEADS = {
    "audwav2vec2": "emotion", "auddim": "emotion", "agender": "age-gender", "agender_agender": "age-gender",
}  # fmt: skip
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
    if kind == "audmodel":
        return export(small_network(seed), folder / "model.onnx").parent
    import torch
    import transformers as hf

    kind = HEADS.get(kind, kind)
    folder.mkdir(parents=True, exist_ok=True)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model, extractor = _make(kind, hf)
        for parameter in model.parameters():  # transformers begins with small numbers, and biases of zero
            torch.nn.init.normal_(parameter, parameter.mean().item(), 0.1)
    model.save_pretrained(folder)
    extractor.save_pretrained(folder)
    return folder


def card_model(kind: str) -> Any:
    """The class of a network with heads, written after its model card: gives out the pooled frames and all values."""
    import torch
    import transformers as hf

    class Head(torch.nn.Module):
        def __init__(self, config: Any, values: int) -> None:
            super().__init__()
            self.dense = torch.nn.Linear(config.hidden_size, config.hidden_size)
            self.dropout = torch.nn.Dropout(config.final_dropout)
            self.out_proj = torch.nn.Linear(config.hidden_size, values)

        def forward(self, pooled: Any) -> Any:
            hidden = torch.tanh(self.dense(self.dropout(pooled)))
            return self.out_proj(self.dropout(hidden))

    class CardModel(hf.Wav2Vec2PreTrainedModel):
        def __init__(self, config: Any) -> None:
            super().__init__(config)
            self.wav2vec2 = hf.Wav2Vec2Model(config)
            if kind == "emotion":
                self.classifier = Head(config, config.num_labels)
            else:
                self.age, self.gender = Head(config, 1), Head(config, 3)
            self.post_init()

        def forward(self, values: Any) -> tuple[Any, Any]:
            pooled = self.wav2vec2(values)[0].mean(dim=1)
            if kind == "emotion":
                return pooled, self.classifier(pooled)
            return pooled, torch.hstack([self.age(pooled), torch.softmax(self.gender(pooled), dim=1)])

    return CardModel


def _make(kind: str, hf: Any) -> tuple[Any, Any]:
    if kind.partition("-")[0] in MORE:
        return make_more(kind, hf)
    if kind in HEADS.values():
        config = hf.Wav2Vec2Config(**_WAVES, **_LAYER, num_labels=3)
        extractor = hf.Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True)
        return card_model(kind)(config), extractor
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


if __name__ == "__main__":  # python tests/checkpoints.py wav2vec results/acceptance/tiny-wav2vec2
    make_checkpoint(sys.argv[1], Path(sys.argv[2]))

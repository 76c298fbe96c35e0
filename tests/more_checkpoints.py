"""Tiny checkpoints of networks that give one vector a piece, or read text; see :mod:`checkpoints`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

#: name of a feature set to the kinds of checkpoints made for it
MORE = {
    "clap": ("clap", "clap-fused"),
    "spkrec": (
        "spkrec-wavlm",
        "spkrec-wavlm-group",
        "spkrec-wav2vec2",
        "spkrec-unispeech",
        "spkrec-data2vec",
    ),
    "emotion2vec": ("emotion2vec",),
    "bert": ("bert", "bert-roberta", "bert-distil"),
}
#: the same as ``bert``, of further architectures
MORE_TEXT = (
    "bert-xlmroberta", "bert-camembert", "bert-electra", "bert-albert", "bert-mpnet", "bert-modernbert",
    "bert-debertav2",
)  # fmt: skip
WORDS = ["the", "dog", "bark", "##s", "a", "cat", "sleep", "and", "never", "wake", "##ing", ".", ","]
_SMALL: dict[str, Any] = {
    "hidden_size": 32, "num_hidden_layers": 3, "num_attention_heads": 4, "intermediate_size": 48,
}  # fmt: skip
_WAVES: dict[str, Any] = _SMALL | {
    "conv_dim": (16,) * 7, "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 4, "vocab_size": 12,
    "tdnn_dim": (24, 24, 24, 24, 40), "xvector_output_dim": 20, "num_labels": 3,
}  # fmt: skip
_LAYER: dict[str, Any] = {"feat_extract_norm": "layer", "do_stable_layer_norm": True, "conv_bias": True}


def make_more(kind: str, hf: Any) -> tuple[Any, Any]:
    """A model of random weights, and what prepares its input."""
    name, _, variant = kind.partition("-")
    return {"clap": _clap, "spkrec": _spkrec, "emotion2vec": _data2vec, "bert": _bert}[name](variant, hf)


def _clap(variant: str, hf: Any) -> tuple[Any, Any]:
    fused = variant == "fused"
    config = hf.ClapConfig(
        text_config={**_SMALL, "num_hidden_layers": 1, "vocab_size": 20, "max_position_embeddings": 20},
        audio_config={
            "patch_embeds_hidden_size": 16, "depths": [1, 1], "num_attention_heads": [2, 2], "hidden_size": 32,
            "num_hidden_layers": 2, "enable_fusion": fused,
        },
        projection_dim=12,
    )  # fmt: skip
    return hf.ClapModel(config), hf.ClapFeatureExtractor(truncation="fusion" if fused else "rand_trunc")


def _spkrec(variant: str, hf: Any) -> tuple[Any, Any]:
    architecture, _, norm = variant.partition("-")
    class_ = {
        "wavlm": "WavLM",
        "wav2vec2": "Wav2Vec2",
        "unispeech": "UniSpeechSat",
        "data2vec": "Data2VecAudio",
    }
    name = class_[architecture or "wavlm"]
    more = {} if norm or name == "Data2VecAudio" else _LAYER
    config = getattr(hf, f"{name}Config")(**_WAVES, **more)
    extractor = hf.Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=not norm)
    return getattr(hf, f"{name}ForXVector")(config), extractor


def _data2vec(variant: str, hf: Any) -> tuple[Any, Any]:
    config = hf.Data2VecAudioConfig(**_WAVES)
    return hf.Data2VecAudioModel(config), hf.Wav2Vec2FeatureExtractor(do_normalize=True)


def _bert(variant: str, hf: Any) -> tuple[Any, Any]:
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *WORDS]
    vocabulary = {word: place for place, word in enumerate(words)}
    tokenizer = hf.BertTokenizerFast(vocab=vocabulary, model_max_length=24)
    if variant == "distil":
        config = hf.DistilBertConfig(
            vocab_size=len(words), dim=32, n_layers=3, n_heads=4, hidden_dim=48, max_position_embeddings=24
        )
        return hf.DistilBertModel(config), tokenizer
    if variant == "roberta":  # counts places from that of the padding on, and has no summary of its own
        config = hf.RobertaConfig(
            **_SMALL, vocab_size=len(words), max_position_embeddings=24, pad_token_id=0, type_vocab_size=1
        )
        return hf.RobertaForMaskedLM(config), tokenizer
    others = {
        "xlmroberta": "XLMRoberta", "camembert": "Camembert", "electra": "Electra", "albert": "Albert",
        "mpnet": "MPNet", "modernbert": "ModernBert", "debertav2": "DebertaV2",
    }  # fmt: skip
    if variant in others:
        more: dict[str, Any] = {"pad_token_id": 0, "bos_token_id": 2, "eos_token_id": 3}
        more |= {"cls_token_id": 2, "sep_token_id": 3} if variant == "modernbert" else {}
        if variant == "debertav2":
            more |= {
                "relative_attention": True,
                "position_biased_input": False,
                "pos_att_type": ["p2c", "c2p"],
            }
        config = getattr(hf, f"{others[variant]}Config")(
            **_SMALL, **more, vocab_size=len(words), max_position_embeddings=24
        )
        return getattr(hf, f"{others[variant]}Model")(config), tokenizer
    return hf.BertModel(hf.BertConfig(**_SMALL, vocab_size=len(words), max_position_embeddings=24)), tokenizer


def trill_weights() -> np.ndarray:
    """The weights of :func:`make_trill`, from 400 samples to 6 dimensions."""
    return np.random.default_rng(7).normal(size=(400, 6)).astype(np.float32)


def make_trill(folder: Path) -> Path:
    """A model with TRILL's signature, saved as TensorFlow saves it: tanh of sums over frames of 25 ms."""
    import tensorflow as tf

    class Tiny(tf.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weights = tf.Variable(trill_weights())

        @tf.function(input_signature=[tf.TensorSpec([None], tf.float32), tf.TensorSpec([], tf.int32)])
        def __call__(self, samples: Any, sample_rate: Any) -> Any:
            found = tf.tanh(tf.signal.frame(samples, 400, 160) @ self.weights)
            return {"embedding": found, "layer19": tf.concat([found, 2 * found], 1)[None]}

    tf.saved_model.save(Tiny(), str(folder))
    return folder

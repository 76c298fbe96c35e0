"""The INI options of fine-tuning."""

from __future__ import annotations

from pydantic import field_validator

from nkululeko.core.errors import did_you_mean
from nkululeko.core.plugin import Options, option

#: how frames become one vector
POOLING = ("mean", "std", "max", "attention")


class FinetuneOptions(Options):
    """How a pretrained network is trained on."""

    pretrained_model: str = option(
        "facebook/wav2vec2-large-robust-ft-swbd-300h",
        "base model: name on the Hugging Face hub, or a folder with a checkpoint",
        is_path="or name",
    )
    max_duration: float = option(
        8.0, "only so much of each sample is heard (s), from its start", also=("duration",), ge=0.1
    )
    batch_size: int = option(8, "samples in a step", ge=1)
    learning_rate: float = option(0.0001, "size of the steps", gt=0)
    warmup_ratio: float = option(
        0.1, "share of the steps in which the learning rate rises; then it falls", ge=0, le=1
    )
    weight_decay: float = option(0.0, "pulls the weights towards 0, against overfitting", ge=0)
    drop: float = option(0.1, "dropout in front of the layers of the head", ge=0, lt=1)
    freeze_layers: int = option(
        0,
        "so many transformer layers, from the input, are not trained; the convolutions below never are",
        ge=0,
    )
    head_layers: tuple[int, ...] = option((256,), "sizes of the head's hidden layers; []: none")
    pooling: tuple[str, ...] = option(
        ("mean",), "how frames become one vector: mean, std, max, attention (learned), or several of them"
    )
    label_smoothing: float = option(
        0.0, "this share of each label is spread over all classes, against overconfidence", ge=0, lt=1
    )
    patience: int | None = option(None, "stop after so many epochs without progress; not given: never", ge=1)
    validation_split: float = option(
        20.0, "percent of the training speakers that choose the epoch where there is no dev set", gt=0, lt=100
    )
    lora: bool = option(False, "train small matrices beside the network's own (LoRA): less memory and time")
    lora_rank: int = option(8, "size of these matrices", ge=1)
    push_to_hub: bool = option(False, "publish the model on the Hugging Face hub, in a private repository")

    @field_validator("head_layers")
    @classmethod
    def _layers_of_a_size(cls, sizes: tuple[int, ...]) -> tuple[int, ...]:
        if any(size < 1 for size in sizes):
            raise ValueError("expected whole numbers >= 1, e.g. [256]")
        return sizes

    @field_validator("pooling")
    @classmethod
    def _known_pooling(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name not in POOLING:
                raise ValueError(f"unknown pooling '{name}'; {did_you_mean(name, POOLING)}")
        if not names:
            raise ValueError("expected at least one of: " + ", ".join(POOLING))
        return names

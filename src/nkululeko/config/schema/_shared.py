"""What several sections have in common."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator

from nkululeko.config.declare import Section, option

#: which samples a module works on
Selection = Literal["all", "train", "test", "dev"]


def _device(name: str) -> str:
    if not re.fullmatch(r"auto|cpu|cuda(:\d+)?", name):
        raise ValueError("expected cpu, cuda, cuda:0 ... or auto")
    return name


#: where a model is computed
Device = Annotated[str, AfterValidator(_device)]


def selection() -> Any:
    """The option ``sample_selection`` of a module's own section."""
    return option("all", "the samples that the module works on; goes before that of [EXP]", planned=True)


class Limits(Section):
    """Which samples are left out: for one database, or without its name for all."""

    limit_samples: int | None = option(
        None, "use at most so many samples, drawn by the seed", planned=True, ge=1
    )
    limit_samples_per_speaker: int | None = option(
        None, "at most so many of each speaker", planned=True, ge=1
    )
    min_duration_of_sample: float | None = option(
        None, "drop samples shorter than this (s)", planned=True, ge=0
    )
    max_duration_of_sample: float | None = option(
        None, "drop samples longer than this (s)", planned=True, gt=0
    )
    filter_selection: Selection = option(
        "all", "the split that the filters work on", ini="filter.sample_selection", planned=True
    )
    check_size: int | None = option(None, "drop files smaller than this (bytes)", planned=True, ge=0)


class Finetuning(Section):
    """How a pretrained model is trained on: in [MODEL] or in [FINETUNE]."""

    pretrained_model: str = option(
        "facebook/wav2vec2-large-robust-ft-swbd-300h",
        "base model: hub name or path",
        needs="models: finetune",
        planned=True,
    )
    max_duration: float = option(
        8.0,
        "use so much of each sample (s)",
        also=("duration",),
        needs="models: finetune",
        planned=True,
        gt=0,
    )
    push_to_hub: bool = option(False, "publish the model on the hub", needs="models: finetune", planned=True)
    freeze_layers: int | None = option(
        None, "layers that are not trained", needs="models: finetune", planned=True, ge=0
    )
    head_layers: tuple[int, ...] = option(
        (), "sizes of the head's layers", needs="models: finetune", planned=True
    )
    pooling: str | None = option(None, "how frames become one vector", needs="models: finetune", planned=True)
    warmup_ratio: float | None = option(
        None,
        "share of the steps in which the learning rate rises",
        needs="models: finetune",
        planned=True,
        ge=0,
        le=1,
    )

"""A pretrained network of any class of transformers, with what prepares its input: loaded once, from numbers only."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from threading import Lock
from typing import Any, TypeVar

from nkululeko.core.errors import NkululekoError
from nkululeko.pretrained.checkpoint import Asker, Checkpoint
from nkululeko.pretrained.network import device_of, need_transformers, precision_of

_log = logging.getLogger("nkululeko")
_loading = Lock()
A = TypeVar("A")
B = TypeVar("B")


@dataclass(frozen=True)
class Recipe:
    """How a checkpoint is read.

    Args:
        model: class of transformers, e.g. ``AutoModelForAudioXVector``
        preparation: class of transformers, e.g. ``AutoFeatureExtractor``
        unneeded: weights whose names hold one of these may be missing, for nothing here depends on them
    """

    model: str
    preparation: str
    unneeded: tuple[str, ...] = ("masked_spec_embed",)


@dataclass(frozen=True)
class Loaded:
    """A network and what prepares its input.

    Args:
        model: of transformers, in evaluation mode, on its device
        preparation: feature extractor or tokenizer
        device: where it computes
        precision: ``float32``, or what it computes with on a GPU
    """

    model: Any
    preparation: Any
    device: str
    precision: str

    def computing(self) -> Any:
        """The context to compute in: of this precision, without a trace for learning."""
        from contextlib import ExitStack

        import torch

        stack = ExitStack()
        stack.enter_context(torch.inference_mode())
        half = self.precision != "float32"
        kind = {"dtype": getattr(torch, self.precision)} if half else {}
        stack.enter_context(torch.autocast(self.device.partition(":")[0], enabled=half, **kind))
        return stack


def load_parts(checkpoint: Checkpoint, recipe: Recipe, device: str, asker: Asker) -> Loaded:
    """The network of a checkpoint and what prepares its input, loaded once.

    Args:
        checkpoint: opened before
        recipe: which classes read it
        device: cpu, cuda, cuda:3 or auto
        asker: who wants it

    Raises:
        NkululekoError: transformers is missing, or the weights do not fit the configuration
    """
    with _loading:
        return _shared(checkpoint, recipe, device_of(device, asker), precision_of(device), asker)


@lru_cache(maxsize=2)
def _shared(checkpoint: Checkpoint, recipe: Recipe, device: str, precision: str, asker: Asker) -> Loaded:
    transformers = need_transformers(asker.who)
    folder = str(checkpoint.folder)
    _log.info("%s: %s on %s in %s", asker.who, checkpoint.folder.name, device, precision)
    safe: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
    try:
        preparation = getattr(transformers, recipe.preparation).from_pretrained(folder, **safe)
        model, report = getattr(transformers, recipe.model).from_pretrained(
            folder, use_safetensors=True, dtype="float32", output_loading_info=True, **safe
        )
    except Exception as problem:  # of many libraries: whatever is wrong, it is wrong with this folder
        reason = " ".join(str(problem).split())[:200]
        raise NkululekoError(f"cannot be loaded ({type(problem).__name__}: {reason})", folder) from None
    lost = sorted(key for key in report["missing_keys"] if not any(part in key for part in recipe.unneeded))
    lost += sorted(str(key) for key in report.get("mismatched_keys") or ())
    if lost:
        what = f"its weights do not fit what {asker.who} needs: {len(lost)} are missing, e.g. {lost[0]}"
        raise NkululekoError(
            what, folder, "take a model that was trained for it, or mend an incomplete download"
        )
    return Loaded(model.eval().to(device), preparation, device, precision)


def in_halves(
    work: Callable[[Sequence[A]], list[B]], items: Sequence[A], device: str, asker: Asker
) -> list[B]:
    """What ``work`` makes of a batch; in two halves, once, where memory does not suffice.

    Raises:
        NkululekoError: not even a half fits

    Example:
        >>> in_halves(lambda numbers: [2 * number for number in numbers], [1, 2], "cpu", Asker("me", "model", "device"))
        [2, 4]
    """
    import torch

    try:
        return work(items)
    except torch.OutOfMemoryError:
        half = len(items) // 2
    torch.cuda.empty_cache()
    try:
        if not half:
            raise torch.OutOfMemoryError
        _log.warning("%s: memory does not suffice for %d at once: in halves", asker.who, len(items))
        return [*work(items[:half]), *work(items[half:])]
    except torch.OutOfMemoryError:
        device_option = asker.device.partition(".")[2]
        size = device_option.replace("device", "batch_size")
        what = f"{asker.who}: memory does not suffice for {max(half, 1)} at once"
        todo = f"set {size} = {max(half // 2, 1)}, or {device_option} = cpu"
        raise NkululekoError(what, device, todo) from None

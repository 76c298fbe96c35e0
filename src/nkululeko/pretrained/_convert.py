"""Weights of older models, kept in a pickle, into a format that holds numbers only: once, and carefully."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path
from typing import Any

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.store import default_store

_log = logging.getLogger("nkululeko")
#: before, PyTorch's reader of plain numbers could be tricked (CVE-2025-32434)
_SAFE_SINCE = (2, 6)


def converted(folder: Path, name: str, content: str) -> Path:
    """A copy of a checkpoint whose weights are in ``model.safetensors``, made at the first call and kept.

    Args:
        folder: of the checkpoint
        name: of the file with its weights
        content: what stands for its content

    Raises:
        NkululekoError: the file holds other things than numbers, or cannot be read
    """
    goal = default_store() / "checkpoints" / content.replace("=", "-")
    if (goal / "model.safetensors").exists():
        return goal
    weights = _numbers(folder / name)
    from safetensors.torch import save_file

    goal.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=goal.parent) as temporary:
        made = Path(temporary, "made")
        made.mkdir()
        for path in sorted({*folder.glob("*.json"), *folder.glob("*.txt"), *folder.glob("*.yaml")}):
            shutil.copyfile(path, made / path.name)
        save_file(weights, made / "model.safetensors", metadata={"format": "pt"})
        try:
            made.rename(goal)
        except OSError:  # another process was quicker
            if not (goal / "model.safetensors").exists():
                raise
    _log.info("%s: weights converted to safetensors, once: %s", folder, goal)
    return goal


def _numbers(path: Path) -> dict[str, Any]:
    """The tensors of a file, read by PyTorch's reader that makes nothing else."""
    try:
        import torch
    except ImportError as problem:
        raise missing_package("torch", "transformers", "a pretrained network") from problem
    if tuple(int(part) for part in torch.__version__.split(".")[:2]) < _SAFE_SINCE:
        what = (
            f"its weights are in {path.name}, a pickle, which PyTorch {torch.__version__} cannot open safely"
        )
        raise NkululekoError(what, str(path.parent), "update PyTorch: pip install 'torch>=2.6'")
    try:
        found = torch.load(path, map_location="cpu", weights_only=True)
        for inside in ("model", "state_dict"):  # as other libraries wrap them
            found = found[inside] if isinstance(found.get(inside), dict) else found
        # two names may stand for one tensor, which safetensors would refuse
        return {str(name): value.detach().clone().contiguous() for name, value in found.items()}
    except MemoryError:
        raise
    except Exception as problem:  # a reader of strangers' files fails in many ways
        what = f"its weights are in {path.name}, which cannot be opened safely ({type(problem).__name__})"
        todo = "save them as model.safetensors (docs: wav2vec embeddings), or take another model"
        raise NkululekoError(what, str(path.parent), todo) from None

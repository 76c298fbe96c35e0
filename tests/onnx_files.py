"""Tiny networks in ONNX, exported from PyTorch as anybody would do it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

#: what the network below gives out, in order
OUTPUTS = ("logits", "hidden_states", "frames", "channels", "per_frame")


def small_network(seed: int = 0) -> Any:
    """A network whose receptive field is 400 samples, as a module of PyTorch: signal ``(batch, samples)`` in."""
    import torch

    class Small(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.conv = torch.nn.Conv1d(1, 8, 400, stride=320)
            self.out = torch.nn.Linear(8, 3)

        def forward(self, signal: Any) -> tuple[Any, ...]:
            channels = torch.tanh(self.conv(signal.unsqueeze(1)))  # (batch, 8, frames)
            frames = channels.transpose(1, 2)
            pooled = frames.mean(1)
            return self.out(pooled), pooled, frames, channels, frames.sum(2)

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Small().eval()


def export(
    module: Any,
    path: Path,
    shape: Sequence[int] = (1, 16000),
    outputs: Sequence[str] = OUTPUTS,
    dynamic: Mapping[str, Mapping[int, str]] | None = None,
) -> Path:
    """Write a module into a file.

    Args:
        module: of PyTorch
        path: of the file
        shape: of its input, ``signal``
        outputs: names of what it gives out
        dynamic: axes that may be of any size; not given: the last of the input
    """
    import torch

    path.parent.mkdir(parents=True, exist_ok=True)
    axes = {"signal": {len(shape) - 1: "samples"}} if dynamic is None else dynamic
    example = 0.1 * torch.randn(*shape, generator=torch.Generator().manual_seed(0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter of PyTorch that needs no further package is an old one
        torch.onnx.export(
            module, (example,), str(path), input_names=["signal"], output_names=list(outputs),
            dynamic_axes={name: dict(found) for name, found in axes.items()}, dynamo=False,
        )  # fmt: skip
    return path

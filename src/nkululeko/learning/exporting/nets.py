"""Trained neural nets in ONNX, by PyTorch's exporter."""

from __future__ import annotations

import logging
import tempfile
import warnings
from pathlib import Path
from typing import Any

from nkululeko.core.errors import NkululekoError
from nkululeko.learning.exporting.graph import FLOAT, OPSET, Graph, need_onnx

#: rows that the exporter looks at: any number will do later
_ROWS = 3


def convert_net(graph: Graph, value: str, model: Any) -> str:
    """What a net says of each row: probabilities ``(rows, classes)``, or a number ``(rows, 1)``.

    Args:
        graph: to which its operations are added
        value: scaled vectors; or, for sequences, the features as they are: frame by frame, NaN beyond the end
        model: a trained net

    Raises:
        NkululekoError: the exporter cannot do it
    """
    import torch

    trained = model._trained
    width = trained.plan.inputs if trained.scale is None else _width(model)
    module = _sequences(trained, width) if trained.scale is not None else _vectors(trained)
    example = torch.zeros(_ROWS, width) + torch.arange(width)[None] / max(width, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "net.onnx")
        _export(module.eval(), example, path, model.plugin_name())
        made = need_onnx().load(path)
    return graph.absorb(made, graph.cast(value, FLOAT))[0]


def _export(module: Any, example: Any, path: Path, name: str) -> None:
    """PyTorch's exporter, which has much to say, quietly.

    Raises:
        NkululekoError: it cannot do it
    """
    import torch

    quiet = logging.getLogger("torch.onnx")
    level = quiet.level
    quiet.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings(), torch.no_grad():
            warnings.simplefilter("ignore")
            torch.onnx.export(
                module, (example,), path, dynamo=False, opset_version=OPSET,
                input_names=["x"], output_names=["y"], dynamic_axes={"x": {0: "rows"}, "y": {0: "rows"}},
            )  # fmt: skip
    except Exception as problem:  # whatever this version of the exporter cannot do
        reason = " ".join(str(problem).split())[:120]
        what = f"model {name} cannot be converted to ONNX by this version of PyTorch ({reason})"
        raise NkululekoError(what) from None
    finally:
        quiet.setLevel(level)


def _width(model: Any) -> int:
    """How many numbers a row of sequences has."""
    frames, columns = model.context.shape
    return int(frames * columns)


def _said(outputs: Any, goal: Any) -> Any:
    """Outputs of a net to what it says, see :class:`nkululeko.learning.nets.goal.Goal`."""
    import torch

    if not goal.labels:
        return outputs.double() * goal.spread + goal.center
    if goal.one_vs_rest:
        outputs = torch.nn.functional.logsigmoid(outputs)
    return outputs.softmax(dim=1)


def _vectors(trained: Any) -> Any:
    from torch import nn

    class OfVectors(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = trained.net.cpu().eval()

        def forward(self, rows: Any) -> Any:
            return _said(self.net(rows), trained.goal)

    return OfVectors()


def _sequences(trained: Any, width: int) -> Any:
    """Cuts rows into frames, finds their ends, standardises them, as ``nets.tensors.sequence_inputs`` does."""
    import torch
    from torch import nn

    columns = trained.plan.inputs
    frames = width // columns
    center, spread = torch.from_numpy(trained.scale.center), torch.from_numpy(trained.scale.spread)
    place = torch.arange(1, frames + 1)

    class OfSequences(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.net = trained.net.cpu().eval()

        def forward(self, rows: Any) -> Any:
            sequences = rows.reshape(-1, frames, columns)
            missing = torch.isnan(sequences)
            scaled = ((sequences.double() - center) / spread).float()
            values = torch.where(missing, torch.zeros_like(scaled), scaled)
            heard = (~missing).any(dim=2)
            last = torch.where(heard, place, torch.zeros_like(place)).amax(dim=1)
            return _said(self.net(values, last.clamp(min=1)), trained.goal)

    return OfSequences()

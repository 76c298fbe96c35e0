"""What happens to features before the model sees them, in ONNX: missing values filled, then scaled; in 64 bits."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from nkululeko.learning.exporting.graph import DOUBLE, Graph
from nkululeko.learning.imputation import Imputer


def filled(graph: Graph, raw: str, imputer: Imputer) -> str:
    """The features as 64-bit numbers, with what the imputer puts in the place of missing values."""
    value = graph.cast(raw, DOUBLE)
    missing = graph.add("Or", graph.add("IsNaN", value), graph.add("IsInf", value))
    fill = np.full_like(imputer.fill, np.nan) if imputer.strategy in ("drop", "none") else imputer.fill
    return graph.add("Where", missing, graph.constant(fill), value)


def scaled(graph: Graph, value: str, scaler: str, state: Mapping[str, np.ndarray]) -> str:
    """What a scaler makes of features; see :func:`can_scale`."""
    return _SCALERS[scaler](graph, value, state)


def can_scale(scaler: str) -> bool:
    """Whether a scaler looks at one recording only, and can be told in ONNX."""
    return scaler in _SCALERS


def _none(graph: Graph, value: str, state: Mapping[str, Any]) -> str:
    return value


def _affine(graph: Graph, value: str, state: Mapping[str, Any]) -> str:
    shifted = graph.add("Sub", value, graph.constant(state["centre"]))
    return graph.add("Div", shifted, graph.constant(state["scale"]))


def _bins(graph: Graph, value: str, state: Mapping[str, Any]) -> str:
    above = [
        graph.cast(graph.add("Greater", value, graph.constant(border)), DOUBLE) for border in state["borders"]
    ]
    third = graph.add("Mul", graph.add("Add", *above), graph.constant(0.5))
    return graph.add("Where", graph.add("IsNaN", value), value, third)


def _normalizer(graph: Graph, value: str, state: Mapping[str, Any]) -> str:
    zero, one = graph.constant(0.0), graph.constant(1.0)
    present = graph.add("Where", graph.add("IsNaN", value), zero, value)
    squares = graph.add("Mul", present, present)
    length = graph.add("Sqrt", graph.add("ReduceSum", squares, graph.constant([1], np.int64), keepdims=1))
    return graph.add(
        "Div", value, graph.add("Where", graph.add("Equal", length, zero), one, length)
    )  # a row of zeros stays


def _power(graph: Graph, value: str, state: Mapping[str, Any]) -> str:
    """Yeo & Johnson 2000: each sign has its own formula, and a logarithm where the exponent is 0."""
    exponents, zero, one = state["lambdas"], graph.constant(0.0), graph.constant(1.0)
    up = graph.add("Where", graph.add("Greater", value, zero), value, zero)
    down = graph.add("Where", graph.add("Less", value, zero), graph.add("Neg", value), zero)
    bent = graph.add(
        "Sub",
        _bent(graph, graph.add("Add", up, one), exponents),
        _bent(graph, graph.add("Add", down, one), 2 - exponents),
    )
    known = graph.add("Where", graph.add("IsNaN", value), value, bent)
    return _affine(graph, known, {"centre": state["mean"], "scale": state["scale"]})


def _bent(graph: Graph, value: str, exponents: np.ndarray) -> str:
    """(x ** e - 1) / e, or log x where e is 0; 0 for x = 1."""
    flat = np.abs(exponents) < np.finfo(float).eps
    exponent = np.where(flat, 1.0, exponents)
    raised = graph.add("Pow", value, graph.constant(exponent))
    curve = graph.add("Div", graph.add("Sub", raised, graph.constant(1.0)), graph.constant(exponent))
    return graph.add("Where", graph.constant(flat, bool), graph.add("Log", value), curve)


_SCALERS: dict[str, Callable[[Graph, str, Mapping[str, Any]], str]] = {
    "none": _none, "standard": _affine, "minmax": _affine, "maxabs": _affine, "robust": _affine,
    "bins": _bins, "normalizer": _normalizer, "powertransformer": _power,
}  # fmt: skip

"""A graph of ONNX, put together operation by operation, or from graphs that other libraries made."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nkululeko.core.errors import missing_package

#: versions of the operators: the newest that all converters know
OPSET, ML_OPSET, IR = 15, 3, 8
#: onnx's numbers for types
FLOAT, INT64, STRING, DOUBLE = 1, 7, 8, 11


class Graph:
    """Operations in the order in which they are computed; values go by their names."""

    def __init__(self) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._opsets: dict[str, int] = {"": OPSET}
        self._count = 0

    def _name(self, kind: str) -> str:
        self._count += 1
        return f"{kind.lower()}_{self._count}"

    def constant(self, value: Any, dtype: Any = np.float64) -> str:
        """A value that is always the same; texts too."""
        onnx = need_onnx()
        name = self._name("constant")
        array = np.asarray(value)
        if array.dtype.kind in "US":
            texts = [str(text).encode() for text in array.ravel()]
            made = onnx.helper.make_tensor(name, STRING, array.shape, texts)
        else:
            made = onnx.numpy_helper.from_array(np.ascontiguousarray(array, dtype=dtype), name)
        self._constants.append(made)
        return name

    def add(self, kind: str, *inputs: str, **attributes: Any) -> str:
        """One operation with one result, whose name is returned."""
        onnx = need_onnx()
        name = self._name(kind)
        self._nodes.append(onnx.helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def cast(self, value: str, to: int) -> str:
        """The same numbers as another type."""
        return self.add("Cast", value, to=to)

    def nearest(self, distances: str, count: int) -> tuple[str, str]:
        """The smallest values of each row, and their places, shape ``(rows, count)`` each."""
        onnx = need_onnx()
        values, places = self._name("smallest"), self._name("places")
        given = [distances, self.constant([count], np.int64)]
        node = onnx.helper.make_node("TopK", given, [values, places], axis=1, largest=0, sorted=1)
        self._nodes.append(node)
        return values, places

    def absorb(self, model: Any, given: str) -> list[str]:
        """All operations of a model with one input; the names of its outputs."""
        onnx = need_onnx()
        versions = {entry.domain: entry.version for entry in model.opset_import}
        if versions.get("", OPSET) != OPSET:
            model = onnx.version_converter.convert_version(model, OPSET)
        self._opsets.update({domain: version for domain, version in versions.items() if domain})
        graph = onnx.compose.add_prefix(model, f"{self._name('part')}_").graph
        self._nodes.append(onnx.helper.make_node("Identity", [given], [graph.input[0].name]))
        self._nodes.extend(graph.node)
        self._constants.extend(graph.initializer)
        return [value.name for value in graph.output]

    def model(
        self,
        given: tuple[str, int],
        outputs: Mapping[str, tuple[str, int, int | None]],
        about: Mapping[str, str],
    ) -> Any:
        """The whole as a model, checked.

        Args:
            given: name and width of the input: 32-bit numbers, shape ``(rows, width)``
            outputs: public name to value, type and width (None: one a row)
            about: what the file says of itself
        """
        onnx = need_onnx()
        helper = onnx.helper
        results = []
        for name, (value, kind, width) in outputs.items():
            self._nodes.append(helper.make_node("Identity", [value], [name]))
            shape = ["rows"] if width is None else ["rows", width]
            results.append(helper.make_tensor_value_info(name, kind, shape))
        source = helper.make_tensor_value_info(given[0], FLOAT, ["rows", given[1]])
        graph = helper.make_graph(self._nodes, "nkululeko", [source], results, self._constants)
        opsets = [helper.make_opsetid(domain, version) for domain, version in sorted(self._opsets.items())]
        model = helper.make_model(graph, opset_imports=opsets, producer_name="nkululeko", ir_version=IR)
        helper.set_model_props(model, dict(about))
        onnx.checker.check_model(model)
        return model


def need_onnx() -> Any:
    """The package onnx.

    Raises:
        NkululekoError: it is not installed
    """
    try:
        import onnx
        import onnx.checker
        import onnx.compose
        import onnx.numpy_helper
        import onnx.version_converter
    except ImportError as problem:
        raise missing_package("onnx", "onnx", "the export to ONNX") from problem
    return onnx

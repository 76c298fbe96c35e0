"""A fitted pipeline as one file of ONNX, from features to answers; and how far these are from the pipeline's own."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from typing import Any

import numpy as np

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.learning.exporting.before import can_scale, filled, scaled
from nkululeko.learning.exporting.graph import DOUBLE, FLOAT, STRING, Graph
from nkululeko.learning.exporting.models import convert, svm_votes
from nkululeko.learning.exporting.nets import convert_net
from nkululeko.learning.nets.model import NetModel
from nkululeko.learning.pipeline import Pipeline
from nkululeko.learning.temperature import TINY

#: answers must not differ by more than this from the pipeline's own: probabilities, scores; of numbers, their spread
TOLERANCE = 1e-4
#: rows on which both are compared
ROWS = 256


@dataclass(frozen=True)
class OnnxModel:
    """A pipeline in ONNX.

    Args:
        content: the file's
        given: what it takes: ``features``, or ``scaled_features`` where the scaler is not inside
        inside: what it does, step by step
        outputs: names of what it gives: ``label`` with ``probabilities`` or ``scores``, or ``value``
        labels: the classes, in the order of the columns
    """

    content: bytes
    given: str
    inside: tuple[str, ...]
    outputs: tuple[str, ...]
    labels: tuple[str, ...]


def to_onnx(pipeline: Pipeline) -> OnnxModel:
    """A fitted pipeline as ONNX: 32-bit features in, answers out.

    Raises:
        NkululekoError: its model cannot be converted, or a package is missing
    """
    graph, model = Graph(), pipeline.model
    if model.takes_recordings:
        raise NkululekoError(
            f"model {pipeline.recipe.model} starts from sound; only models of features can be converted to ONNX"
        )
    whole = can_scale(pipeline.scaler_name)
    given, inside = "features" if whole else "scaled_features", []
    if whole:
        value = filled(graph, given, pipeline.imputer)
        value = scaled(graph, value, pipeline.scaler_name, pipeline.scaler.state())
        inside = [f"missing values ({pipeline.imputer.strategy})", f"scale = {pipeline.scaler_name}"]
    else:
        value = graph.cast(given, DOUBLE)
    inside.append(f"model {pipeline.recipe.model}")
    chosen = None
    if isinstance(model, NetModel):
        said = convert_net(graph, value, model)
    elif pipeline.recipe.model == "svm":
        said, chosen = svm_votes(graph, value, model)
    else:
        said = convert(graph, value, model)
    if pipeline.temperature != 1.0:
        said = _at_temperature(graph, said, pipeline.temperature)
        inside.append(f"temperature of the probabilities {pipeline.temperature:.4g}")
    outputs = _outputs(graph, said, chosen or said, pipeline)
    about = {
        "labels": json.dumps(pipeline.classes), "features": json.dumps(pipeline.feature_names),
        "inside": json.dumps(inside),
    }  # fmt: skip
    made = graph.model((given, len(pipeline.imputer.fill)), outputs, about)
    return OnnxModel(made.SerializeToString(), given, tuple(inside), tuple(outputs), tuple(pipeline.classes))


def _at_temperature(graph: Graph, said: str, temperature: float) -> str:
    """See :mod:`nkululeko.learning.temperature`."""
    likely = graph.add("Max", graph.cast(said, DOUBLE), graph.constant(TINY))
    return graph.add(
        "Softmax", graph.add("Div", graph.add("Log", likely), graph.constant(temperature)), axis=1
    )


def _outputs(
    graph: Graph, said: str, chosen: str, pipeline: Pipeline
) -> dict[str, tuple[str, int, int | None]]:
    classes = pipeline.classes
    if not classes:
        shape = graph.constant([-1], np.int64)
        return {"value": (graph.add("Reshape", graph.cast(said, FLOAT), shape), FLOAT, None)}
    best = graph.add("ArgMax", chosen, axis=1, keepdims=0)
    label = graph.add("Gather", graph.constant(np.array(classes)), best)
    name = "probabilities" if pipeline.model.probabilistic else "scores"
    return {"label": (label, STRING, None), name: (graph.cast(said, FLOAT), FLOAT, len(classes))}


def runtime() -> Any:
    """onnxruntime, which tells nobody.

    Raises:
        NkululekoError: it is not installed
    """
    os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
    try:
        import onnxruntime
    except ImportError as problem:
        raise missing_package("onnxruntime", "onnx", "the export to ONNX") from problem
    return onnxruntime


def difference(pipeline: Pipeline, model: OnnxModel, rows: np.ndarray) -> float:
    """The largest difference between what the pipeline says of rows and what ONNX does; infinity: other labels.

    Args:
        pipeline: fitted
        model: the same in ONNX
        rows: features as 32-bit numbers, shape ``(rows, features)``; scaled, where the model takes them so

    Returns:
        of probabilities or scores; of numbers as a share of their spread over the rows, where that is above 1
    """
    library = runtime()
    session = library.InferenceSession(model.content, providers=["CPUExecutionProvider"])
    found = dict(zip(model.outputs, session.run(list(model.outputs), {model.given: rows}), strict=True))
    inner = pipeline.model if model.given != "features" else pipeline
    values = rows.astype(np.float32 if pipeline.model.takes_sequences else np.float64)
    expected = np.asarray(inner.predict(values))
    if not model.labels:
        spread = max(1.0, float(np.std(expected.astype(float))))
        return float(np.abs(found["value"] - expected.astype(float)).max() / spread)
    scores = inner.scores(values)
    if scores is not None and inner is not pipeline and pipeline.temperature != 1.0:
        from nkululeko.learning.temperature import apply_temperature

        scores = apply_temperature(scores, pipeline.temperature)
    apart = 0.0 if scores is None else float(np.abs(found[model.outputs[1]] - scores).max())
    labels = [str(label) for label in expected]
    # equally likely classes may be told apart by the last digit
    differs = [place for place, label in enumerate(found["label"]) if str(label) != labels[place]]
    columns = {label: column for column, label in enumerate(model.labels)}
    for place in differs:
        mine, theirs = columns[labels[place]], columns[str(found["label"][place])]
        if scores is None or abs(scores[place, mine] - scores[place, theirs]) > TOLERANCE:
            return float("inf")
    return apart


def rows_like_training(pipeline: Pipeline, given: str, count: int = ROWS) -> np.ndarray:
    """Made-up features, spread like those of the training, some of them missing where the pipeline fills gaps.

    Returns:
        32-bit numbers, shape ``(count, features)``
    """
    random = np.random.default_rng(0)
    width = len(pipeline.imputer.fill)
    noise = random.normal(size=(count, width))
    if pipeline.model.takes_sequences:
        return _sequences_like_training(pipeline, noise, random)
    if given != "features":
        return noise.astype(np.float32)
    usual = pipeline.usual if pipeline.usual.shape == (3, width) else np.zeros((3, width))
    low, middle, high = np.nan_to_num(usual)
    rows = middle + noise * np.where(high > low, (high - low) / 1.349, np.where(middle == 0, 1.0, 0.0))
    if pipeline.imputer.strategy not in ("drop", "none") or pipeline.model.accepts_missing:
        rows[random.random(rows.shape) < 0.05] = np.nan
    return rows.astype(np.float32)


def _sequences_like_training(pipeline: Pipeline, noise: np.ndarray, random: Any) -> np.ndarray:
    """Sequences of all lengths, NaN beyond their end."""
    model: Any = pipeline.model
    scale = model._trained.scale
    shaped = noise.reshape(len(noise), -1, len(scale.center)) * scale.spread + scale.center
    ends = random.integers(1, shaped.shape[1] + 1, len(noise))
    shaped[np.arange(shaped.shape[1])[None] >= ends[:, None]] = np.nan
    return shaped.reshape(len(noise), -1).astype(np.float32)

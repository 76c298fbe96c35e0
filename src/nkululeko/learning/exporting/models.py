"""Fitted models in ONNX: by formula in 64 bits where that is short, else by the converters of their libraries.

Each takes the name of the scaled features (64-bit numbers) and gives that of what the model says of each row: a number
for each class in the order of ``model.classes``, shape ``(rows, classes)``, or one number, ``(rows, 1)``.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations
from typing import Any

import numpy as np

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.learning.exporting.graph import DOUBLE, FLOAT, ML_OPSET, OPSET, Graph

Converter = Callable[[Graph, str, Any], str]
_OPSETS = {"": OPSET, "ai.onnx.ml": ML_OPSET}


def convert(graph: Graph, scaled: str, model: Any) -> str:
    """What a model says of each row.

    Args:
        graph: to which its operations are added
        scaled: the features as the model gets them
        model: a fitted plug-in

    Raises:
        NkululekoError: this kind cannot be converted, or a package is missing
    """
    name = model.plugin_name()
    if name not in CONVERTERS:
        todo = f"these can be: {', '.join(sorted(CONVERTERS))}, and the neural nets"
        raise NkululekoError(f"model {name} cannot be converted to ONNX", todo=todo)
    return CONVERTERS[name](graph, scaled, model)


def _linear(graph: Graph, scaled: str, model: Any) -> str:
    """Logistic regression and linear discriminant analysis: a softmax of weighted sums."""
    weights, bias = np.atleast_2d(model.estimator.coef_), np.atleast_1d(model.estimator.intercept_)
    if len(weights) == 1:  # of two classes the library keeps the second one's only
        weights, bias = np.vstack([np.zeros_like(weights), weights]), np.array([0.0, bias[0]])
    return graph.add("Softmax", _sums(graph, scaled, weights, bias), axis=1)


def _linear_number(graph: Graph, scaled: str, model: Any) -> str:
    weights, bias = np.atleast_2d(model.estimator.coef_), np.atleast_1d(model.estimator.intercept_)
    return _sums(graph, scaled, weights, bias)


def _sums(graph: Graph, value: str, weights: np.ndarray, bias: np.ndarray) -> str:
    return graph.add("Add", graph.add("MatMul", value, graph.constant(weights.T)), graph.constant(bias))


def _kernel(graph: Graph, scaled: str, machine: Any) -> str:
    """Each row's likeness to each support vector, shape ``(rows, vectors)``."""
    vectors = machine.support_vectors_
    products = graph.add("MatMul", scaled, graph.constant(vectors.T))
    kind, gamma = machine.kernel, float(machine._gamma)
    if kind == "linear":
        return products
    if kind == "rbf":
        squares = graph.add("Mul", scaled, scaled)
        own = graph.add("ReduceSum", squares, graph.constant([1], np.int64), keepdims=1)
        theirs = graph.constant((vectors**2).sum(axis=1))
        twice = graph.add("Mul", products, graph.constant(-2.0))
        distance = graph.add("Add", graph.add("Add", own, theirs), twice)
        return graph.add("Exp", graph.add("Mul", distance, graph.constant(-gamma)))
    inner = graph.add("Add", graph.add("Mul", products, graph.constant(gamma)), graph.constant(machine.coef0))
    if kind == "poly":
        return graph.add("Pow", inner, graph.constant(float(machine.degree)))
    if kind == "sigmoid":
        return graph.add("Tanh", inner)
    raise NkululekoError(f"a support vector machine with kernel = {kind} cannot be converted to ONNX")


def svm_votes(graph: Graph, scaled: str, model: Any) -> tuple[str, str]:
    """Scores and votes of a support vector machine: each pair of classes votes for one.

    The scores are scikit-learn's ``ovr``: votes, and the sum of the margins, which never outweighs a vote. The label
    goes by the votes alone.
    """
    machine = model.estimator
    classes = len(machine.classes_)
    owner = np.repeat(np.arange(classes), machine.n_support_)
    pairs = list(combinations(range(classes), 2))
    weights = np.zeros((len(owner), len(pairs)))
    winner, loser = np.zeros((len(pairs), classes)), np.zeros((len(pairs), classes))
    for column, (one, other) in enumerate(pairs):
        weights[owner == one, column] = machine._dual_coef_[other - 1, owner == one]
        weights[owner == other, column] = machine._dual_coef_[one, owner == other]
        winner[column, one], loser[column, other] = 1, 1
    margins = _sums(graph, _kernel(graph, scaled, machine), weights.T, machine._intercept_)
    lost = graph.cast(graph.add("LessOrEqual", margins, graph.constant(0.0)), DOUBLE)
    # a pair that is won votes for its one class, else for the other
    turned = graph.add("MatMul", lost, graph.constant(loser - winner))
    votes = graph.add("Add", turned, graph.constant(winner.sum(axis=0)))
    if classes == 2:
        return graph.add("MatMul", margins, graph.constant([[1.0, -1.0]])), votes
    total = graph.add("MatMul", margins, graph.constant(winner - loser))
    size = graph.add(
        "Mul", graph.add("Add", graph.add("Abs", total), graph.constant(1.0)), graph.constant(3.0)
    )
    return graph.add("Add", votes, graph.add("Div", total, size)), votes


def _svm(graph: Graph, scaled: str, model: Any) -> str:
    return svm_votes(graph, scaled, model)[0]


def _svr(graph: Graph, scaled: str, model: Any) -> str:
    machine = model.estimator
    return _sums(graph, _kernel(graph, scaled, machine), machine._dual_coef_, machine._intercept_)


def _gmm(graph: Graph, scaled: str, model: Any) -> str:
    """Bayes' rule over the mixtures of the classes."""
    joint = []
    for mixture, prior in zip(model._mixtures, model._log_priors, strict=True):
        parts = [
            _gaussian(graph, scaled, mixture, number, np.log(weight) + prior)
            for number, weight in enumerate(mixture.weights_)
        ]
        densities = graph.add("Concat", *parts, axis=1)
        joint.append(graph.add("ReduceLogSumExp", densities, axes=[1], keepdims=1))
    return graph.add("Softmax", graph.add("Concat", *joint, axis=1), axis=1)


def _gaussian(graph: Graph, scaled: str, mixture: Any, number: int, weight: float) -> str:
    """Logarithm of a Gaussian's density times its weight, shape ``(rows, 1)``."""
    mean, kind = mixture.means_[number], mixture.covariance_type
    root = mixture.precisions_cholesky_
    root = root if kind == "tied" else root[number]
    centred = graph.add("Sub", scaled, graph.constant(mean))
    if kind in ("full", "tied"):
        turned = graph.add("MatMul", centred, graph.constant(root))
        volume = float(np.log(np.diag(root)).sum())
    else:  # a deviation for each feature, or one for all
        turned = graph.add("Mul", centred, graph.constant(root))
        volume = float(np.log(np.broadcast_to(root, mean.shape)).sum())
    squares = graph.add("Mul", turned, turned)
    distance = graph.add("ReduceSum", squares, graph.constant([1], np.int64), keepdims=1)
    half = graph.add("Mul", distance, graph.constant(-0.5))
    return graph.add("Add", half, graph.constant(volume - len(mean) / 2 * np.log(2 * np.pi) + weight))


def _bayes(graph: Graph, scaled: str, model: Any) -> str:
    """Bayes' rule over a normal distribution of each feature."""
    bayes = model.estimator
    joint = []
    for mean, variance, prior in zip(bayes.theta_, bayes.var_, bayes.class_prior_, strict=True):
        centred = graph.add("Sub", scaled, graph.constant(mean))
        squares = graph.add("Div", graph.add("Mul", centred, centred), graph.constant(variance))
        distance = graph.add("ReduceSum", squares, graph.constant([1], np.int64), keepdims=1)
        volume = np.log(prior) - 0.5 * np.log(2 * np.pi * variance).sum()
        half = graph.add("Mul", distance, graph.constant(-0.5))
        joint.append(graph.add("Add", half, graph.constant(volume)))
    return graph.add("Softmax", graph.add("Concat", *joint, axis=1), axis=1)


def _neighbours(graph: Graph, scaled: str, model: Any) -> str:
    """What the nearest training rows say, on average; nearer ones may count more."""
    near = model.estimator
    known = near._fit_X
    values = np.eye(len(near.classes_))[near._y] if model.classes else np.reshape(near._y, (-1, 1))
    squares = graph.add("Mul", scaled, scaled)
    own = graph.add("ReduceSum", squares, graph.constant([1], np.int64), keepdims=1)
    size = graph.add("Add", own, graph.constant((known**2).sum(axis=1)))
    twice = graph.add("MatMul", scaled, graph.constant(2 * known.T))
    rest = graph.add("Sub", size, twice)
    # what is left of two equal numbers is rounding: the same row
    same = graph.add("Less", rest, graph.add("Mul", size, graph.constant(1e-12)))
    distance = graph.add("Where", same, graph.constant(0.0), rest)
    found, places = graph.nearest(distance, near.n_neighbors)
    said = graph.add("Gather", graph.constant(values), places)
    if near.weights == "uniform":
        return graph.add("ReduceMean", said, axes=[1], keepdims=0)
    zero, one, axis = graph.constant(0.0), graph.constant(1.0), graph.constant([1], np.int64)
    equal = graph.cast(graph.add("Equal", found, zero), DOUBLE)
    any_equal = graph.add("Greater", graph.add("ReduceSum", equal, axis, keepdims=1), zero)
    safe = graph.add("Where", graph.add("Equal", found, zero), one, found)
    inverse = graph.add("Div", one, graph.add("Sqrt", safe))
    weights = graph.add("Where", any_equal, equal, inverse)
    shares = graph.add("Div", weights, graph.add("ReduceSum", weights, axis, keepdims=1))
    third = graph.add("Unsqueeze", shares, graph.constant([2], np.int64))
    return graph.add("ReduceSum", graph.add("Mul", said, third), axis, keepdims=0)


def _trees(graph: Graph, scaled: str, model: Any) -> str:
    """By skl2onnx, in 32 bits: scikit-learn's trees compare 32-bit numbers, too."""
    try:
        import skl2onnx
        from skl2onnx.common.data_types import FloatTensorType
    except ImportError as problem:
        raise missing_package("skl2onnx", "onnx", "the export of this model to ONNX") from problem
    estimator = model.estimator
    given = [("x", FloatTensorType([None, estimator.n_features_in_]))]
    options = {id(estimator): {"zipmap": False}} if model.classes else None
    made = skl2onnx.convert_sklearn(estimator, initial_types=given, options=options, target_opset=_OPSETS)
    return graph.cast(graph.absorb(made, graph.cast(scaled, FLOAT))[-1], DOUBLE)


def _boosted(graph: Graph, scaled: str, model: Any) -> str:
    """By onnxmltools, in 32 bits, as the trees themselves compute."""
    try:
        import onnxmltools
        from onnxmltools.convert.common.data_types import FloatTensorType
    except ImportError as problem:
        raise missing_package("onnxmltools", "onnx", "the export of this model to ONNX") from problem
    booster = model.booster
    is_xgboost = model.plugin_name() in ("xgb", "xgr")
    width = booster.num_features() if is_xgboost else booster.num_feature()
    given = [("x", FloatTensorType([None, width]))]
    if is_xgboost:
        made = onnxmltools.convert_xgboost(booster, initial_types=given, target_opset=OPSET)
    else:
        made = onnxmltools.convert_lightgbm(
            booster, initial_types=given, target_opset=OPSET, zipmap=False
        )  # a table instead of a list of dictionaries
    said = graph.cast(graph.absorb(made, graph.cast(scaled, FLOAT))[-1], DOUBLE)
    shape = graph.constant([-1, max(1, len(model.classes))], np.int64)
    return graph.add("Reshape", said, shape)


CONVERTERS: dict[str, Converter] = {
    "logreg": _linear, "lda": _linear, "lin_reg": _linear_number, "svm": _svm, "svr": _svr, "gmm": _gmm,
    "nb": _bayes, "knn": _neighbours, "knn_reg": _neighbours,
    "tree": _trees, "tree_reg": _trees, "rf": _trees, "rf_reg": _trees,
    "xgb": _boosted, "xgr": _boosted, "lgbm": _boosted, "lgbm_reg": _boosted,
}  # fmt: skip

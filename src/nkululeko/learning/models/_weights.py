"""Labels and weights of the training rows, as every model needs them."""

from __future__ import annotations

import numpy as np

from nkululeko.core.errors import NkululekoError


def as_labels(target: np.ndarray) -> np.ndarray:
    """The labels as numpy's own text, which needs no pickle; shape ``(samples,)``.

    Example:
        >>> as_labels(np.array(["sad", "angry"], dtype=object)).dtype.kind
        'U'
    """
    return np.array([str(label) for label in target], dtype=np.str_)


def inverse_frequency(labels: np.ndarray) -> np.ndarray:
    """A weight for each row so that all classes weigh the same; the weights' mean is 1.

    The heuristic of scikit-learn's ``class_weight="balanced"`` (King & Zeng 2001).

    Example:
        >>> inverse_frequency(np.array(["a", "a", "a", "b"])).round(3).tolist()
        [0.667, 0.667, 0.667, 2.0]
    """
    _, position, count = np.unique(labels, return_inverse=True, return_counts=True)
    return (len(labels) / (len(count) * count))[position]


def cannot_weight_classes(model: str) -> NkululekoError:
    """The error of ``class_weight`` with a model that has no weights."""
    todo = "leave MODEL.class_weight out, balance the data with FEATS.balancing, or take e.g. svm, rf or xgb"
    return NkululekoError(f"model {model} cannot weight classes", "MODEL.class_weight", todo)


def cannot_weight_samples(model: str) -> NkululekoError:
    """The error of weighted samples with a model that has no weights."""
    return NkululekoError(f"model {model} cannot weight samples", todo="take e.g. svm, rf or xgb")

"""How much each feature adds to a prediction, on average: SHAP values (Lundberg & Lee 2017)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np

from nkululeko.core.errors import missing_package

#: nodes of trees times rows: about ten seconds
WORK = 30_000_000


def mean_size(values: np.ndarray) -> np.ndarray:
    """The mean of the absolute values over rows and classes.

    Args:
        values: shape ``(rows, features)``, or ``(rows, features, classes)``

    Returns:
        shape ``(features,)``

    Example:
        >>> mean_size(np.array([[1.0, -2.0], [-3.0, 0.0]])).tolist()
        [2.0, 1.0]
    """
    sizes = np.abs(np.asarray(values, dtype=np.float64))
    return sizes.mean(axis=tuple(axis for axis in range(sizes.ndim) if axis != 1))


def of_trees(estimator: Any, features: np.ndarray) -> np.ndarray:
    """Those of scikit-learn's trees and forests, by TreeSHAP (Lundberg et al. 2020), shape ``(features,)``.

    Of large forests only some of the rows are explained, at even distances.

    Args:
        estimator: fitted
        features: shape ``(rows, features)``

    Raises:
        NkululekoError: the package shap is missing
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports what it would draw with, and that warns
        try:
            from shap import TreeExplainer
        except ImportError as missing:
            raise missing_package("shap", "explore", "EXPL.shap with trees of scikit-learn") from missing
    nodes = sum(tree.tree_.node_count for tree in np.ravel(getattr(estimator, "estimators_", [estimator])))
    most = min(len(features), max(20, WORK // nodes))
    features = features[np.arange(most) * len(features) // most]
    explainer = TreeExplainer(estimator, feature_perturbation="tree_path_dependent")
    return mean_size(explainer.shap_values(features, check_additivity=False))


def of_weights(coefficients: np.ndarray, features: np.ndarray) -> np.ndarray:
    """Those of a linear model, whose features are taken as independent, shape ``(features,)``.

    A feature adds its weight times its distance from the mean: exact, and no package is needed.

    Args:
        coefficients: shape ``(features,)`` or ``(classes, features)``
        features: shape ``(rows, features)``
    """
    distance = np.abs(features - features.mean(axis=0)).mean(axis=0)
    return np.abs(np.atleast_2d(coefficients)).mean(axis=0) * distance

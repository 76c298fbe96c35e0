"""Options that a classifier shares with its regression partner."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from nkululeko.core.plugin import Options, option


class KernelOptions(Options):
    """Options of support vector machines."""

    C_val: float = option(1.0, "regularisation: smaller is smoother", gt=0)
    gamma: Literal["scale", "auto"] | Annotated[float, Field(gt=0)] = option(
        "scale", "width of the kernel: 'scale', 'auto' or a number"
    )
    kernel: Literal["rbf", "linear", "poly", "sigmoid"] = option("rbf", "kernel function")


class NeighbourOptions(Options):
    """Options of nearest neighbours."""

    K_val: int = option(5, "number of neighbours", ge=1)
    KNN_weights: Literal["uniform", "distance"] = option(
        "uniform", "all neighbours count the same, or nearer ones more", also=("weights",)
    )


class TreeOptions(Options):
    """Options of a single decision tree."""

    max_depth: int | None = option(None, "greatest depth of the tree; not given: unlimited", ge=1)


class ForestOptions(Options):
    """Options of random forests."""

    n_estimators: int = option(100, "number of trees", ge=1)
    max_depth: int | None = option(None, "greatest depth of a tree; not given: unlimited", ge=1)


class BoostOptions(Options):
    """Options of gradient-boosted trees; those not given are xgboost's own defaults."""

    n_estimators: int | None = option(None, "number of trees (xgboost's default: 100)", ge=1)
    max_depth: int | None = option(None, "greatest depth of a tree (xgboost's default: 6)", ge=1)
    learning_rate: float | None = option(None, "share of each new tree (xgboost's default: 0.3)", gt=0, le=1)
    subsample: float | None = option(None, "share of the samples a tree sees (default: 1)", gt=0, le=1)
    colsample_bytree: float | None = option(
        None, "share of the features a tree sees (default: 1)", gt=0, le=1
    )


class LightOptions(Options):
    """Options of LightGBM's trees; those not given are its own defaults."""

    n_estimators: int | None = option(None, "number of trees (LightGBM's default: 100)", ge=1)
    max_depth: int | None = option(None, "greatest depth of a tree; not given: unlimited", ge=1)
    num_leaves: int | None = option(None, "greatest number of leaves of a tree (default: 31)", ge=2)
    min_child_samples: int | None = option(
        None, "least number of training samples in a leaf (default: 20); lower for small databases", ge=1
    )
    learning_rate: float | None = option(None, "share of each new tree (LightGBM's default: 0.1)", gt=0, le=1)
    subsample: float | None = option(None, "share of the samples a tree sees (default: 1)", gt=0, le=1)
    colsample_bytree: float | None = option(
        None, "share of the features a tree sees (default: 1)", gt=0, le=1
    )

"""``[FEATS]``: the features."""

from __future__ import annotations

from typing import Literal

from nkululeko.config.declare import Choice, Section, option, resolved


class Feats(Section):
    """The features."""

    ini_section = "FEATS"
    ini_families = ("features", "scalers", "balancers")

    #: the feature sets with their options
    sets: tuple[Choice, ...] = resolved(())
    #: the scaler with its options; None: ``auto``
    scaler: Choice | None = resolved(None)

    type: tuple[str, ...] = option(("os",), "feature sets, side by side; [] for finetune", names="features")
    features: tuple[str, ...] = option((), "keep only these columns")
    features_of: dict[str, tuple[str, ...]] = option(
        {}, "keep only these columns of a feature set", ini="*.features", star="features"
    )
    scale: str = option(
        "auto", "scaler, fitted on train; auto: standard for models that need it", names="scalers"
    )
    balancing: str | None = option(None, "balances the training set", names="balancers")
    nan_strategy: Literal["zero", "mean", "median", "drop"] | None = option(
        None,
        "what becomes of missing values; not given: the mean of train, for models that cannot do without",
    )
    fail_threshold: float = option(0.5, "share of failing files at which extraction stops", ge=0, le=1)
    needs_feature_extraction: bool = option(False, "extract anew")
    no_reuse: bool = option(False, "extract anew")
    store_format: str | None = option(None, "format of the store", ignored="the store is Parquet")

"""``[EXPL]``: what explore shows of the data."""

from __future__ import annotations

from typing import Literal

from nkululeko.config.declare import Section, option
from nkululeko.config.schema._shared import Selection, selection


class Expl(Section):
    """What explore shows of the data."""

    ini_section = "EXPL"

    value_counts: tuple[tuple[str, ...], ...] = option(
        (), "lists of columns, each plotted against the target", planned=True
    )
    bin_reals: bool = option(True, "bin real-valued columns", planned=True)
    bin_reals_of: dict[str, bool] = option({}, "bin this real-valued column", ini="*.bin_reals", planned=True)
    dist_type: Literal["hist", "kde"] = option("hist", "how distributions are drawn", planned=True)
    feature_distributions: bool = option(False, "plot the most important features", planned=True)
    max_feats: int = option(10, "how many of them", planned=True, ge=1)
    model: tuple[str, ...] = option((), "models whose importances are averaged", names="models", planned=True)
    permutation: bool = option(False, "importance by permutation", planned=True)
    shap: bool = option(False, "importance by SHAP", planned=True)
    plot_tree: bool = option(False, "plot a decision tree", planned=True)
    plot_features: tuple[str, ...] = option((), "features to plot", planned=True)
    regplot: tuple[tuple[str, ...], ...] = option((), "pairs of columns for regression plots", planned=True)
    scatter: tuple[Literal["tsne", "umap", "pca"], ...] = option(
        (), "projections of the features", planned=True
    )
    scatter_target: tuple[str, ...] = option(
        (), "columns that colour them", ini="scatter.target", planned=True
    )
    scatter_dim: Literal[2, 3] = option(2, "their dimensions", ini="scatter.dim", planned=True)
    ignore_gender: bool = option(False, "do not split by gender", planned=True)
    print_stats: bool = option(False, "show the statistics", planned=True)
    print_colvals: bool = option(False, "show the columns' values", planned=True)
    sample_selection: Selection = selection()
    spotlight: bool = option(False, "open the data in Spotlight", planned=True)

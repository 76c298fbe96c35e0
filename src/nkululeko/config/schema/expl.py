"""``[EXPL]``: what explore shows of the data."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from nkululeko.config.declare import Section, option
from nkululeko.config.schema._shared import Selection, few_columns, selection

#: how the distribution of a feature is drawn
Kind = Literal["violin", "box", "bar", "swarm", "strip"]


class Expl(Section):
    """What explore shows of the data."""

    ini_section = "EXPL"

    value_counts: tuple[str | tuple[str, ...], ...] = option(
        (), "columns, or lists of one or two columns, each looked at against the target"
    )
    bin_reals: bool = option(True, "bin a target that is a number")
    bin_reals_of: dict[str, bool] = option({}, "bin this column, or do not", ini="*.bin_reals")
    bins_of: dict[str, int] = option({}, "into how many bins of equal frequency", ini="*_bins")
    dist_type: Literal["hist", "kde"] = option("hist", "how distributions of numbers are drawn")
    feature_distributions: bool | Kind = option(
        False, "draw the most important features: True, or violin, box, bar, swarm, strip"
    )
    max_feats: int = option(10, "how many features are drawn and mapped against each other", ge=1, le=100)
    model: tuple[str, ...] = option(
        (), "models by whose importances the features are ranked; not given: by effect size", names="models"
    )
    permutation: bool = option(False, "importance by permutation, on speakers held out")
    shap: bool = option(False, "importance by SHAP values")
    plot_tree: bool = option(False, "draw a small decision tree")
    plot_features: tuple[str, ...] = option((), "features to look at against the target")
    regplot: tuple[tuple[str, ...], ...] = option(
        (), "pairs of columns or features, drawn with a regression line; a third name colours the points"
    )
    scatter: tuple[Literal["tsne", "umap", "pca"], ...] = option((), "maps of the features")
    scatter_target: tuple[str, ...] = option(
        (), "columns that colour the maps beside the target", ini="scatter.target"
    )
    scatter_dim: Literal[2, 3] = option(2, "dimensions of the maps", ini="scatter.dim")
    max_points: int = option(10_000, "at most so many samples are mapped by tsne and umap", ge=10)
    ignore_gender: bool = option(False, "do not look at women and men apart")
    print_stats: bool = option(False, "print the statistics on the terminal")
    print_colvals: bool = option(False, "print the columns of the data and their values")
    sample_selection: Selection = selection(planned=False)
    spotlight: bool = option(False, "open the data in Spotlight")

    @field_validator("value_counts")
    @classmethod
    def _few_columns(cls, items: tuple[str | tuple[str, ...], ...]) -> tuple[str | tuple[str, ...], ...]:
        return few_columns(items)

    @field_validator("regplot")
    @classmethod
    def _pairs(cls, items: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
        if any(len(item) not in (2, 3) for item in items):
            raise ValueError("expected lists of two names, or of three: [['age', 'duration', 'gender']]")
        if any(item[0] == item[1] for item in items):
            raise ValueError("expected two different names in each list")
        return items

    @field_validator("bins_of")
    @classmethod
    def _several_bins(cls, bins: dict[str, int]) -> dict[str, int]:
        if any(not 2 <= count <= 50 for count in bins.values()):
            raise ValueError("expected 2 to 50 bins")
        return bins

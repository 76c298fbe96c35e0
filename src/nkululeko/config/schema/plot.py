"""``[PLOT]``: additional figures and their looks."""

from __future__ import annotations

from typing import Literal

from pydantic import field_validator

from nkululeko.config.declare import Section, option
from nkululeko.config.schema._shared import few_columns


class Plot(Section):
    """Additional figures and their looks."""

    ini_section = "PLOT"

    tsne: bool = option(False, "the features in two dimensions (t-SNE)")
    value_counts: bool | tuple[str | tuple[str, ...], ...] = option(
        False, "True: the distribution of the labels in each split; explore: columns, as EXPL.value_counts"
    )
    name: str | None = option(None, "stem of the figures' file names; not given: the figures' own names")
    format: Literal["png", "svg", "pdf", "eps"] = option("png", "format of the figures")
    titles: bool = option(True, "figures have titles")
    epoch_progression: bool = option(False, "loss and score over the epochs")
    anim_progression: bool = option(False, "the same as an animation (GIF)")
    best_model: bool = option(
        False, "the figures of the best epoch",
        ignored="the figures are always those of the epoch that was kept, the best on the watched data",
    )  # fmt: skip
    combine_per_speaker: Literal["mode", "mean"] | None = option(
        None, "one answer a speaker as well: what most samples say, or the mean of probabilities or numbers"
    )
    uncertainty_threshold: float | None = option(
        None, "what is left if answers less certain than this (1 minus uncertainty) are left out", ge=0, le=1
    )
    runs_compare: str | None = option(
        None, "EXP.runs: a picture of this measure, run by run with its interval, e.g. uar", names="metrics"
    )
    kind: Literal["violin", "box", "bar", "swarm", "strip"] | None = option(
        None, "explore: how numbers are drawn for each category"
    )
    fill_areas: bool = option(False, "explore: fill the areas below curves")
    ccc: bool = option(False, "explore: CCC instead of Pearson's r in titles")

    @field_validator("value_counts")
    @classmethod
    def _few_columns(
        cls, items: bool | tuple[str | tuple[str, ...], ...]
    ) -> bool | tuple[str | tuple[str, ...], ...]:
        return items if isinstance(items, bool) else few_columns(items)

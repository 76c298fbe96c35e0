"""``[PLOT]``: additional figures and their looks."""

from __future__ import annotations

from typing import Literal

from nkululeko.config.declare import Section, option


class Plot(Section):
    """Additional figures and their looks."""

    ini_section = "PLOT"

    tsne: bool = option(False, "the features in two dimensions (t-SNE)")
    value_counts: bool | tuple[tuple[str, ...], ...] = option(
        False, "the distribution of the labels in each split", planned=True, only=(True,)
    )
    name: str | None = option(None, "stem of the figures' file names; not given: the figures' own names")
    format: Literal["png", "svg", "pdf", "eps"] = option("png", "format of the figures")
    titles: bool = option(True, "figures have titles")
    epoch_progression: bool = option(False, "loss and score over the epochs")
    anim_progression: bool = option(False, "the same as an animation (GIF)")
    best_model: bool = option(False, "the figures of the best epoch", planned=True)
    combine_per_speaker: Literal["mode", "mean"] | None = option(
        None, "one prediction a speaker", planned=True
    )
    uncertainty_threshold: float | None = option(
        None, "leave out predictions less certain than this", planned=True, ge=0, le=1
    )
    runs_compare: str | None = option(None, "compare runs by this", planned=True)
    kind: str | None = option(None, "kind of the distribution plots", planned=True)
    fill_areas: bool = option(False, "fill the areas below curves", planned=True)
    ccc: bool = option(False, "CCC instead of Pearson's r in titles", planned=True)

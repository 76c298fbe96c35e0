"""``[ENSEMBLE]``: several experiments answer together."""

from __future__ import annotations

from typing import Literal

from nkululeko.config.declare import Section, option

#: how answers are fused; see :mod:`nkululeko.evaluation.fusion`
Method = Literal["vote", "mean", "median", "max", "sum", "uncertainty", "confidence", "dev"]


class Ensemble(Section):
    """Several experiments answer together."""

    ini_section = "ENSEMBLE"

    runs: tuple[str, ...] = option(
        (), "folders, or experiment files, of finished runs with the same test samples"
    )
    method: Method = option(
        "mean",
        "vote, mean, max, sum of the probabilities, weighted by certainty (uncertainty, confidence) or by dev;"
        " numbers: mean or median",
    )

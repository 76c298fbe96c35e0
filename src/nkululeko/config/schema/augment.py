"""``[AUGMENT]``: more training data from what there is."""

from __future__ import annotations

from typing import Any

from nkululeko.config.declare import Section, option
from nkululeko.config.schema._shared import Selection, selection


class Augment(Section):
    """More training data from what there is."""

    ini_section = "AUGMENT"

    augment: tuple[str, ...] = option((), "methods", names="augmenters", planned=True)
    augmentations: dict[str, Any] | tuple[str, ...] = option((), "what they do", planned=True)
    transformations: dict[str, Any] | tuple[str, ...] = option((), "what auglib does", planned=True)
    p_reverse: float = option(
        0.3, "random_splice: probability of turning a part round", planned=True, ge=0, le=1
    )
    top_db: float = option(
        12.0, "random_splice: silence lies so far below the maximum (dB)", planned=True, gt=0
    )
    result: str = option("augmented.csv", "the table of the new files", planned=True)
    sample_selection: Selection = selection()

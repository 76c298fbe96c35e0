"""``[AUGMENT]``: more training data from what there is."""

from __future__ import annotations

from pathlib import Path

from nkululeko.config.declare import Choice, Section, option, resolved
from nkululeko.config.schema._shared import Selection


class Augment(Section):
    """More training data from what there is."""

    ini_section = "AUGMENT"
    ini_families = ("augmenters",)

    #: the methods with their options
    sets: tuple[Choice, ...] = resolved(())

    augment: tuple[str, ...] = option(
        ("traditional",), "methods; each gives one copy of each sample", names="augmenters"
    )
    result: Path = option(
        Path("augmented.csv"), "augment: the table of the copies, in the run's folder; they lie beside it"
    )
    sample_selection: Selection = option(
        "train",
        "augment: the samples that are copied; goes before that of [EXP], aug_train copies train only",
    )

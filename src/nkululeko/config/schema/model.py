"""``[MODEL]``: what learns, and what it is measured by."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from nkululeko.config.declare import Choice, Section, option, resolved
from nkululeko.config.schema._shared import Device
from nkululeko.config.schema.exp import NETS

#: a number of folds; 0 or False: no cross-validation
Folds = Annotated[int, Field(ge=0)] | bool
#: folds that are asked for without a number
TEN = 10


class Model(Section):
    """What learns, and what it is measured by."""

    ini_section = "MODEL"
    ini_families = ("models", "losses")

    #: the model with its options
    choice: Choice = resolved(Choice(""))

    type: str = option(
        "", "the model; under regression a classifier's name means its partner", names="models"
    )
    class_weight: bool = option(False, "weight classes by inverse frequency")
    loss: str | None = option(None, "loss function", names="losses", needs=NETS)
    measure: str | None = option(
        None, "the headline figure; not given: uar for classification, ccc for regression", names="metrics"
    )
    device: Device = option("auto", "of neural nets: cpu, cuda, cuda:3 or auto (cuda where there is one)")
    save: bool = option(True, "keep the model files")
    logo: Folds = option(0, "cross-validation over groups of speakers: how many (True: 10)")
    loso: bool = option(False, "cross-validation: leave one speaker out")
    k_fold_cross: Folds = option(
        0, "cross-validation with whole speakers and all classes in each fold: how many (True: 10)"
    )
    n_jobs: int | None = option(None, "threads; not given: EXP.jobs", ge=1)
    random_seed: int | None = option(None, "seed; not given: EXP.random_seed", ge=0, lt=2**32)

    @property
    def folds(self) -> tuple[str, int] | None:
        """Which cross-validation, and how many folds (0 for leave one speaker out); None: there is a test set."""
        if self.loso:
            return "loso", 0
        for name in ("logo", "k_fold_cross"):
            count = getattr(self, name)
            if count:
                return name, TEN if count is True else int(count)
        return None

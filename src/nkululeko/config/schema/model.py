"""``[MODEL]``: what learns, and what it is measured by."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from nkululeko.config.declare import Choice, option, resolved
from nkululeko.config.schema._shared import Device, Finetuning
from nkululeko.config.schema.exp import NETS

#: a number of folds; 0 or False: no cross-validation
Folds = Annotated[int, Field(ge=0)] | bool


class Model(Finetuning):
    """What learns, and what it is measured by."""

    ini_section = "MODEL"
    ini_families = ("models", "losses")

    #: the model with its options
    choice: Choice = resolved(Choice(""))

    type: str = option(
        "", "the model; under regression a classifier's name means its partner", names="models"
    )
    learning_rate: float | None = option(None, "size of the steps", needs=f"{NETS} lgbm", planned=True, gt=0)
    class_weight: bool = option(False, "weight classes by inverse frequency")
    layers: dict[str, int] | tuple[int, ...] = option(
        (), "sizes of the hidden layers: [64, 16] or {'l1': 64}", needs="models: mlp mlp_reg", planned=True
    )
    drop: float | None = option(None, "dropout", needs=NETS, planned=True, ge=0, lt=1)
    activation: str | None = option(None, "activation function", needs=NETS, planned=True)
    batch_size: int | None = option(None, "samples in a step", needs=NETS, planned=True, ge=1)
    optimizer: str | None = option(None, "optimiser", needs=NETS, planned=True)
    weight_decay: float | None = option(None, "weight decay", needs=NETS, planned=True, ge=0)
    momentum: float | None = option(None, "momentum", needs=NETS, planned=True, ge=0)
    scheduler: str | None = option(None, "how the learning rate falls", needs=NETS, planned=True)
    scheduler_gamma: float | None = option(
        None, "its factor", ini="scheduler.gamma", needs=NETS, planned=True, gt=0
    )
    scheduler_step_size: int | None = option(
        None, "its step in epochs", ini="scheduler.step_size", needs=NETS, planned=True, ge=1
    )
    warmup_epochs: int | None = option(
        None, "epochs in which the learning rate rises", needs=NETS, planned=True, ge=0
    )
    patience: int | None = option(
        None, "epochs without progress until it stops", needs=NETS, planned=True, ge=1
    )
    loss: str | None = option(None, "loss function", names="losses", needs=NETS, planned=True)
    label_smoothing: float | None = option(None, "label smoothing", needs=NETS, planned=True, ge=0, lt=1)
    measure: str | None = option(
        None, "the headline figure; not given: uar for classification, ccc for regression", names="metrics"
    )
    device: Device = option("auto", "cpu, cuda, cuda:3 or auto", planned=True, only=("cpu",))
    save: bool = option(True, "keep the model files")
    logo: Folds = option(0, "cross-validation over groups of speakers: their number", planned=True)
    loso: bool = option(False, "cross-validation: leave one speaker out", planned=True)
    k_fold_cross: Folds = option(0, "cross-validation over samples: number of folds", planned=True)
    n_jobs: int | None = option(None, "threads; not given: EXP.jobs", ge=1)
    random_seed: int | None = option(None, "seed; not given: EXP.random_seed", ge=0, lt=2**32)

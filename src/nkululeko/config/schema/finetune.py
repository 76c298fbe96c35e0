"""``[FINETUNE]``: what [MODEL] may say of fine-tuning too."""

from __future__ import annotations

from nkululeko.config.declare import option
from nkululeko.config.schema._shared import Device, Finetuning


class Finetune(Finetuning):
    """What [MODEL] may say of fine-tuning too."""

    ini_section = "FINETUNE"

    device: Device = option("auto", "cpu, cuda, cuda:3 or auto", planned=True)
    batch_size: int | None = option(None, "samples in a step", planned=True, ge=1)
    learning_rate: float | None = option(None, "size of the steps", planned=True, gt=0)
    balancing: str | None = option(None, "balances the training set", names="balancers", planned=True)

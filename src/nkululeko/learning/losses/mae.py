"""``loss = mae``: mean absolute error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nkululeko.learning.losses._shared import NetLoss

if TYPE_CHECKING:
    from torch import Tensor


class Mae(NetLoss):
    """The mean of the absolute differences (PyTorch's own); less moved by single outliers than ``mse``."""

    tasks = ("regression",)
    summary = "mean absolute error"

    def build(self, weights: Any = None, label_smoothing: float = 0.0) -> Callable[[Tensor, Tensor], Tensor]:
        """A function of predicted and true numbers."""
        from torch.nn.functional import l1_loss

        return l1_loss

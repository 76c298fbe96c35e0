"""``loss = mse``: mean squared error."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nkululeko.learning.losses._shared import NetLoss

if TYPE_CHECKING:
    from torch import Tensor


class Mse(NetLoss):
    """The mean of the squared differences (PyTorch's own); large mistakes count most."""

    tasks = ("regression",)
    summary = "mean squared error"

    def build(self, weights: Any = None, label_smoothing: float = 0.0) -> Callable[[Tensor, Tensor], Tensor]:
        """A function of predicted and true numbers."""
        from torch.nn.functional import mse_loss

        return mse_loss

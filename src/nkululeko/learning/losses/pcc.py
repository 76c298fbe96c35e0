"""``loss = 1-pcc``: one minus Pearson's correlation coefficient."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nkululeko.learning.losses._shared import NetLoss

if TYPE_CHECKING:
    from torch import Tensor

_TINY = 1e-8  # keeps the quotient defined where nothing varies; variances are about 1 here


def pcc_loss(prediction: Tensor, truth: Tensor) -> Tensor:
    """One minus the correlation coefficient, 0 (all on a rising line) .. 2.

    Source: Pearson, "Note on regression and inheritance in the case of two parents", 1895.

    Args:
        prediction: shape ``(batch,)``
        truth: likewise

    Example:
        >>> import torch
        >>> round(float(pcc_loss(torch.tensor([0.0, 1.0, 2.0]), torch.tensor([0.0, 1.0, 1.0]))), 4)
        0.134
    """
    mine, true = prediction - prediction.mean(), truth - truth.mean()
    # under the root, so that its slope stays finite where all predictions are equal
    spread = (mine.square().mean() * true.square().mean() + _TINY**2).sqrt()
    return 1 - (mine * true).mean() / spread


class Pcc(NetLoss):
    """One minus the correlation of the batch: only the shape counts, the predictions' offset and scale are free."""

    tasks = ("regression",)
    also = ("1-pcc",)
    summary = "1 - Pearson's correlation coefficient; leaves offset and scale of the predictions free"
    smallest_batch = 2

    def build(self, weights: Any = None, label_smoothing: float = 0.0) -> Callable[[Tensor, Tensor], Tensor]:
        """A function of predicted and true numbers."""
        return pcc_loss

"""``loss = 1-ccc``: one minus the concordance correlation coefficient, the default for numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nkululeko.learning.losses._shared import NetLoss

if TYPE_CHECKING:
    from torch import Tensor

_TINY = 1e-8  # keeps the quotient defined where nothing varies; variances are about 1 here


def ccc_loss(prediction: Tensor, truth: Tensor) -> Tensor:
    """One minus the concordance correlation coefficient, 0 (all equal) .. 2.

    Twice the covariance by the sum of both variances and the squared difference of the means, moments divided by n.
    Source: Lawrence I-Kuei Lin, "A concordance correlation coefficient to evaluate reproducibility",
    Biometrics, 1989.

    Args:
        prediction: shape ``(batch,)``
        truth: likewise

    Example:
        >>> import torch
        >>> round(float(ccc_loss(torch.tensor([0.0, 1.0, 2.0]), torch.tensor([0.0, 1.0, 1.0]))), 4)
        0.3333
    """
    offset = prediction.mean() - truth.mean()
    mine, true = prediction - prediction.mean(), truth - truth.mean()
    covariance = (mine * true).mean()
    return 1 - 2 * covariance / (mine.square().mean() + true.square().mean() + offset.square() + _TINY)


class Ccc(NetLoss):
    """One minus the concordance correlation coefficient of the batch: shape, offset and scale count."""

    tasks = ("regression",)
    also = ("1-ccc",)
    summary = "1 - concordance correlation coefficient (Lin 1989); default of regression"
    smallest_batch = 2

    def build(self, weights: Any = None, label_smoothing: float = 0.0) -> Callable[[Tensor, Tensor], Tensor]:
        """A function of predicted and true numbers."""
        return ccc_loss

"""``loss = focal``: cross entropy that looks at the hard samples."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nkululeko.learning.losses._shared import NetLoss, shares, weighted_mean

if TYPE_CHECKING:
    from torch import Tensor

#: how much easy samples count less: the value that the paper found best
GAMMA = 2.0


def focal_loss(
    logits: Tensor,
    target: Tensor,
    weights: Tensor | None = None,
    label_smoothing: float = 0.0,
    gamma: float = GAMMA,
) -> Tensor:
    """The focal loss; with gamma = 0 the cross entropy.

    Source: Lin et al., "Focal loss for dense object detection", ICCV 2017, eq. 5, for several classes.

    Args:
        logits: shape ``(batch, classes)``
        target: class indices, shape ``(batch,)``
        weights: a number for each class (the paper's alpha), or None
        label_smoothing: 0..1
        gamma: how much easy samples count less

    Example:
        >>> import torch
        >>> sure = torch.tensor([[3.0, 0.0]])
        >>> [round(float(focal_loss(sure, torch.tensor([label]))), 5) for label in (0, 1)]
        [0.00011, 2.76628]
    """
    log_p = logits.log_softmax(dim=1)
    # 1 - p through exp(log) would lose all digits where p is near 1
    rest = (-log_p.expm1()).clamp_min(0)
    terms = shares(target, logits, label_smoothing) * rest**gamma * -log_p
    return weighted_mean(terms.sum(dim=1), target, weights)


class Focal(NetLoss):
    """Cross entropy times ``(1 - p)²``, so that samples that are right already count little."""

    summary = "focal loss (Lin et al. 2017), gamma 2: cross entropy in which easy samples count little"

    def build(self, weights: Any = None, label_smoothing: float = 0.0) -> Callable[[Tensor, Tensor], Tensor]:
        """A function of logits and class indices."""

        def loss(logits: Tensor, target: Tensor) -> Tensor:
            return focal_loss(logits, target, weights, label_smoothing)

        return loss

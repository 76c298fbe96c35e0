"""``loss = f1``: the F1 score itself, made differentiable."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nkululeko.learning.losses._shared import NetLoss, shares

if TYPE_CHECKING:
    from torch import Tensor


def soft_f1_loss(
    logits: Tensor, target: Tensor, weights: Tensor | None = None, label_smoothing: float = 0.0
) -> Tensor:
    """One minus the mean F1 of the classes, counted with probabilities instead of decisions.

    Only classes that occur in the batch are counted: for others F1 says nothing.
    Source: Pastor-Pellicer et al., "F-measure as the error function to train neural networks", IWANN 2013.

    Args:
        logits: shape ``(batch, classes)``
        target: class indices, shape ``(batch,)``
        weights: a number for each class, or None: a sample counts as much as its class weighs
        label_smoothing: 0..1

    Example:
        >>> import torch
        >>> sure = torch.tensor([[50.0, 0.0], [50.0, 0.0], [0.0, 50.0]])
        >>> round(float(soft_f1_loss(sure, torch.tensor([0, 1, 1]))), 4)
        0.3333
    """
    truth, guess = shares(target, logits, label_smoothing), logits.softmax(dim=1)
    rows = 1.0 if weights is None else weights[target][:, None]
    hits = (rows * truth * guess).sum(dim=0)
    truths, guesses = (rows * truth).sum(dim=0), (rows * guess).sum(dim=0)
    occurring = target.bincount(minlength=logits.shape[1]) > 0
    # twice the hits, by hits + misses + hits + false alarms
    return 1 - (2 * hits / (truths + guesses).clamp_min(1e-12))[occurring].mean()


class F1(NetLoss):
    """One minus the macro F1, with probabilities for decisions; wants batches that hold all classes."""

    summary = "1 - macro F1, counted with probabilities (Pastor-Pellicer et al. 2013)"

    def build(self, weights: Any = None, label_smoothing: float = 0.0) -> Callable[[Tensor, Tensor], Tensor]:
        """A function of logits and class indices."""

        def loss(logits: Tensor, target: Tensor) -> Tensor:
            return soft_f1_loss(logits, target, weights, label_smoothing)

        return loss

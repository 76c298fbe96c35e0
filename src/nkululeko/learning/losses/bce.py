"""``loss = bce``: binary cross entropy, each class against the rest."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nkululeko.learning.losses._shared import NetLoss, shares, weighted_mean

if TYPE_CHECKING:
    from torch import Tensor


class Bce(NetLoss):
    """One yes-or-no question a class, "is it this one?"; the mean over the classes (PyTorch's own)."""

    summary = "binary cross entropy, each class against the rest"
    one_vs_rest = True

    def build(self, weights: Any = None, label_smoothing: float = 0.0) -> Callable[[Tensor, Tensor], Tensor]:
        """A function of logits and class indices; a sample counts as much as its class weighs."""
        from torch.nn.functional import binary_cross_entropy_with_logits

        def loss(logits: Tensor, target: Tensor) -> Tensor:
            truth = shares(target, logits, label_smoothing)
            terms = binary_cross_entropy_with_logits(logits, truth, reduction="none")
            return weighted_mean(terms.mean(dim=1), target, weights)

        return loss

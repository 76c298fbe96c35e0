"""``loss = weighted_bce``: binary cross entropy in which yes and no weigh the same for each class."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nkululeko.learning.losses._shared import NetLoss, shares

if TYPE_CHECKING:
    from torch import Tensor


def no_by_yes(weights: Tensor) -> Tensor:
    """How many samples of the rest stand against each of a class, from inverse-frequency weights.

    With ``weights = n / (classes * counts)`` this is ``(n - counts) / counts``.

    Example:
        >>> import torch
        >>> counts = torch.tensor([30.0, 10.0])
        >>> no_by_yes(counts.sum() / (2 * counts))
        tensor([0.3333, 3.0000])
    """
    return (len(weights) * weights - 1).clamp_min(1e-6)


class WeightedBce(NetLoss):
    """Each class against the rest; the few samples of a class weigh as much as the many of the rest.

    Weighted by the classes' frequencies whether or not ``class_weight`` is asked for; PyTorch's ``pos_weight``.
    """

    summary = "binary cross entropy, each class against the rest, in which both sides weigh the same"
    one_vs_rest = True
    always_weighted = True

    def build(self, weights: Any = None, label_smoothing: float = 0.0) -> Callable[[Tensor, Tensor], Tensor]:
        """A function of logits and class indices; weights: inverse frequencies, None: as if all were equal."""
        from torch.nn.functional import binary_cross_entropy_with_logits

        def loss(logits: Tensor, target: Tensor) -> Tensor:
            truth = shares(target, logits, label_smoothing)
            each = logits.new_ones(logits.shape[1]) if weights is None else weights
            return binary_cross_entropy_with_logits(logits, truth, pos_weight=no_by_yes(each))

        return loss

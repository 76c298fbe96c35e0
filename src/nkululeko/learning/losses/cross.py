"""``loss = cross``: cross entropy, the default for classes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from nkululeko.learning.losses._shared import NetLoss

if TYPE_CHECKING:
    from torch import Tensor


class Cross(NetLoss):
    """The negative logarithm of the probability that the net gives the true class (PyTorch's own)."""

    summary = "cross entropy: the negative log probability of the true class; default of classification"

    def build(self, weights: Any = None, label_smoothing: float = 0.0) -> Callable[[Tensor, Tensor], Tensor]:
        """A function of logits and class indices."""
        from torch.nn.functional import cross_entropy

        def loss(logits: Tensor, target: Tensor) -> Tensor:
            return cross_entropy(logits, target, weight=weights, label_smoothing=label_smoothing)

        return loss

"""What the losses share: what a net must know of them, and targets as shares of classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from nkululeko.core.families import Loss

if TYPE_CHECKING:
    from torch import Tensor


class NetLoss(Loss):
    """A loss, and what a net must know of it."""

    #: the net's outputs are one yes or no a class, so that probabilities are sigmoids, not a softmax
    one_vs_rest: ClassVar[bool] = False
    #: it gets the classes' weights whether or not ``class_weight`` is asked for
    always_weighted: ClassVar[bool] = False
    #: it is undefined, or constant, on fewer samples
    smallest_batch: ClassVar[int] = 1


def shares(target: Tensor, logits: Tensor, label_smoothing: float = 0.0) -> Tensor:
    """Each sample's share of each class, shape ``(batch, classes)``: 1 for its own, less with label smoothing.

    Source: Szegedy et al., "Rethinking the inception architecture for computer vision", 2016.

    Args:
        target: class indices, shape ``(batch,)``
        logits: outputs of the net, shape ``(batch, classes)``; only their shape and type count
        label_smoothing: this share is spread evenly over all classes

    Example:
        >>> import torch
        >>> shares(torch.tensor([0]), torch.zeros(1, 2), label_smoothing=0.5).tolist()
        [[0.75, 0.25]]
    """
    import torch.nn.functional as functional

    classes = logits.shape[1]
    one_hot = functional.one_hot(target, classes).to(logits.dtype)
    return one_hot * (1 - label_smoothing) + label_smoothing / classes


def weighted_mean(values: Tensor, target: Tensor, weights: Tensor | None) -> Tensor:
    """The mean over the samples, each weighted by its class; as PyTorch's cross entropy does it.

    Args:
        values: shape ``(batch,)``
        target: class indices, shape ``(batch,)``
        weights: a number for each class, or None
    """
    if weights is None:
        return values.mean()
    row_weights = weights[target]
    return (values * row_weights).sum() / row_weights.sum()

"""The nets themselves, as PyTorch modules. Results never depend on how far a sequence was padded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

from nkululeko.learning.nets.options import ACTIVATIONS
from nkululeko.learning.nets.tensors import valid_frames

if TYPE_CHECKING:
    from torch import Tensor
    from torch.nn import Module

Size = TypeVar("Size", int, "Tensor")


@dataclass(frozen=True)
class Architecture:
    """What a net looks like.

    Args:
        inputs: features of a vector, or columns of a frame
        outputs: classes, or 1 for a number
        layers: the sizes of the layers between
        drop: dropout, 0..1
        activation: name of the function between the layers
    """

    inputs: int
    outputs: int
    layers: tuple[int, ...]
    drop: float
    activation: str


def activation_of(name: str) -> Callable[[Tensor], Tensor]:
    """The function of that name.

    Raises:
        ValueError: it is none of ours
    """
    import torch.nn.functional as functional

    if name not in ACTIVATIONS:
        raise ValueError(f"unknown activation '{name}', expected one of: {', '.join(ACTIVATIONS)}")
    return getattr(functional, name)


def perceptron(plan: Architecture) -> Module:
    """A multilayer perceptron: fully connected layers, dropout behind each (Rumelhart, Hinton & Williams 1986).

    Its ``forward`` takes vectors ``(batch, features)`` and gives ``(batch, outputs)``.
    """
    import torch
    from torch import nn

    class Perceptron(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            sizes = (plan.inputs, *plan.layers)
            self.hidden = nn.ModuleList(nn.Linear(*pair) for pair in pairwise(sizes))
            self.output = nn.Linear(sizes[-1], plan.outputs)
            self.activation, self.drop = activation_of(plan.activation), nn.Dropout(plan.drop)

        def forward(self, vectors: torch.Tensor) -> torch.Tensor:
            for layer in self.hidden:
                vectors = self.drop(self.activation(layer(vectors)))
            return self.output(vectors)

    return Perceptron()


def convolutions(plan: Architecture) -> Module:
    """Convolutions over time and columns, each halving both; mean and maximum over time; a linear layer.

    Strides instead of pooling: Springenberg et al., "Striving for simplicity: the all convolutional net", 2015.
    Beyond its end a sequence is 0 before each layer, just as at the borders.
    Its ``forward`` takes sequences ``(batch, frames, columns)`` and lengths ``(batch,)``, gives ``(batch, outputs)``.
    """
    import torch
    from torch import nn

    class Convolutions(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            channels = (1, *plan.layers)
            self.hidden = nn.ModuleList(
                nn.Conv2d(*pair, 3, stride=2, padding=1) for pair in pairwise(channels)
            )
            width = plan.inputs
            for _ in plan.layers:
                width = halved(width)
            self.output = nn.Linear(2 * channels[-1] * width, plan.outputs)
            self.activation, self.drop = activation_of(plan.activation), nn.Dropout(plan.drop)

        def forward(self, sequences: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
            image = sequences[:, None]
            for layer in self.hidden:
                image, lengths = self.activation(layer(image)), halved(lengths)
                valid = valid_frames(lengths, image.transpose(1, 2))
                image = image * valid[:, None, :, None]
            frames = image.transpose(1, 2).flatten(2)
            return self.output(
                self.drop(torch.cat([mean_of(frames, lengths), maximum_of(frames, valid)], dim=1))
            )

    return Convolutions()


def recurrence(plan: Architecture) -> Module:
    """Long short-term memory in both directions, and attention over time; a linear layer.

    LSTM: Hochreiter & Schmidhuber 1997; in both directions: Graves & Schmidhuber 2005; attention: Mirsamadi, Barsoum
    & Zhang, "Automatic speech emotion recognition using recurrent neural networks with local attention", 2017.
    The way back starts at each sequence's own end. (PyTorch's packed sequences would do the same, ten times as slow.)
    Its ``forward`` takes sequences ``(batch, frames, columns)`` and lengths ``(batch,)``, gives ``(batch, outputs)``.
    """
    import torch
    from torch import nn

    class Recurrence(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            widths = (plan.inputs, *(2 * size for size in plan.layers))
            both = list(zip(widths, plan.layers, strict=False))
            self.there = nn.ModuleList(nn.LSTM(*pair, batch_first=True) for pair in both)
            self.back = nn.ModuleList(nn.LSTM(*pair, batch_first=True) for pair in both)
            self.attention = nn.Linear(widths[-1], 1)
            self.output = nn.Linear(widths[-1], plan.outputs)
            self.activation, self.drop = activation_of(plan.activation), nn.Dropout(plan.drop)

        def forward(self, sequences: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
            turn = backwards(lengths, sequences)
            for there, back in zip(self.there, self.back, strict=True):
                returned = turned(back(turned(sequences, turn))[0], turn)
                sequences = self.drop(torch.cat([there(sequences)[0], returned], dim=2))
            valid = valid_frames(lengths, sequences)
            notice = self.attention(sequences).squeeze(2).masked_fill(~valid, float("-inf")).softmax(dim=1)
            return self.output(self.activation((notice[:, :, None] * sequences).sum(dim=1)))

    return Recurrence()


def halved(size: Size) -> Size:
    """What a convolution of stride 2 leaves of a length: half of it, rounded up."""
    return (size + 1) // 2


def mean_of(frames: Tensor, lengths: Tensor) -> Tensor:
    """The mean over time of each column, shape ``(batch, columns)``; frames beyond the end are 0."""
    return frames.sum(dim=1) / lengths.to(frames.device)[:, None]


def maximum_of(frames: Tensor, valid: Tensor) -> Tensor:
    """The maximum over time of each column, shape ``(batch, columns)``; of the valid frames only."""
    return frames.masked_fill(~valid[:, :, None], float("-inf")).amax(dim=1)


def backwards(lengths: Tensor, sequences: Tensor) -> Tensor:
    """The frames of each sequence from its end to its start; those beyond the end stay where they are.

    Example:
        >>> import torch
        >>> backwards(torch.tensor([2, 3]), torch.zeros(2, 3, 1)).tolist()
        [[1, 0, 2], [2, 1, 0]]
    """
    import torch

    place = torch.arange(sequences.shape[1], device=sequences.device)
    mirrored = lengths.to(sequences.device)[:, None] - 1 - place
    return torch.where(mirrored >= 0, mirrored, place)


def turned(frames: Tensor, order: Tensor) -> Tensor:
    """The frames of each sequence in another order, shape ``(batch, frames, columns)``."""
    return frames.gather(1, order[:, :, None].expand_as(frames))

"""Multilayer perceptron for classes (Rumelhart, Hinton & Williams 1986)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.learning.nets.layers import Architecture, perceptron
from nkululeko.learning.nets.model import NetModel
from nkululeko.learning.nets.options import ClassOptions

if TYPE_CHECKING:
    from torch.nn import Module


class Mlp(NetModel):
    """Fully connected layers of ReLUs or other functions, trained in epochs; takes vectors."""

    summary = "multilayer perceptron"
    Options = ClassOptions
    options: ClassOptions
    tasks = ("classification",)
    partner = "mlp_reg"
    probabilistic = True

    def build(self, plan: Architecture) -> Module:
        """The untrained layers."""
        return perceptron(plan)

"""Convolutional neural net for classes (LeCun et al. 1998)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.learning.nets.layers import Architecture, convolutions
from nkululeko.learning.nets.model import NetModel
from nkululeko.learning.nets.options import CnnOptions

if TYPE_CHECKING:
    from torch.nn import Module


class Cnn(NetModel):
    """Convolutions over time and columns, then mean and maximum over time; takes sequences."""

    summary = "convolutional neural net of sequences, e.g. spectrograms"
    Options = CnnOptions
    options: CnnOptions
    tasks = ("classification",)
    partner = "cnn_reg"
    probabilistic = True
    needs_scaling = False
    accepts_missing = True
    takes_sequences = True

    def build(self, plan: Architecture) -> Module:
        """The untrained layers."""
        return convolutions(plan)

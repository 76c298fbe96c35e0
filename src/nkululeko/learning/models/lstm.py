"""Long short-term memory for classes (Hochreiter & Schmidhuber 1997)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nkululeko.learning.nets.layers import Architecture, recurrence
from nkululeko.learning.nets.model import NetModel
from nkululeko.learning.nets.options import LstmOptions

if TYPE_CHECKING:
    from torch.nn import Module


class Lstm(NetModel):
    """Reads each sequence forwards and backwards, then attends to its telling frames; takes sequences."""

    summary = "long short-term memory of sequences, in both directions, with attention"
    Options = LstmOptions
    options: LstmOptions
    tasks = ("classification",)
    partner = "lstm_reg"
    probabilistic = True
    needs_scaling = False
    accepts_missing = True
    takes_sequences = True

    def build(self, plan: Architecture) -> Module:
        """The untrained layers."""
        return recurrence(plan)

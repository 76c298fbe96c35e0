"""One of SQUIM's measures: a column of the feature set ``squim``, whose rows in the store it shares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from nkululeko.core import families
from nkululeko.core.families import Extraction
from nkululeko.features._squim import OBJECTIVE, Estimator

if TYPE_CHECKING:
    import pandas as pd


class Single(Estimator):
    """A plug-in is a subclass; its name is that of the column."""

    kind = OBJECTIVE
    columns = ("stoi", "pesq", "sdr")
    licence = "SQUIM's objective weights (DNS Challenge): CC BY 4.0"

    def names(self) -> list[str]:
        """The one measure."""
        return [self.plugin_name()]

    def fetch(self, index: pd.MultiIndex, extraction: Extraction) -> pd.DataFrame:
        """The column of ``squim``: whoever asks for two of them extracts once."""
        self.version()  # what is missing is told under the name that the user knows
        whole = families.features.load("squim")(self.options)
        return extraction(whole, index)[self.names()]

    def extract_batch(self, prepared: Sequence[list[np.ndarray]]) -> np.ndarray:
        """The measure of some segments, shape ``(segments, 1)``."""
        place = self.columns.index(self.plugin_name())
        return super().extract_batch(prepared)[:, place : place + 1]

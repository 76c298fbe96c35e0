"""What audEERING's public networks give out themselves: age, gender, emotion, by heads on the mean of all frames."""

from __future__ import annotations

from functools import cached_property

import numpy as np

from nkululeko.features._transformer import NetworkFeatures
from nkululeko.pretrained.heads import Head, read_heads

#: the licence of all of them
LICENCE = "audEERING's public networks: CC BY-NC-SA 4.0, no commercial use"
EMOTION_MODEL = "audeering/wav2vec2-large-robust-12-ft-emotion-msp-dim"
AGE_MODEL = "audeering/wav2vec2-large-robust-24-ft-age-gender"


class HeadOutputs(NetworkFeatures):
    """The values of the heads of a network; a plug-in is a subclass with its ``Options`` and ``heads``."""

    like = "wav2vec"
    licence = LICENCE

    def names(self) -> list[str]:
        """What the heads say they give: ``age``, ``female`` ..."""
        return [column for form in self.heads for column in form.columns]

    def row(self, mean: np.ndarray, variance: np.ndarray, attended: np.ndarray | None) -> np.ndarray:
        """The heads applied to the mean of all frames."""
        return np.concatenate([head(mean) for head in self._heads])

    @cached_property
    def _heads(self) -> list[Head]:
        return read_heads(self.checkpoint, self.heads)

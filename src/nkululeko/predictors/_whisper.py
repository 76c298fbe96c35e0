"""What is said, by Whisper (Radford et al. 2023): written down, or translated into English."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.predictors._networks import Network, NetworkOptions
from nkululeko.pretrained.loading import Recipe
from nkululeko.pretrained.network import RATE

#: parts of words that a row has room for: some ten minutes of fluent speech
MOST = 2048


class WhisperWords(Network):
    """A row holds the numbers of the parts of words (tokens), then NaN: so text can be kept as numbers."""

    Options = NetworkOptions
    kinds = ("whisper",)
    recipe = Recipe("WhisperForConditionalGeneration", "AutoProcessor", ("proj_out",))
    #: ``transcribe`` or ``translate``
    task = "transcribe"

    def names(self) -> list[str]:
        """``token_0007``: token 7, from 0."""
        return [f"token_{place:04d}" for place in range(MOST)]

    def identity(self) -> dict[str, Any]:
        """What is done."""
        return {"task": self.task}

    def answer(self, pieces: Sequence[np.ndarray]) -> np.ndarray:
        """The tokens of one segment, piece after piece.

        Raises:
            NkululekoError: a model for one language is to translate
        """
        loaded = self.loaded
        several = bool(getattr(loaded.model.generation_config, "is_multilingual", False))
        if self.task == "translate" and not several:
            what = "knows one language only, and cannot translate"
            raise NkululekoError(
                what, str(self.checkpoint.folder), "take one of Whisper's models for many languages"
            )
        how = {"task": self.task} if several else {}
        special = set(loaded.preparation.tokenizer.all_special_ids)
        tokens: list[int] = []
        for piece in pieces:
            made = loaded.preparation(piece, sampling_rate=RATE, return_tensors="pt").to(loaded.device)
            with loaded.computing():
                found = loaded.model.generate(made["input_features"], do_sample=False, num_beams=1, **how)[0]
            tokens += [token for token in found.tolist() if token not in special]
        row = np.full(MOST, np.nan)
        row[: len(tokens)] = tokens[:MOST]
        return row

    def text(self, row: np.ndarray) -> str:
        """The words of a row."""
        tokens = [int(token) for token in row[np.isfinite(row)]]
        return " ".join(
            str(self.loaded.preparation.tokenizer.decode(tokens, skip_special_tokens=True)).split()
        )


class WhisperEnglish(WhisperWords):
    """The same, translated into English."""

    task = "translate"

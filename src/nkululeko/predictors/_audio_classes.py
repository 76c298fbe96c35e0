"""A network for audio classification, in the format of Hugging Face: the probabilities of its classes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.predictors._networks import Network
from nkululeko.pretrained.loading import Recipe
from nkululeko.pretrained.network import RATE


class AudioClasses(Network):
    """The softmax of its logits; those of long recordings are averaged over their pieces, by their length."""

    kinds = (
        "wav2vec2", "hubert", "wavlm", "unispeech-sat", "data2vec-audio", "wav2vec2-conformer", "sew",
        "audio-spectrogram-transformer", "whisper",
    )  # fmt: skip
    recipe = Recipe("AutoModelForAudioClassification", "AutoFeatureExtractor")

    def names(self) -> list[str]:
        """The classes as ``config.json`` has them."""
        found = self.checkpoint.config.get("id2label")
        if not isinstance(found, dict) or len(found) < 2:
            what = "has no names of classes (id2label in config.json)"
            raise NkululekoError(what, str(self.checkpoint.folder), "take a model for audio classification")
        return [str(found[key]) for key in sorted(found, key=int)]

    def answer(self, pieces: Sequence[np.ndarray]) -> np.ndarray:
        """The mean probabilities of one segment."""
        loaded, rows = self.loaded, []
        for piece in pieces:
            made = loaded.preparation(piece, sampling_rate=RATE, return_tensors="pt").to(loaded.device)
            with loaded.computing():
                rows.append(loaded.model(**made).logits[0].float().softmax(-1).cpu().numpy())
        return np.average(rows, axis=0, weights=[len(piece) for piece in pieces])

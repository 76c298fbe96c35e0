"""A network that sorts texts, in the format of Hugging Face: the probabilities of its classes."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.families import TextFeatureSet
from nkululeko.predictors._networks import REVISION, NetworkOptions, asker_of
from nkululeko.pretrained.checkpoint import Checkpoint, open_checkpoint
from nkululeko.pretrained.loading import Recipe, load_parts
from nkululeko.pretrained.network import precision_of

#: where text may stand, the first that is there counts
COLUMNS = ("text", "text_pred", "transcription", "transcript", "translation_pred")
_KINDS = (
    "bert", "roberta", "xlm-roberta", "distilbert", "camembert", "electra", "albert", "mpnet", "modernbert",
    "deberta", "deberta-v2",
)  # fmt: skip
_RECIPE = Recipe("AutoModelForSequenceClassification", "AutoTokenizer", ("position_ids",))
#: longer texts are cut
_MOST_TOKENS = 512


class TextClasses(TextFeatureSet):
    """The softmax of its logits, of a text at a time."""

    Options = NetworkOptions

    def __init__(self, options: Any = None, target: str = "") -> None:
        super().__init__(options)
        self.asker = asker_of(target)

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The folder of the model, looked at once."""
        return open_checkpoint(self.options.model, _KINDS, self.asker, {})

    def names(self) -> list[str]:
        """The classes as ``config.json`` has them."""
        found = self.checkpoint.config.get("id2label")
        if not isinstance(found, dict) or len(found) < 2:
            what = "has no names of classes (id2label in config.json)"
            raise NkululekoError(what, str(self.checkpoint.folder), "take a model for text classification")
        return [str(found[key]) for key in sorted(found, key=int)]

    def version(self) -> str:
        """Revision, content of the checkpoint, version of the library."""
        try:
            library = importlib.metadata.version("transformers")
        except importlib.metadata.PackageNotFoundError:
            raise missing_package("transformers", "transformers", self.asker.who) from None
        return (
            f"{REVISION};checkpoint={self.checkpoint.content};transformers={library};{precision_of('auto')}"
        )

    def identity(self) -> dict[str, Any]:
        """Without the model's name: its content is in the version."""
        return {}

    def column(self, present: Sequence[str]) -> str:
        """The first of ``COLUMNS`` that is there.

        Raises:
            NkululekoError: there is none
        """
        for name in COLUMNS:
            if name in present:
                return name
        raise NkululekoError(
            f"{self.asker.who} reads what is said, and the data have no column {' or '.join(COLUMNS[:3])}", "PREDICT",
            "name 'text' before it: targets = ['text', 'textclassification'], or bring a column by colnames",
        )  # fmt: skip

    def extract_texts(self, texts: Sequence[str]) -> np.ndarray:
        """The probabilities of each text, shape ``(texts, classes)``."""
        loaded = load_parts(self.checkpoint, _RECIPE, "auto", self.asker)
        rows = []
        places = int(getattr(loaded.model.config, "max_position_embeddings", None) or _MOST_TOKENS)
        # RoBERTa and its kin count places from behind that of the padding on
        most = min(places - 2 if places > 2 else places, loaded.preparation.model_max_length, _MOST_TOKENS)
        for text in texts:
            made = loaded.preparation(text, truncation=True, max_length=most, return_tensors="pt").to(
                loaded.device
            )
            made.pop("token_type_ids", None)
            with loaded.computing():
                rows.append(loaded.model(**made).logits[0].float().softmax(-1).cpu().numpy())
        return np.array(rows, np.float32)

"""Feature set ``bert``: embeddings of what was said, from a column of text (Devlin et al. 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Literal

import numpy as np
from pydantic import field_validator

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import TextFeatureSet
from nkululeko.core.plugin import option
from nkululeko.features._pretrained import PLACE, DeviceOptions, version_of
from nkululeko.features._transformer import asker_of, model_option
from nkululeko.pretrained.checkpoint import Checkpoint, open_checkpoint
from nkululeko.pretrained.loading import Loaded, Recipe, in_halves, load_parts

_KINDS = (
    "bert", "roberta", "xlm-roberta", "distilbert", "camembert", "electra", "albert", "mpnet", "modernbert",
    "deberta-v2",
)  # fmt: skip
#: columns that are looked for where none is named
_COLUMNS = ("text", "transcription")
#: what no network of text reads more of at once, whatever its tokenizer says
_MOST_TOKENS = 512
#: the summary that some networks have on top is not used here
_RECIPE = Recipe("AutoModel", "AutoTokenizer", ("pooler.",))
REVISION = 1


class BertOptions(DeviceOptions):
    """Which network for text, and what of it."""

    model: str = model_option("google-bert/bert-base-uncased")
    column: str | None = option(None, "column with the text; not given: text, else transcription")
    layer: tuple[int, ...] = option(
        (0,), "hidden layer, counted from the last, which is 0; several: their mean"
    )
    pooling: Literal["mean", "cls"] = option("mean", "mean of all tokens, or cls, the first one")
    batch_size: int | None = option(None, "texts at once; not given: 16, on a GPU 64", ge=1)

    @field_validator("layer")
    @classmethod
    def _layers(cls, layers: tuple[int, ...]) -> tuple[int, ...]:
        if not layers or min(layers) < 0:
            raise ValueError("expected whole numbers >= 0: layers are counted from the last, which is 0")
        return tuple(sorted(set(layers)))


class Bert(TextFeatureSet):
    """Hidden layers of BERT and its kin, averaged over the tokens of a text; the sound plays no part.

    A text longer than what the network reads at once is read in pieces; a piece counts by its tokens.
    """

    Options = BertOptions
    options: BertOptions
    summary = "embeddings of a column of text (BERT)"

    @classmethod
    def meant_by(cls, spelling: str) -> Mapping[str, Any]:
        """Another spelling of the name in the INI file is the model of that name on the hub."""
        return {"model": f"google-bert/{spelling}"}

    def names(self) -> list[str]:
        """Names like ``bert_0007_mean``: dimension 7, from 0."""
        config = self.checkpoint.config
        width = config.get("hidden_size", config.get("dim"))
        if not isinstance(width, int):
            where = str(self.checkpoint.folder)
            raise NkululekoError("config.json does not say how wide its layers are (hidden_size)", where)
        return [f"{self.plugin_name()}_{place:04d}_{self.options.pooling}" for place in range(width)]

    def check_ready(self) -> None:
        """Stop where the checkpoint is not there, or a package."""
        self.version()

    def version(self) -> str:
        """Revision, content of the checkpoint, versions of the libraries, precision of the device."""
        return version_of(self.plugin_name(), REVISION, self.checkpoint.content, self.options.device)

    def identity(self) -> dict[str, Any]:
        """Without what is in the version, device and size of the batch; vectors are kept by text, not by column."""
        values = self.options.model_dump(mode="json")
        return {key: value for key, value in values.items() if key not in (*PLACE, "column")}

    @cached_property
    def checkpoint(self) -> Checkpoint:
        """The folder of the model, looked at once."""
        found = open_checkpoint(self.options.model, _KINDS, asker_of(self.plugin_name()), {})
        count = found.config.get("num_hidden_layers", found.config.get("n_layers"))
        if count is not None and max(self.options.layer) > count:
            what = f"there is no layer {max(self.options.layer)}: {found.folder.name} has {count}"
            todo = f"layers are counted from the last: 0 to {count}, where {count} is the input of the first"
            raise NkululekoError(what, f"FEATS.{self.plugin_name()}.layer", todo)
        return found

    def column(self, present: Sequence[str]) -> str:
        """The column that is named, else ``text``, else ``transcription``.

        Raises:
            NkululekoError: there is none; the target is no text that features may be made of
        """
        name = self.plugin_name()
        for wanted in (self.options.column,) if self.options.column else _COLUMNS:
            if wanted in present:
                return wanted
        what = f"no column '{self.options.column or _COLUMNS[0]}' with text (the target does not count)"
        todo = did_you_mean(self.options.column or _COLUMNS[0], present)
        raise NkululekoError(what, f"FEATS.{name}.column", todo)

    def extract_texts(self, texts: Sequence[str]) -> np.ndarray:
        """The embeddings of some texts, shape ``(texts, features)``.

        Raises:
            NkululekoError: memory does not suffice, not even for half of the batch
        """
        loaded = self._loaded()
        encoded = loaded.preparation(
            list(texts), truncation=True, max_length=_most_tokens(loaded), return_overflowing_tokens=True
        )
        owners = np.array(encoded["overflow_to_sample_mapping"])
        pieces = encoded["input_ids"]
        order = sorted(range(len(pieces)), key=lambda place: -len(pieces[place]))
        size = self.options.batch_size or (16 if loaded.device == "cpu" else 64)
        found = np.zeros((len(pieces), len(self.names())))
        for begin in range(0, len(order), size):
            places = order[begin : begin + size]
            ready = [pieces[place] for place in places]
            found[places] = in_halves(self._batch, ready, loaded.device, asker_of(self.plugin_name()))
        weights = np.array([len(piece) for piece in pieces], np.float64)
        mine = [owners == text for text in range(len(texts))]
        return np.array([np.average(found[own], axis=0, weights=weights[own]) for own in mine], np.float32)

    def _batch(self, pieces: Sequence[list[int]]) -> list[np.ndarray]:
        """The vectors of pieces of text: tokens in, filled up to the longest, whose filling nobody looks at."""
        import torch

        loaded, longest = self._loaded(), max(map(len, pieces))
        fill = loaded.preparation.pad_token_id or 0
        tokens = torch.tensor([[*piece, *[fill] * (longest - len(piece))] for piece in pieces])
        mask = torch.tensor([[1] * len(piece) + [0] * (longest - len(piece)) for piece in pieces])
        tokens, mask = tokens.to(loaded.device), mask.to(loaded.device)
        with loaded.computing():
            layers = loaded.model(
                input_ids=tokens, attention_mask=mask, output_hidden_states=True
            ).hidden_states
        hidden = torch.stack([layers[-1 - layer].float() for layer in self.options.layer]).mean(0)
        if self.options.pooling == "cls":
            return list(hidden[:, 0].cpu().numpy())
        weight = mask.unsqueeze(2).float()
        return list(((hidden * weight).sum(1) / weight.sum(1)).cpu().numpy())

    def _loaded(self) -> Loaded:
        return load_parts(self.checkpoint, _RECIPE, self.options.device, asker_of(self.plugin_name()))


def _most_tokens(loaded: Loaded) -> int:
    """What the network reads at once; RoBERTa and its kin count places from behind that of the padding on."""
    config = loaded.model.config
    places = getattr(config, "max_position_embeddings", None) or _MOST_TOKENS
    if config.model_type in ("roberta", "xlm-roberta", "camembert", "mpnet"):
        places -= getattr(loaded.model.embeddings, "padding_idx", 1) + 1
    return int(min(places, loaded.preparation.model_max_length, _MOST_TOKENS))

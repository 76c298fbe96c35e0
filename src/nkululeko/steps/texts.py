"""Features of texts: a column of the samples instead of their sound."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import TextFeatureSet
from nkululeko.steps.batches import Outcome

#: so many texts are handed over at once
_PORTION = 256


@dataclass(frozen=True)
class Text:
    """What a feature set of text needs of one row: its key in the store (a hash of the text), and the text."""

    key: bytes
    text: str


def texts_of(feature_set: TextFeatureSet, index: pd.MultiIndex, columns: pd.DataFrame | None) -> list[Text]:
    """The texts of unique segments; a missing one is empty.

    Args:
        feature_set: says which column it reads
        index: segments
        columns: samples and their columns; None: there are none

    Raises:
        NkululekoError: there are no columns, or not the one that is needed
    """
    name = feature_set.plugin_name()
    if columns is None:
        what = f"the feature set '{name}' reads a column of the data, and here there are only recordings"
        raise NkululekoError(what, todo="give a table with that column")
    column = columns[feature_set.column([str(each) for each in columns])]
    values = column[~column.index.duplicated()].reindex(index)
    texts = ["" if pd.isna(value) else " ".join(str(value).split()) for value in values]
    return [Text(hashlib.blake2b(text.encode(), digest_size=16).digest(), text) for text in texts]


def extract_texts(feature_set: TextFeatureSet, texts: Sequence[Text]) -> Iterator[list[Outcome]]:
    """The vectors of all texts, a portion at a time, those of about the same length together.

    Args:
        feature_set: what extracts
        texts: in any order

    Raises:
        NkululekoError: the extractor cannot work here at all
    """
    yield [(each.key, None, "the sample has no text", True) for each in texts if not each.text]
    ready = sorted((each for each in texts if each.text), key=lambda each: len(each.text))
    for begin in range(0, len(ready), _PORTION):
        portion = ready[begin : begin + _PORTION]
        vectors = feature_set.extract_texts([each.text for each in portion])
        rows = zip(portion, vectors, strict=True)
        yield [(each.key, np.asarray(vector, np.float32), None, True) for each, vector in rows]

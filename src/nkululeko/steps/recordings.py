"""Segments in the place of features, for models that start from the sound itself."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from nkululeko.config.declare import Choice
from nkululeko.core import samples as contract
from nkululeko.core.families import Recordings, features
from nkululeko.steps.extract import Extracted, Extractor, extract


def segments(index: pd.MultiIndex, extractor: Extractor, least: float) -> Extracted:
    """The segments themselves; each was read once, so that what cannot be used is known before the training.

    Args:
        index: samples
        extractor: store and workers
        least: how long a segment must be, in s

    Raises:
        NkululekoError: too many cannot be used
    """
    kind: Any = features.load("signal").Options
    choice = Choice("signal", kind(least=least))
    heard = extract([choice], index, extractor)
    usable = heard.features.index
    files = usable.get_level_values("file")
    names = list(dict.fromkeys(files))
    places = {name: place for place, name in enumerate(names)}
    table = pd.DataFrame(
        {
            "file": [float(places[name]) for name in files],
            "start": contract.seconds(usable, "start"),
            "end": contract.seconds(usable, "end"),
        },
        index=usable,
    )
    contents = tuple(extractor.audio[name].content.hex() for name in names)
    return replace(
        heard, features=table, recordings=Recordings(tuple(names), contents), versions={}, licences=[]
    )

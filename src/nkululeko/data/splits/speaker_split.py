"""Speaker-disjoint split: some of the speakers are the test set."""

from __future__ import annotations

import pandas as pd

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Split, SplitContext
from nkululeko.data.splits._speakers import draw, share, speakers_of


class SpeakerSplit(Split):
    """``test_size`` percent of the speakers, drawn by the seed, are the test set."""

    summary = "speaker-disjoint: test_size percent of the speakers are the test set"

    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """See :class:`Split`."""
        speakers = speakers_of(loaded.samples, context.name, "speaker_split")
        known = sorted(speakers.dropna().unique())
        if len(known) < 2:
            raise NkululekoError(
                f"speaker_split needs two speakers, and database '{context.name}' has {len(known)}",
                f"{context.name}.split_strategy",
                f"use {context.name}.split_strategy = random",
            )
        test = draw(known, share(len(known), context.test_size, len(known) - 1), context.seed)
        split = pd.Series("train", index=loaded.samples.index, dtype="str")
        split[speakers.isin(test)] = "test"
        return split.mask(speakers.isna())

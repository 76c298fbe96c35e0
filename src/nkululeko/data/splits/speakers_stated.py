"""Split by speakers that the user names."""

from __future__ import annotations

import pandas as pd
from pydantic import field_validator

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Split, SplitContext
from nkululeko.core.plugin import Options as BaseOptions
from nkululeko.core.plugin import option
from nkululeko.data.splits._lists import by_value, nearest, once, some
from nkululeko.data.splits._speakers import speakers_of


class SpeakersStatedOptions(BaseOptions):
    """The speakers of each part."""

    train: tuple[str, ...] = option((), "speakers for training; not given, but test: all others")
    dev: tuple[str, ...] = option((), "speakers of the dev set")
    test: tuple[str, ...] = option((), "speakers of the test set")

    _once = field_validator("train", "dev", "test")(once)


class SpeakersStated(Split):
    """Train, dev and test are speakers, named one by one; speakers in no list are not used.

    Where test speakers are named and none for training, all who are in no list train.
    """

    Options = SpeakersStatedOptions
    summary = "speaker-disjoint: the speakers named by train, dev, test"

    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """See :class:`Split`."""
        parts = {part: getattr(self.options, part) for part in ("train", "dev", "test")}
        if not any(parts.values()):
            raise NkululekoError(
                "split_strategy = speakers_stated needs speakers",
                f"database '{context.name}'",
                f"set {context.name}.test = ['...']: all others train",
            )
        speakers = speakers_of(loaded.samples, context.name, "speakers_stated")
        known = sorted(speakers.dropna().unique())
        for part, names in parts.items():
            for speaker in names:
                if speaker not in known:
                    what = f"there is no speaker '{speaker}' (there are: {some(known)})"
                    raise NkululekoError(what, f"{context.name}.{part}", nearest(speaker, known))
        if parts["test"] and not parts["train"]:
            parts["train"] = tuple(s for s in known if s not in (*parts["dev"], *parts["test"]))
        return by_value(speakers, parts)

"""The split of the last run in the experiment's folder."""

from __future__ import annotations

import logging

import pandas as pd

from nkululeko.core import samples as contract
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loaded, Split, SplitContext

_log = logging.getLogger("nkululeko")


class Reuse(Split):
    """Each sample goes where it went in the last run; new samples of known speakers follow their speaker."""

    summary = "as in the last run of this experiment (split.csv)"

    def assign(self, loaded: Loaded, context: SplitContext) -> pd.Series:
        """See :class:`Split`."""
        where = f"{context.name}.split_strategy = reuse"
        if context.previous is None:
            raise NkululekoError(
                "there is no split.csv of an earlier run in the experiment's folder that can be read",
                where,
                "run it once with another split_strategy, such as speaker_split",
            )
        for column in ("database", "split"):
            if column not in context.previous:
                raise NkululekoError(
                    f"split.csv has no column '{column}'", where, "run it once with another split_strategy"
                )
        previous = context.previous[context.previous["database"] == context.name]
        if previous.empty:
            raise NkululekoError(
                f"split.csv knows no database '{context.name}'", where, "run it once with another one"
            )
        strange = sorted(set(previous["split"].dropna().astype("str")) - set(contract.SPLITS))
        if strange:
            raise NkululekoError(
                f"split.csv has '{strange[0]}' in its column 'split'", where, "use train, dev or test"
            )
        unique = previous.loc[~previous.index.duplicated(), "split"]
        split = unique.reindex(loaded.samples.index).astype("str")
        if split.isna().any() and "speaker" in previous and "speaker" in loaded.samples:
            by_speaker = (
                previous.dropna(subset=["speaker"]).groupby("speaker")["split"].agg(["first", "nunique"])
            )
            whole = by_speaker.loc[by_speaker["nunique"] == 1, "first"]
            split = split.fillna(loaded.samples["speaker"].astype("str").map(whole))
        unknown = int(split.isna().sum())
        if unknown:
            _log.warning("%s: %d samples are not in split.csv and are not used", where, unknown)
        return split

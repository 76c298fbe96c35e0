"""A development set for splits that name none: cut out of the training set, so that the test set stays."""

from __future__ import annotations

import logging

import numpy as np
import pandas as pd

from nkululeko.core.families import Loaded, SplitContext
from nkululeko.data.splits._speakers import draw, in_order, share
from nkululeko.data.targets import as_labels

_log = logging.getLogger("nkululeko")


def with_dev(loaded: Loaded, split: pd.Series, context: SplitContext) -> pd.Series:
    """The split with a dev set, where one is wanted and it has none: speakers, if they are known, else samples.

    Args:
        loaded: the database
        split: ``train``, ``dev``, ``test`` or missing, a row a sample
        context: ``dev_size`` is in percent of all speakers (samples) that the split uses

    Returns:
        the split with some of its ``train`` as ``dev``: at least one speaker, and never all; nothing else
        changes, and nothing at all without ``dev_size``, with a dev set, or without a training set
    """
    train = (split == "train").to_numpy(dtype=bool, na_value=False)
    if context.dev_size is None or (split == "dev").any() or not train.any():
        return split
    if "speaker" not in loaded.samples or loaded.samples["speaker"][train].isna().all():
        return dev_of_samples(split, context)
    speakers = as_labels(loaded.samples["speaker"])
    candidates = speakers[train].dropna().unique().tolist()
    if len(candidates) < 2:
        _log.warning(
            "%s: no dev set: the training set has one speaker only (%s)", context.name, candidates[0]
        )
        return split
    unknown = int(speakers[train].isna().sum())
    if unknown:
        _log.warning(
            "%s: %d training samples have no speaker: they may share voices with the dev set",
            context.name,
            unknown,
        )
    used = speakers[split.notna().to_numpy()].nunique()
    dev = draw(candidates, share(used, context.dev_size, len(candidates) - 1), [context.seed, 1])
    return split.mask(train & speakers.isin(dev).to_numpy(), "dev")


def dev_of_samples(split: pd.Series, context: SplitContext) -> pd.Series:
    """The split with some of its training samples as dev set, whoever speaks: ``dev_size`` percent of all used."""
    if context.dev_size is None:
        return split
    ordered = in_order(split.index)
    candidates = ordered[(split == "train").to_numpy(dtype=bool, na_value=False)[ordered]]
    if len(candidates) < 2:
        _log.warning("%s: no dev set: %d training samples are too few", context.name, len(candidates))
        return split
    count = share(int(split.notna().sum()), context.dev_size, len(candidates) - 1)
    chosen = np.random.default_rng([context.seed, 1]).permutation(len(candidates))[:count]
    dev = np.zeros(len(split), dtype=bool)
    dev[candidates[chosen]] = True
    return split.mask(dev, "dev")

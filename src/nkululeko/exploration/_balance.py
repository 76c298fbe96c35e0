"""How samples are spread over categories and speakers, in sentences."""

from __future__ import annotations

import numpy as np
import pandas as pd

from nkululeko.core.exploration import Finding, Variable
from nkululeko.exploration._sentences import group_of, quantity, words_of
from nkululeko.exploration.variables import OTHER

#: the largest class by the smallest: from where on classes are unequal, and very unequal
UNEQUAL, VERY_UNEQUAL = 2.0, 5.0
#: speakers below which little can be said of other speakers
FEW_SPEAKERS = 8
#: a class of fewer speakers than this is said to be theirs
OF_A_CLASS = 3


def imbalances(target: Variable, speakers: pd.Series | None) -> list[Finding]:
    """How the samples are spread over classes and speakers.

    Args:
        target: the predicted column
        speakers: key of who speaks, a row a sample; None: not known
    """
    found = _of_classes(target) if target.is_category else _of_numbers(target)
    if speakers is not None and speakers.notna().any():
        found += _of_speakers(target, speakers)
        if target.is_category:
            found += _speakers_of_classes(target, speakers)
    return found


def _of_classes(target: Variable) -> list[Finding]:
    counts = target.values.value_counts().reindex(target.levels).drop(OTHER, errors="ignore")
    if len(counts) < 2:
        only = f": {counts.index[0]}" if len(counts) else ""
        text = f"There are not two classes of {target.name} to tell apart{only}."
        return [Finding("imbalance", text, 1.0, "target")]
    many, few = counts.idxmax(), counts.idxmin()
    ratio = counts[many] / counts[few]
    if ratio < UNEQUAL:
        each = f"{counts[few]}" if ratio == 1 else f"{counts[few]} to {counts[many]}"
        text = f"The classes are about equally frequent: {each} samples each."
        return [Finding("imbalance", text, 0.1, "target")]
    very = "very unequal" if ratio >= VERY_UNEQUAL else "unequal"
    text = (
        f"The classes are {very}: {counts[many]} samples of {group_of(target, str(many))}, "
        f"{counts[few]} of {group_of(target, str(few))}."
    )
    weight = 0.5 + min(0.35, 0.1 * np.log2(ratio / UNEQUAL))
    return [Finding("imbalance", text, round(float(weight), 3), "target")]


def _of_numbers(target: Variable) -> list[Finding]:
    values = target.values.dropna().to_numpy(dtype=float)
    if not len(values) or values.min() == values.max():
        text = f"{target.name} does not vary, so there is nothing to predict."
        return [Finding("imbalance", text, 1.0, "target")]
    low, high = np.quantile(values, [0.25, 0.75])
    words = words_of(target.name)
    if low == high:
        text = f"At least half of all samples have the same {target.name}: {quantity(words, low)}."
        return [Finding("imbalance", text, 0.6, "target")]
    article = "an" if target.name[:1].lower() in tuple("aeio") else "a"
    text = (
        f"Half of all samples have {article} {target.name} between {quantity(words, low)} and "
        f"{quantity(words, high)}; the extremes are {quantity(words, values.min())} and "
        f"{quantity(words, values.max())}."
    )
    return [Finding("imbalance", text, 0.1, "target")]


def _of_speakers(target: Variable, speakers: pd.Series) -> list[Finding]:
    known = speakers[target.values.notna().to_numpy()].dropna()
    counts = known.value_counts()
    found = []
    if 0 < len(counts) < FEW_SPEAKERS:
        whom = "one speaker" if len(counts) == 1 else f"{len(counts)} speakers"
        text = (
            f"There {'is' if len(counts) == 1 else 'are'} only {whom}: what is found may hold for them alone."
        )
        found.append(Finding("imbalance", text, 0.6, "speakers"))
    if len(counts) > 2 and counts.iloc[0] > max(0.3, 3 / len(counts)) * len(known):
        share = 100 * counts.iloc[0] / len(known)
        text = f"Speaker {counts.index[0]} alone has {share:.0f} % of all samples."
        found.append(Finding("imbalance", text, 0.5, "speakers"))
    return found


def _speakers_of_classes(target: Variable, speakers: pd.Series) -> list[Finding]:
    """Classes that hang on one speaker or two, where there are more."""
    frame = pd.DataFrame({"label": target.values.to_numpy(), "speaker": speakers.to_numpy()}).dropna()
    counts = frame.drop_duplicates().groupby("label").size()
    everyone = frame["speaker"].nunique()
    few = [level for level in target.levels if 0 < counts.get(level, 0) < OF_A_CLASS]
    if not few or everyone < FEW_SPEAKERS or len(few) > 5:
        return []
    parts = [f"{group_of(target, level)} by {counts[level]}" for level in few]
    text = f"Some classes have samples of hardly any of the {everyone} speakers: {', '.join(parts)}. "
    text += "A model may learn these speakers instead."
    return [Finding("imbalance", text, 0.65, "target")]

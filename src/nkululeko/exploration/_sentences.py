"""What was found, said for a person who knows speech, not statistics."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nkululeko.core.exploration import COHENS_D, Association, Variable, effect_size
from nkululeko.exploration._effects import largest_difference
from nkululeko.exploration._tests import Column, counts, expected

#: names of the sexes as they stand in data, in words
PEOPLE = {"female": "women", "f": "women", "w": "women", "woman": "women", "women": "women",
          "male": "men", "m": "men", "man": "men", "men": "men"}  # fmt: skip


@dataclass(frozen=True)
class Words:
    """How one speaks of a column.

    Args:
        what: the thing itself, e.g. ``the length``
        groups: of two groups of recordings, ``{high}`` and ``{low}``; empty: said with the column's name
        rising: the beginning of ``the longer a recording, the ...``; likewise
        unit: of its values
        per_hundred: values are shares, and are written as percentages
        sound: it may be the voice itself, or how it was recorded
    """

    what: str
    groups: str = ""
    rising: str = ""
    unit: str = ""
    per_hundred: bool = False
    sound: bool = False

    def danger(self, target: str) -> str:
        """What a model may learn instead of the target, as a sentence."""
        if self.sound:
            return f"If that is the microphone and not the voice, a model may learn {self.what} instead of {target}."
        return f"A model may learn {self.what} instead of {target}."


def _more(what: str, word: str, unit: str = "", per_hundred: bool = False, sound: bool = True) -> Words:
    """Of a property of recordings, with its comparative."""
    groups = f"recordings of {{high}} are {word} than those of {{low}}"
    return Words(what, groups, f"the {word} a recording", unit, per_hundred, sound)


#: columns that may stand behind a target: what a model may learn instead of it
CONFOUNDERS = {
    "gender": Words("the gender"),
    "age": Words(
        "the age",
        "recordings of {high} come from older speakers than those of {low}",
        "the older a speaker",
        " years",
    ),
    "duration": _more("the length", "longer", " s", sound=False),
    "database": Words("the database, that is, how it was recorded,"),
    "peak_dbfs": _more("the level of the recording", "recorded higher", " dB"),
    "level_dbfs": _more("the level of the recording", "louder", " dB"),
    "noise_floor_dbfs": _more("the noise of the recording", "noisier", " dB"),
    "dynamic_range_db": Words(
        "the noise of the recording",
        "recordings of {high} rise further above their noise than those of {low}",
        "the further a recording rises above its noise",
        " dB",
        sound=True,
    ),
    "clipped_share": _more("the clipping of the recording", "more clipped", per_hundred=True),
    "silence_share": _more("the pauses", "fuller of pauses", per_hundred=True, sound=False),
    "dc_offset": Words("the offset of the recording", sound=True),
}


def words_of(name: str) -> Words:
    """How one speaks of a column; of those that are not known, by their name."""
    return CONFOUNDERS.get(name, Words(f"'{name}'"))


def related(association: Association) -> str:
    """What goes with what, and how much, as one sentence; empty: there is nothing to be said."""
    x, y = association.x, association.y
    frame = association.samples
    if x.is_category and y.is_category:
        return _combination(x, y, frame)
    if x.is_category or y.is_category:
        return _difference(x, y, frame)
    return _slope(association)


def group_of(variable: Variable, level: str) -> str:
    """The recordings of a category: ``anger``, ``women``, but ``smoker = True``."""
    if variable.name == "gender" and level.lower() in PEOPLE:
        return PEOPLE[level.lower()]
    word = re.fullmatch(r"[^\W\d][^\d]*", level) and level.lower() not in (
        "true",
        "false",
        "yes",
        "no",
        "other",
    )
    return level if word else f"{variable.name} = {level}"


def quantity(words: Words, value: float) -> str:
    """A value as one says it, e.g. ``2.6 s``."""
    if words.per_hundred:
        return f"{100 * value:.2g} %"
    return f"{value:.3g}{words.unit}" if abs(value) < 1000 else f"{value:.0f}{words.unit}"


def _difference(x: Variable, y: Variable, frame: pd.DataFrame) -> str:
    """The two categories that differ most in a number."""
    category, number = (x, y) if x.is_category else (y, x)
    names = ("x", "y") if x.is_category else ("y", "x")
    groups = Column.of(Variable(category.name, "category", frame[names[0]], category.levels))
    groups = groups.take(np.arange(len(frame)))
    found = largest_difference(groups.values, frame[names[1]].to_numpy(dtype=float))
    if found is None:
        return ""
    words = words_of(number.name)
    high, low = (group_of(category, groups.levels[code]) for code in (found.high, found.low))
    means = quantity(words, found.mean_high), quantity(words, found.mean_low)
    strength = f"{effect_size(COHENS_D, found.d)} effect"
    template = words.groups or f"recordings of {{high}} have a higher {number.name} than those of {{low}}"
    text = template.replace("{high}", high).replace("{low}", low)
    return f"{_upper(text)}: on average {means[0]} against {means[1]} ({strength})."


def _combination(x: Variable, y: Variable, frame: pd.DataFrame) -> str:
    """The combination of two categories that stands out most."""
    one, two = (
        Column.of(Variable(v.name, "category", frame[name], v.levels)).take(np.arange(len(frame)))
        for name, v in (("x", x), ("y", y))
    )
    table = counts(one.values, two.values)
    ideal = expected(table)
    i, j = np.unravel_index(((table - ideal) / np.sqrt(np.maximum(ideal, 1e-9))).argmax(), table.shape)
    here = table[i, j] / table[:, j].sum()
    all_of_them = table[i].sum() / table.sum()
    who = PEOPLE.get(one.levels[i].lower(), "") if x.name == "gender" else ""
    if who:
        what = f"are by {who}"
    elif x.name == "database":
        what = f"come from {one.levels[i]}"
    else:
        what = f"have {x.name} = {one.levels[i]}"
    return (
        f"{100 * here:.0f} % of the recordings of {group_of(y, two.levels[j])} {what}, "
        f"against {100 * all_of_them:.0f} % of all."
    )


def _slope(association: Association) -> str:
    """How two numbers go together; the test over speakers speaks where there is one."""
    x, y = association.x, association.y
    test = association.evidence("speakers")
    if test is None or np.isnan(test.effect):
        test = association.evidence("samples")
    if test is None or np.isnan(test.effect):
        return ""
    more = _upper(words_of(x.name).rising or f"the higher {x.name}")
    than = "higher" if test.effect > 0 else "lower"
    within = " within speakers" if test.name.startswith("repeated") else ""
    return (
        f"{more}, the {than} {y.name}{within} ({test.size} effect, {test.effect_name} = {test.effect:.2f})."
    )


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]

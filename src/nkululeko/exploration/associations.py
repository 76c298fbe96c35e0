"""Two variables side by side: what goes with what, how strongly, and how sure that is.

Every test is made twice where speakers are known and have several recordings: over samples, as if each were
independent of all others, and over speakers. Which test fits is decided by what the variables are; see ``_tests``
(samples), ``_speaker_tests`` and ``_within`` (speakers).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from nkululeko.core.correction import holm
from nkululeko.core.exploration import Association, Evidence, Unit, Variable
from nkululeko.exploration._speaker_tests import relate_speakers
from nkululeko.exploration._tests import Column, relate

UNITS: tuple[Unit, ...] = ("samples", "speakers")
COLUMNS = [
    "x", "y", "group", "unit", "test", "statistic", "p", "p_corrected", "effect_name", "effect", "n", "detail", "note",
]  # fmt: skip
REPEATED = (
    "speakers have several recordings, which resemble each other: p over samples takes them for independent and is "
    "often too small, so trust p over speakers"
)
UNKNOWN = "speakers are not known, so each sample counts as independent; if speakers repeat, p is too small"
ONCE = "each speaker has one sample, so samples and speakers are the same"


def associate(
    x: Variable, y: Variable, speakers: pd.Series | None, *, group: Variable | None = None, seed: int = 42
) -> Association:
    """Whether two variables are related, over samples and over speakers.

    Odd data are no error: where no test is possible, its p is NaN and its note says why.

    Args:
        x: what may explain
        y: what is explained, usually the target; of the same samples
        speakers: key of who speaks, a row a sample, missing where unknown; None: not known
        group: the target, where ``x`` and ``y`` are both columns: if it is a category, the two are also related
            within each of its categories
        seed: of permutations

    Example:
        >>> age = Variable("age", "number", pd.Series([20.0, 30, 40, 50, 60]))
        >>> pitch = Variable("pitch", "number", pd.Series([210.0, 205, 203, 200, 190]))
        >>> associate(age, pitch, None).tests[0].line
        "Pearson's r(3) = -.96 (large), p = .011, n = 5"
    """
    one, two = Column.of(x), Column.of(y)
    keys = _codes(speakers)
    known = one.known & two.known
    tests = _both_units(one, two, keys, np.flatnonzero(known), seed)
    if group is not None and group.is_category:
        within = Column.of(group)
        for code, level in enumerate(group.levels):
            rows = np.flatnonzero(known & (within.values == code))
            where = f"{group.name} = {level}"
            for unit in UNITS:
                found = [test for test in _both_units(one, two, keys, rows, seed) if test.unit == unit][:1]
                tests += [_within(test, where) for test in found]
    parts = [_name(group.name)] if group is not None else []
    names = [*parts, _name(x.name), _name(y.name)] if parts else [_name(y.name), _name(x.name)]
    samples = _samples(x, y, group, speakers, known)
    notes = _notes(x, y, group, keys, known, tests)
    return Association(
        "_".join(names), x, y, group, tuple(tests), samples, _speakers(samples, x, y, group), notes
    )


def with_corrected(associations: Sequence[Association]) -> list[Association]:
    """The same with p-values corrected for their number (Holm).

    The main tests over samples are one family, the main tests over speakers another; so are the tests within
    categories. A second test of the same question (Spearman beside Pearson) is not counted, and not corrected.

    Args:
        associations: all that were looked at in one exploration
    """
    tests = [list(association.tests) for association in associations]
    for unit in UNITS:
        main, parts = [], []
        for i, association in enumerate(associations):
            first = association.evidence(unit)
            main += [(i, j) for j, test in enumerate(association.tests) if test is first]
            parts += [(i, j) for j, test in enumerate(association.tests) if test.unit == unit and test.within]
        for family in (main, parts):
            corrected = holm([tests[i][j].p for i, j in family])
            for (i, j), p in zip(family, corrected, strict=True):
                tests[i][j] = replace(tests[i][j], p_corrected=p)
    return [replace(each, tests=tuple(own)) for each, own in zip(associations, tests, strict=True)]


def association_table(associations: Sequence[Association]) -> pd.DataFrame:
    """All tests as one table, a row a test.

    Args:
        associations: in the order of the rows

    Returns:
        columns ``x``, ``y``, ``group`` (empty: none), ``unit``, ``test`` (with its degrees of freedom), ``statistic``,
        ``p``, ``p_corrected``, ``effect_name``, ``effect``, ``n``, ``detail``, ``note``
    """
    rows = [
        [
            each.x.name, each.y.name, each.group.name if each.group else "", test.unit, test.test, test.statistic,
            test.p, test.p_corrected, test.effect_name, test.effect, test.n, test.detail, test.note,
        ]
        for each in associations
        for test in each.tests
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=COLUMNS)


def _both_units(x: Column, y: Column, keys: np.ndarray | None, rows: np.ndarray, seed: int) -> list[Evidence]:
    """The tests over samples, then those over speakers, of some rows."""
    x, y = x.take(rows), y.take(rows)
    tests = relate(x, y, "samples", seed)
    if keys is not None:
        tests = tests + relate_speakers(x, y, keys[rows], seed)
    return tests


def _within(test: Evidence, where: str) -> Evidence:
    detail = f"{where}; {test.detail}" if test.detail else where
    return replace(test, within=where, detail=detail)


def _codes(speakers: pd.Series | None) -> np.ndarray | None:
    """The speaker of each row as 0..s-1, -1 where unknown; None: none is known."""
    if speakers is None or speakers.isna().all():
        return None
    return pd.factorize(speakers, sort=True)[0]


def _name(column: str) -> str:
    """As part of a file's name."""
    return re.sub(r"[^\w.-]+", "-", column).strip("-") or "column"


def _samples(
    x: Variable, y: Variable, group: Variable | None, speakers: pd.Series | None, known: np.ndarray
) -> pd.DataFrame:
    columns = {"x": x.values, "y": y.values}
    if group is not None:
        columns["group"] = group.values
    if speakers is not None:
        columns["speaker"] = speakers
    return pd.DataFrame({name: values.array for name, values in columns.items()}, index=x.values.index)[known]


def _speakers(samples: pd.DataFrame, x: Variable, y: Variable, group: Variable | None) -> pd.DataFrame | None:
    """The samples by speakers; see :class:`~nkululeko.core.exploration.Association`."""
    if "speaker" not in samples or samples["speaker"].isna().all():
        return None
    variables = {"x": x, "y": y} | ({"group": group} if group is not None else {})
    categories = [name for name, variable in variables.items() if variable.is_category]
    numbers = [name for name, variable in variables.items() if not variable.is_category]
    known = samples.dropna()
    if not numbers:
        return known[["speaker", *variables]].drop_duplicates(ignore_index=True)
    means = known.groupby(["speaker", *categories], sort=False)[numbers].mean().reset_index()
    return means[["speaker", *variables]]


def _notes(
    x: Variable,
    y: Variable,
    group: Variable | None,
    keys: np.ndarray | None,
    known: np.ndarray,
    tests: Sequence[Evidence],
) -> tuple[str, ...]:
    notes = [f"{each.name}: {each.note}" for each in (x, y, group) if each is not None and each.note]
    if not known.all() and known.any():
        notes.append(
            f"{int(np.sum(~known))} of {len(known)} samples lack {x.name} or {y.name} and are left out"
        )
    if group is not None and not group.is_category:
        notes.append(f"{group.name} is a number: put it into bins to see each part by itself")
    if keys is None:
        return (*notes, UNKNOWN)
    if any(test.unit == "speakers" and not np.isnan(test.p) for test in tests):
        notes.append(REPEATED)
    elif known.any() and np.bincount(keys[known] + 1)[1:].max(initial=0) == 1:
        notes.append(ONCE)
    return tuple(notes)

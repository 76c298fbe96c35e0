"""Tests of whether two columns are related, over speakers: several samples of one speaker are no independent proof.

What is tested depends on whether a column is one of the speaker (gender, age: one value for all samples of a speaker)
or changes within speakers (emotion, duration).

- Both of the speaker: each speaker counts once.
- One of the speaker, the other a number that changes: the mean of each speaker counts.
- One of the speaker, the other a category that changes: the values of whole speakers are permuted.
- Both change: what differs between speakers is left out, only what happens within them counts.
"""

from __future__ import annotations

from dataclasses import replace
from math import exp, lgamma

import numpy as np

from nkululeko.core.exploration import Evidence
from nkululeko.exploration import _permutation as permutation
from nkululeko.exploration._effects import cramers_v, eta_squared
from nkululeko.exploration._tests import (
    FEW,
    Column,
    chi_square_of,
    counts,
    most_above,
    no_evidence,
    nothing_to_test,
    relate,
    with_difference,
)
from nkululeko.exploration._within import correlation_within, groups_within

#: a column is one of the speaker if so many of the speakers with several samples have one value: mistakes happen
STEADY = 0.9
#: where no smaller p than this is possible, it is said
DOUBTFUL = 0.01


def relate_speakers(x: Column, y: Column, speakers: np.ndarray, seed: int) -> list[Evidence]:
    """The tests that fit two columns and the speakers, the main one first; none where each speaker stands once.

    Args:
        x: without missing values
        y: likewise, of as many rows
        speakers: code 0..s-1 of each row's speaker, -1 where unknown, shape ``(n,)``
        seed: of permutations
    """
    rows = speakers >= 0
    x, y = x.take(rows), y.take(rows)
    _, who = np.unique(speakers[rows], return_inverse=True)
    sizes = np.bincount(who)
    if not len(sizes) or sizes.max() < 2:
        return []
    left = int(np.sum(~rows))
    tests = _relate(x, y, who, seed)
    if left:
        tests = [_noted(test, f"{left} samples without a speaker are left out") for test in tests]
    return tests


def steady(column: Column, who: np.ndarray) -> tuple[Column | None, int]:
    """The column with one value a speaker, and how many speakers have several; None: it changes within speakers.

    Few exceptions are taken for mistakes in the data: then the speaker's most frequent value, or the median, is it.

    Args:
        column: without missing values
        who: code 0..s-1 of each row's speaker, none without rows
    """
    size = int(who.max()) + 1
    several = np.bincount(who, minlength=size) > 1
    if column.is_category:
        table = counts(who, column.values)
        value = table.argmax(axis=1)
        odd = (table > 0).sum(axis=1) > 1
    else:
        order = np.lexsort([column.values, who])
        ends = np.cumsum(np.bincount(who, minlength=size))
        starts = np.append(0, ends[:-1])
        ranked = column.values[order]
        value = (ranked[(starts + ends - 1) // 2] + ranked[(starts + ends) // 2]) / 2
        odd = ranked[starts] != ranked[ends - 1]
    if several.any() and odd.sum() > (1 - STEADY) * several.sum() + 1e-9:
        return None, int(odd.sum())
    return Column(column.name, value, column.levels).take(np.arange(size)), int(odd.sum())


def _relate(x: Column, y: Column, who: np.ndarray, seed: int) -> list[Evidence]:
    """The tests of rows whose speakers are known."""
    size = int(who.max()) + 1
    why = nothing_to_test(x, y, "speakers") or ("there is only one speaker" if size < 2 else "")
    if why:
        return [replace(no_evidence(x, y, "speakers", why), n=size)]
    of_x, odd_x = steady(x, who)
    of_y, odd_y = steady(y, who)
    if of_x is not None and of_y is not None:
        tests = _once(of_x, of_y, seed, "each speaker once")
    elif of_x is None and of_y is None:
        return _both_change(x, y, who, seed)
    elif of_x is not None:
        tests = _one_changes(of_x, y, who, seed)
    else:
        assert of_y is not None
        tests = _one_changes(of_y, x, who, seed)
    for column, odd in ((x, odd_x if of_x is not None else 0), (y, odd_y if of_y is not None else 0)):
        if odd:
            value = "most frequent value" if column.is_category else "median"
            whom = "one speaker" if odd == 1 else f"{odd} speakers"
            text = f"{column.name} is not the same in all samples of {whom}: the {value} was taken"
            tests = [_noted(test, text) for test in tests]
    return tests


def _one_changes(of_speaker: Column, changing: Column, who: np.ndarray, seed: int) -> list[Evidence]:
    """One column is one of the speaker, the other changes within speakers."""
    if not changing.is_category:
        means = np.bincount(who, changing.values) / np.bincount(who)
        return _once(of_speaker, Column(changing.name, means), seed, "means of speakers")
    why = nothing_to_test(of_speaker, of_speaker, "speakers")
    if of_speaker.is_category and len(of_speaker.levels) == len(of_speaker.values):
        why = why or f"each speaker is a category of {of_speaker.name} of their own"
    if why:
        return [no_evidence(of_speaker, changing, "speakers", why)]
    per_speaker = counts(who, changing.values)
    n = len(of_speaker.values)
    note = _floor(_arrangements(of_speaker.values), n)
    name = "chi-square" if of_speaker.is_category else "Kruskal-Wallis H"
    how = f"{name}, speakers permuted"
    if of_speaker.is_category:
        p = permutation.chi_square_between(of_speaker.values, per_speaker, seed)
        table = counts(of_speaker.values[who], changing.values)
        statistic = float(chi_square_of(table))
        df = (table.shape[0] - 1) * (table.shape[1] - 1)
        detail = most_above(table, of_speaker.levels, changing.levels, "samples")
        v = cramers_v(statistic, table)
        return [Evidence("speakers", how, statistic, p, "Cramer's V", v, n, detail, note, df=df)]
    statistic, p = permutation.kruskal_between(of_speaker.values, per_speaker, seed)
    k = per_speaker.shape[1]
    effect = eta_squared(statistic, k, len(who))
    test = Evidence("speakers", how, statistic, p, "eta squared", effect, n, note=note, df=k - 1)
    return [with_difference(test, changing, Column(of_speaker.name, of_speaker.values[who]))]


def _once(x: Column, y: Column, seed: int, how: str) -> list[Evidence]:
    """The tests of one value a speaker."""
    tests = []
    for test in relate(x, y, "speakers", seed):
        groups, numbers = (x, y) if x.is_category else (y, x)
        if test.name == "Kruskal-Wallis H" and np.bincount(groups.values).min() < FEW:
            each = np.eye(len(groups.levels))[groups.values]
            _, p = permutation.kruskal_between(numbers.values, each, seed)
            test = replace(test, name="Kruskal-Wallis H, speakers permuted", p=p)
        test = replace(test, name=f"{test.name}, {how}")
        sizes = np.bincount(groups.values) if groups.is_category else np.zeros(0)
        if not np.isnan(test.p) and len(sizes) == 2:
            test = _noted(test, _floor(_arrangements(groups.values) / 2, len(groups.values)))
        elif not np.isnan(test.p) and len(x.values) < FEW:
            test = _noted(test, f"only {len(x.values)} speakers")
        tests.append(test)
    return tests


def _both_change(x: Column, y: Column, who: np.ndarray, seed: int) -> list[Evidence]:
    """Only what happens within speakers counts."""
    if not x.is_category and not y.is_category:
        return [correlation_within(x, y, who)]
    if x.is_category and y.is_category:
        table = counts(x.values, y.values)
        p = permutation.chi_square_within(x.values, y.values, who, seed)
        statistic, size = float(chi_square_of(table)), int(who.max()) + 1
        df = (table.shape[0] - 1) * (table.shape[1] - 1)
        v, detail = cramers_v(statistic, table), most_above(table, x.levels, y.levels, "samples")
        name = "chi-square, samples permuted within speakers"
        return [Evidence("speakers", name, statistic, p, "Cramer's V", v, size, detail, df=df)]
    return [groups_within(x, y, who) if x.is_category else groups_within(y, x, who)]


def _arrangements(values: np.ndarray) -> float:
    """In how many different ways the values can be dealt to the speakers."""
    _, sizes = np.unique(values, return_counts=True)
    return exp(min(700.0, lgamma(len(values) + 1) - sum(lgamma(size + 1) for size in sizes)))


def _floor(arrangements: float, speakers: int) -> str:
    """A note where the smallest possible p is not small."""
    smallest = 1 / max(arrangements, 1)
    return (
        f"with these {speakers} speakers no p below {smallest:.2g} is possible" if smallest > DOUBTFUL else ""
    )


def _noted(test: Evidence, note: str) -> Evidence:
    """The same with one note more."""
    return replace(test, note="; ".join(part for part in (test.note, note) if part))

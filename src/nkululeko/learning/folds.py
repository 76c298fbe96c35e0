"""Folds for cross-validation, and a part of the training set to watch: whole speakers, seeded.

Speakers are dealt to the parts one by one, large ones first, each to the part where they are wanted most: where
their classes are rarest, measured by what the part should have. The best of some such deals is taken. The result
depends on the seed and on who the speakers are, not on the order of the rows.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import Task

log = logging.getLogger("nkululeko")

Kind = Literal["loso", "logo", "k_fold_cross"]
KINDS: tuple[Kind, ...] = ("loso", "logo", "k_fold_cross")
#: numbers are stratified by so many bins of equal frequency, where there are samples enough
BINS = 10
#: orders in which few speakers are dealt, of which the best is taken
DEALS = 20


@dataclass(frozen=True)
class Fold:
    """One way to divide the rows: learn from one part, test on the other.

    Args:
        name: for messages, e.g. ``"fold 2 of 5"`` or ``"speaker 03"``
        test: the rows to test on, ascending, shape ``(test rows,)``
        rows: how many there are in all
        warnings: what the user must know, a line each
    """

    name: str
    test: np.ndarray
    rows: int
    warnings: tuple[str, ...] = ()

    @property
    def train(self) -> np.ndarray:
        """The rows to learn from, ascending: all others. Made when asked for, as folds may be many."""
        learned = np.ones(self.rows, dtype=bool)
        learned[self.test] = False
        return np.flatnonzero(learned)


@dataclass(frozen=True)
class HeldOut:
    """A training set divided into rows to fit on, and rows on which the epoch is chosen.

    Args:
        fit: ascending, shape ``(fit rows,)``
        watch: the other rows, ascending, shape ``(watch rows,)``
        warnings: what the user must know, a line each
    """

    fit: np.ndarray
    watch: np.ndarray
    warnings: tuple[str, ...] = ()


def make_folds(
    kind: str,
    target: np.ndarray,
    groups: np.ndarray | None,
    seed: int,
    count: int = 0,
    task: Task = "classification",
    order: np.ndarray | None = None,
) -> list[Fold]:
    """The folds of a cross-validation; each row is tested once.

    Args:
        kind: ``loso``: leave one speaker out; ``logo``: leave one of ``count`` groups of speakers out, the groups about
            equally large; ``k_fold_cross``: ``count`` folds, whole speakers, classes in each as in the whole
        target: labels (str) or numbers, shape ``(rows,)``
        groups: the speaker of each row, any hashable key, missing as None or NaN; None: not known
        seed: who comes into which fold
        count: how many folds or groups; not for ``loso``
        task: numbers are stratified by bins of equal frequency
        order: the rows in an order of their own, e.g. by file name, shape ``(rows,)``: without speakers, makes the
            folds independent of the order in which the rows stand

    Raises:
        NkululekoError: speakers are not known, or there are fewer than folds

    Example:
        >>> target = np.array(["a", "b", "a", "b", "a", "b"])
        >>> folds = make_folds("loso", target, np.array([3, 3, 5, 5, 7, 7]), seed=1)
        >>> [(fold.name, fold.test.tolist()) for fold in folds]
        [('speaker 3', [0, 1]), ('speaker 5', [2, 3]), ('speaker 7', [4, 5])]
    """
    if kind not in KINDS:
        raise NkululekoError(f"unknown kind of folds '{kind}'", todo=did_you_mean(kind, KINDS))
    strata = _strata(target, task)
    speakers, names = _speakers(groups, len(target))
    where = f"MODEL.{kind}"
    if kind != "k_fold_cross":
        _all_known(speakers, where)
    if kind == "loso":
        _enough(len(names), 2, "speakers", where)
        part, titles = speakers, [f"speaker {_text(name)}" for name in names]
    else:
        _enough_parts(count, where)
        titles = [f"fold {number} of {count}" for number in range(1, count + 1)]
        shares = np.full(count, 1 / count)
        if kind == "logo" or _usable(speakers, len(names), where):
            units = _units(speakers, order)
            _enough(int(units.max(initial=-1)) + 1, count, "speakers", where)
            table = np.ones((len(target), 1)) if kind == "logo" else _one_hot(strata)
            part = _deal(_sums(table, units), shares, seed)[units]
        else:
            _enough(len(target), count, "samples", where)
            part = np.empty(len(target), dtype=np.intp)
            part[_by_class(strata, seed, order)] = np.arange(len(target)) % count
    warnings = _lost_classes(part, titles, strata, target) if task == "classification" else [()] * len(titles)
    return [
        Fold(title, np.flatnonzero(part == number), len(target), warnings[number])
        for number, title in enumerate(titles)
    ]


def held_out(
    target: np.ndarray,
    groups: np.ndarray | None,
    percent: float,
    seed: int,
    task: Task = "classification",
    order: np.ndarray | None = None,
) -> HeldOut:
    """A part of the training set, other speakers than the rest, on which epochs are chosen.

    Each class is in both parts where other classes allow it. With one speaker, or none known, single samples are held
    out, and a warning says so.

    Args:
        target: labels (str) or numbers of the training set, shape ``(rows,)``
        groups: the speaker of each row, as for :func:`make_folds`
        percent: wanted size of the part to watch, above 0, below 100
        seed: who comes into which part
        task: numbers are stratified by bins of equal frequency
        order: as for :func:`make_folds`

    Raises:
        NkululekoError: fewer than two rows

    Example:
        >>> parts = held_out(np.array(["a", "b"] * 4), np.array([1, 1, 2, 2, 3, 3, 4, 4]), 25, seed=1)
        >>> len(parts.fit), len(parts.watch)
        (6, 2)
    """
    if not 0 < percent < 100:
        raise ValueError(f"percent must be above 0 and below 100, not {percent}")
    if len(target) < 2:
        raise NkululekoError(f"{len(target)} training sample cannot be divided to choose the epoch")
    strata = _strata(target, task)
    speakers, names = _speakers(groups, len(target))
    table, share = _one_hot(strata), percent / 100
    warnings: tuple[str, ...] = ()
    if len(names) >= 2:
        units = _units(speakers, order)
        sums = _sums(table, units)
        part = _deal(sums, np.array([1 - share, share]), seed)
        part = _keep_in_both(sums, part)[units]
    else:
        reason = "all training samples are of one speaker" if names else "the speakers are not known"
        warnings = (f"{reason}: the epoch is chosen on samples of speakers that are also learned from",)
        rows = _by_class(strata, seed, order)
        part = np.empty(len(rows), dtype=np.intp)
        part[rows] = np.diff(np.floor(np.arange(len(rows) + 1) * share + 0.5)) > 0
        part = _keep_in_both(table, part)
    return HeldOut(np.flatnonzero(part == 0), np.flatnonzero(part == 1), warnings)


def _lost_classes(
    part: np.ndarray, titles: list[str], strata: np.ndarray, target: np.ndarray
) -> list[tuple[str, ...]]:
    """For each fold a warning if it has all samples of a class in its test part, and so cannot learn it."""
    counts = _sums(_one_hot(strata), part)[:, :-1]
    lost = (counts > 0) & (counts == counts.sum(axis=0))
    classes = np.unique(np.asarray(target).astype(str))
    warnings: list[tuple[str, ...]] = []
    for title, columns in zip(titles, lost, strict=True):
        listed = ", ".join(f"'{label}'" for label in classes[columns])
        what = f"{title}: no training sample of {listed}, which its test samples have"
        warnings.append((what,) if listed else ())
    return warnings


def _strata(target: np.ndarray, task: Task) -> np.ndarray:
    """The class of each row as a number 0.., or its bin of equal frequency, shape ``(rows,)``."""
    if task == "classification":
        return np.unique(np.asarray(target).astype(str), return_inverse=True)[1]
    values = np.asarray(target, dtype=float)
    bins = max(1, min(BINS, len(values) // 10))
    edges = np.quantile(values, np.arange(1, bins) / bins) if len(values) else np.empty(0)
    return np.unique(np.searchsorted(edges, values), return_inverse=True)[1]


def _speakers(groups: np.ndarray | None, n: int) -> tuple[np.ndarray, list[Any]]:
    """Each row's place among the sorted speakers, -1 where it is missing, and the speakers' keys.

    Without pandas, which takes long to import and is not there in every process.
    """
    keys = [None] * n if groups is None else list(groups)
    if len(keys) != n:
        raise ValueError(f"{n} targets, but {len(keys)} groups")
    known = [key for key in dict.fromkeys(keys) if not _missing(key)]
    # keys may be of several types (1 and "1"): sorted by what any key has, a type and a text
    names = sorted(known, key=lambda key: (type(key).__name__, str(key)))
    place = {key: number for number, key in enumerate(names)}
    return np.array([place.get(key, -1) for key in keys], dtype=np.intp), names


def _missing(key: Any) -> bool:
    """None, NaN and pandas' NA and NaT, which compare with nothing."""
    return key is None or type(key).__name__ in ("NAType", "NaTType") or bool(key != key)


def _text(name: Any) -> str:
    """A speaker for a message; a key of database and speaker with a slash between them."""
    return "/".join(map(str, name)) if isinstance(name, tuple) else str(name)


def _units(speakers: np.ndarray, order: np.ndarray | None) -> np.ndarray:
    """What stays together, as numbers 0..: speakers; rows without one each stand for themselves."""
    units = speakers.copy()
    rows = np.arange(len(units)) if order is None else np.asarray(order)
    alone = rows[units[rows] < 0]
    units[alone] = units.max(initial=-1) + 1 + np.arange(len(alone))
    return units


def _one_hot(strata: np.ndarray) -> np.ndarray:
    """A column for each class, and a last one that counts the rows, shape ``(rows, classes + 1)``."""
    classes = np.eye(int(strata.max(initial=-1)) + 1)[strata]
    return np.concatenate([classes, np.ones((len(strata), 1))], axis=1)


def _sums(table: np.ndarray, units: np.ndarray) -> np.ndarray:
    """The rows of a table summed in each unit, shape ``(units, columns)``."""
    sums = np.zeros((int(units.max(initial=-1)) + 1, table.shape[1]))
    np.add.at(sums, units, table)
    return sums


def _deal(sums: np.ndarray, shares: np.ndarray, seed: int) -> np.ndarray:
    """The part of each unit, so that each part has its share of every column; no part stays empty.

    What is made small is the sum over parts and columns of ``share · (found / wanted - 1)²``. Of some deals in
    different orders the best is taken, fewer where there are many units: then all deals are about equally good.

    Args:
        sums: of each unit, shape ``(units, columns)``; the last column counts its rows
        shares: wanted of each part, shape ``(parts,)``
        seed: of the orders

    Returns:
        shape ``(units,)``
    """
    generator = np.random.default_rng(seed)
    wanted = np.outer(shares, np.maximum(sums.sum(axis=0), 1))
    best, least = np.empty(0, dtype=np.intp), np.inf
    for _ in range(max(1, min(DEALS, DEALS * 100 // max(len(sums), 1)))):
        part, found = _dealt_once(sums, shares, generator)
        cost = round(float(shares @ ((found / wanted - 1) ** 2).sum(axis=1)), 12)
        if cost < least:
            best, least = part, cost
    return best


def _dealt_once(
    sums: np.ndarray, shares: np.ndarray, generator: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """One deal: the part of each unit, and the sums of each part, shape ``(parts, columns)``.

    Large units go first, those of about the same size (within a factor of two) in a drawn order. A unit adds
    ``(2 · found + its own) · its own / (total² · share)`` to what is made small: it goes where that is least.
    """
    part = np.empty(len(sums), dtype=np.intp)
    found = np.zeros((len(shares), sums.shape[1]))
    held = np.zeros(len(shares), dtype=int)
    weight = 1 / np.maximum(sums.sum(axis=0), 1) ** 2
    drawn = generator.permutation(len(sums))
    magnitude = np.floor(np.log2(np.maximum(sums[drawn, -1], 1)))
    ordered = drawn[np.argsort(-magnitude, kind="stable")]
    for left, unit in zip(range(len(sums), 0, -1), ordered, strict=True):
        own = sums[unit]
        cost = ((2 * found + own) * own) @ weight / shares
        if left <= np.sum(held == 0):  # the last ones go where there is nobody yet
            cost[held > 0] = np.inf
        best = np.lexsort([held, found[:, -1] / shares, np.round(cost, 12)])[0]
        part[unit] = best
        found[best] += own
        held[best] += 1
    return part, found


def _by_class(strata: np.ndarray, seed: int, order: np.ndarray | None) -> np.ndarray:
    """The rows sorted by class, in a drawn order within each: taken at even distances, they have all classes."""
    rows = np.arange(len(strata)) if order is None else np.asarray(order)
    drawn = rows[np.random.default_rng(seed).permutation(len(rows))]
    return drawn[np.argsort(strata[drawn], kind="stable")]


def _keep_in_both(sums: np.ndarray, part: np.ndarray) -> np.ndarray:
    """Moves units so that each class is in part 0, then, as far as that stays so, in part 1; neither part is empty.

    Of the units that may move, the smallest one does.
    """
    part = part.copy()
    has = sums > 0  # the last column: any rows at all
    for there in (0, 1):
        for column in np.argsort(has.sum(axis=0), kind="stable"):  # the rarest first
            if has[part == there, column].any():
                continue
            able = np.flatnonzero((part != there) & has[:, column])
            if there == 1:
                last_of_its_class = has[able, :-1] & (has[part == 0, :-1].sum(axis=0) == 1)
                free = able[~last_of_its_class.any(axis=1)]
                empty = column == sums.shape[1] - 1  # worse than a class that cannot be learned
                able = free if len(free) or not empty else able
            if len(able):
                part[able[np.argmin(sums[able, -1])]] = there
    return part


def _usable(speakers: np.ndarray, known: int, where: str) -> bool:
    """Whether folds can be made of speakers; says it if not, or if some are not known."""
    alone = int((speakers < 0).sum())
    if known < 2:
        log.warning("%s: the speakers are not known, so folds may share speakers", where)
        return False
    if alone:
        log.warning("%s: %d samples without a speaker each stand for themselves", where, alone)
    return True


def _all_known(speakers: np.ndarray, where: str) -> None:
    alone = int((speakers < 0).sum())
    if alone:
        what = f"leaving speakers out needs the speakers, and {alone} of {len(speakers)} samples have none"
        raise NkululekoError(what, where, "name the column by NAME.colnames, or use MODEL.k_fold_cross")


def _enough_parts(count: int, where: str) -> None:
    if count < 2:
        raise NkululekoError(f"cross-validation needs at least 2 folds, not {count}", where, "e.g. 5")


def _enough(there: int, wanted: int, what: str, where: str) -> None:
    if there < wanted:
        noun = what[:-1] if there == 1 else what
        todo = f"use at most {there}" if there >= 2 else "cross-validation is not possible with these data"
        raise NkululekoError(f"{wanted} folds cannot be made of {there} {noun}", where, todo)

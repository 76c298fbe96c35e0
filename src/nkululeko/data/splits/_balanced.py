"""The search for speakers who, as a set, resemble all speakers: what it optimises, and how."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from nkululeko.data.balance import jensen_shannon

#: with so few speakers every set of them is tried
EXHAUSTIVE = 14
#: random sets that are tried otherwise, so many of them at once
CANDIDATES, CHUNK = 4000, 500
#: the best of them are improved: more where there are few speakers, for a step costs less there
FEWEST_STARTS, MOST_STARTS = 3, 20
#: by so many steps at most, each the best of so many changes
STEPS, CHANGES = 400, 2_000
#: a step that gains less is not worth its time
GAIN = 1e-6


@dataclass(frozen=True)
class Aim:
    """What a set of speakers should be like.

    The sums of a set are one row: samples in each category of each variable, side by side; samples of each class
    of the target; all samples; milliseconds. So the sums of many sets are one matrix product.

    Args:
        whole: the sums of all speakers
        ends: where the columns of each variable end; the classes follow
        weights: of the variables, sum 1
        share: of all samples that is wanted, 0..1
        size_weight: of the difference from that share
        shortest: in ms, what the set must last
        free: the samples of each class that no other set has taken yet
    """

    whole: np.ndarray
    ends: Sequence[int]
    weights: np.ndarray
    share: float
    size_weight: float
    shortest: float
    free: np.ndarray

    def value(self, sums: np.ndarray) -> np.ndarray:
        """The objective of sets that are not empty, less is better: weighted mean of the divergences + size term.

        Args:
            sums: shape ``(sets, columns)``

        Returns:
            shape ``(sets,)``
        """
        total = self.size_weight * np.abs(sums[:, -2] / self.whole[-2] - self.share)
        begin = 0
        for end, weight in zip(self.ends, self.weights, strict=True):
            total = total + weight * jensen_shannon(sums[:, begin:end], self.whole[begin:end])
            begin = end
        return total

    def cost(self, sums: np.ndarray) -> np.ndarray:
        """The objective, plus what outweighs it: classes that training loses, and sets that are too short."""
        classes = sums[:, self.ends[-1] : -2]
        lost = ((classes >= self.free) & (self.free > 0)).sum(axis=1)
        worst = 2 + self.size_weight  # no objective is as large
        cost = self.value(sums) + worst * lost
        if self.shortest > 0:  # nothing counts but the duration until it is reached
            short = np.maximum(0.0, 1 - sums[:, -1] / self.shortest)
            cost = np.where(short > 0, worst * (len(self.free) + 1) * (1 + short), cost)
        # the last digits differ between processors; they must not decide
        return np.round(cost, 12)


def search(table: np.ndarray, most: int, aim: Aim, seed: Sequence[int]) -> np.ndarray:
    """The set of speakers that costs least, of those that were tried.

    Args:
        table: the sums of each speaker, shape ``(speakers, columns)``, see :class:`Aim`
        most: so many speakers may be in the set
        aim: what it should be like
        seed: of everything random

    Returns:
        True for those in the set, shape ``(speakers,)``: one at least
    """
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(table))  # among equals the seed decides
    table = table[order]
    if len(table) <= EXHAUSTIVE:
        best = _cheapest(_all_sets(len(table), most), table, aim, 1)[0]
    else:
        keep = int(np.clip(CHANGES // len(table), FEWEST_STARTS, MOST_STARTS))
        chunks = _random_sets(len(table), most, aim.share, rng)
        candidates = np.concatenate([_cheapest(chunk, table, aim, keep) for chunk in chunks])
        starts = _cheapest(candidates, table, aim, keep)
        improved = np.array([_improved(start, table, most, aim, rng) for start in starts])
        best = _cheapest(improved, table, aim, 1)[0]
    chosen = np.zeros(len(table), dtype=bool)
    chosen[order[best]] = True
    return chosen


def _all_sets(speakers: int, most: int) -> np.ndarray:
    """All sets of 1 to ``most`` speakers, shape ``(sets, speakers)``."""
    numbers = np.arange(1, 2**speakers)
    sets = (numbers[:, None] >> np.arange(speakers)) & 1 == 1
    return sets[sets.sum(axis=1) <= most]


def _random_sets(speakers: int, most: int, share: float, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Sets of about the wanted share of the speakers: half of it to one and a half of it, in chunks."""
    low = int(np.clip(np.floor(speakers * share / 2), 1, most))
    high = int(np.clip(np.ceil(speakers * share * 1.5), low, most))
    for _ in range(CANDIDATES // CHUNK):
        sizes = rng.integers(low, high + 1, size=CHUNK)
        ranks = rng.random((CHUNK, speakers)).argsort(axis=1).argsort(axis=1)
        yield ranks < sizes[:, None]


def _cheapest(sets: np.ndarray, table: np.ndarray, aim: Aim, keep: int) -> np.ndarray:
    """The ``keep`` cheapest of these sets, in order of their cost."""
    return sets[np.argsort(aim.cost(sets.astype(float) @ table), kind="stable")[:keep]]


def _improved(
    chosen: np.ndarray, table: np.ndarray, most: int, aim: Aim, rng: np.random.Generator
) -> np.ndarray:
    """The set after the best change, again and again, until none is worth it: adding, removing, swapping."""
    chosen, nobody = chosen.copy(), len(table)
    table = np.vstack([table, np.zeros(table.shape[1])])  # the row of nobody
    sums = table[:-1][chosen].sum(axis=0)
    cost = aim.cost(sums[None])[0]
    for _ in range(STEPS):
        leaves, comes = _changes(chosen, most, rng)
        after = aim.cost(sums + table[comes] - table[leaves])
        best = int(np.argmin(after))
        if after[best] > cost - GAIN:
            break
        sums, cost = sums + table[comes[best]] - table[leaves[best]], after[best]
        for speaker, inside in ((leaves[best], False), (comes[best], True)):
            if speaker != nobody:
                chosen[speaker] = inside
    return chosen


def _changes(chosen: np.ndarray, most: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Who leaves and who comes (``len(chosen)``: nobody), all changes that are allowed, or some of very many."""
    nobody, size = len(chosen), int(chosen.sum())
    inside = np.flatnonzero(chosen) if size == most else np.append(np.flatnonzero(chosen), nobody)
    outside = np.flatnonzero(~chosen) if size == 1 else np.append(np.flatnonzero(~chosen), nobody)
    pairs = len(inside) * len(outside)
    picked = np.arange(pairs) if pairs <= CHANGES else rng.integers(pairs, size=CHANGES)
    leaves, comes = inside[picked // len(outside)], outside[picked % len(outside)]
    real = (leaves != nobody) | (comes != nobody)
    return leaves[real], comes[real]

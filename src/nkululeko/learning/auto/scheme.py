"""Which fits are needed so that nobody who chooses has seen those who are tested.

In a cross-validation, every outer fold needs a choice of its own, made without that fold: a cross-validation inside
each fold. The speakers are divided into a few blocks, and the same blocks serve inside and outside: a model that
learned without the blocks b and c tells how good its recipe is in c for the choice that is to be tested in b, and in
b for the one to be tested in c. So five blocks need ten fits of a recipe, not twenty; and five more, each without one
block, for the choice in all data.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from nkululeko.learning.folds import Fold, make_folds
from nkululeko.learning.pipeline import Part

#: blocks, or inner folds, where their number is not given
BLOCKS = 5


@dataclass(frozen=True)
class Decision:
    """One choice among recipes, and the predictions that it is made on.

    Args:
        name: for messages, e.g. ``block 2 of 5``; empty: the choice for all data
        pieces: number of a fit, and the rows of which its predictions count
        left_out: the rows that no piece has learned from or predicts: the choice is tested on them
    """

    name: str
    pieces: tuple[tuple[int, np.ndarray], ...]
    left_out: np.ndarray

    @property
    def rows(self) -> np.ndarray:
        """The rows that the choice is made on, piece by piece."""
        return np.concatenate([rows for _, rows in self.pieces])


@dataclass(frozen=True)
class Scheme:
    """What every recipe is fitted on, and which choices that allows.

    Args:
        fits: rows to predict; all others are learned from
        decisions: the last one is that for all data
    """

    fits: tuple[Fold, ...]
    decisions: tuple[Decision, ...]


def plain(folds: Sequence[Fold]) -> Scheme:
    """One choice, made in folds of the training set, or on the dev set (one fold)."""
    nothing = np.empty(0, dtype=np.intp)
    pieces = tuple((number, fold.test) for number, fold in enumerate(folds))
    return Scheme(tuple(folds), (Decision("", pieces, nothing),))


def nested(blocks: Sequence[Fold]) -> Scheme:
    """A choice for each block, made without it, and one for all data.

    Args:
        blocks: each row stands in the test part of one; two or more

    Example:
        >>> halves = [Fold("a", np.array([0, 1]), 6), Fold("b", np.array([2, 3]), 6), Fold("c", np.array([4, 5]), 6)]
        >>> scheme = nested(halves)
        >>> [fit.test.tolist() for fit in scheme.fits]
        [[0, 1], [2, 3], [4, 5], [0, 1, 2, 3], [0, 1, 4, 5], [2, 3, 4, 5]]
        >>> [(number, rows.tolist()) for number, rows in scheme.decisions[0].pieces]
        [(3, [2, 3]), (4, [4, 5])]
    """
    pairs = list(combinations(range(len(blocks)), 2))
    fits = [*blocks]
    for one, other in pairs:
        both = np.sort(np.concatenate([blocks[one].test, blocks[other].test]))
        fits.append(Fold(f"{blocks[one].name} and {blocks[other].name}", both, blocks[one].rows))
    place = {pair: len(blocks) + number for number, pair in enumerate(pairs)}
    decisions = []
    for number, block in enumerate(blocks):
        others = [other for other in range(len(blocks)) if other != number]
        pieces = [(place[min(number, other), max(number, other)], blocks[other].test) for other in others]
        decisions.append(Decision(block.name, tuple(pieces), block.test))
    every = tuple((number, block.test) for number, block in enumerate(blocks))
    decisions.append(Decision("", every, np.empty(0, dtype=np.intp)))
    return Scheme(tuple(fits), tuple(decisions))


def blocks_of(folds: Sequence[Fold], data: Part, seed: int, task: str, most: int = BLOCKS) -> list[Fold]:
    """The outer folds put together to a few blocks, with all classes in each; the folds themselves if they are few.

    Args:
        folds: of the cross-validation; each row stands in the test part of one
        data: all rows
        seed: who comes into which block
        task: of the model
        most: how many blocks there are at most
    """
    if len(folds) <= most:
        return list(folds)
    fold_of_row = np.empty(len(data.target), dtype=int)
    for number, fold in enumerate(folds):
        fold_of_row[fold.test] = number
    made = make_folds("k_fold_cross", data.target, fold_of_row, seed, most, task)  # type: ignore[arg-type]
    return [Fold(f"block {number} of {most}", fold.test, fold.rows) for number, fold in enumerate(made, 1)]

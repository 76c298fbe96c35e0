"""Permutation tests that know of speakers: whole speakers are exchanged, or samples within each speaker.

If two variables are unrelated, it does not matter which speaker has which value (where a variable is one of the
speaker), or which of a speaker's samples has which (where both change within speakers). So what was found is
compared with what thousands of such exchanges give. Source: Good, "Permutation, parametric and bootstrap tests of
hypotheses", 2005.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from nkululeko.exploration._tests import chi_square_of, counts, share_as_extreme

#: how often to permute, at most and at least; and rows permuted in all, which keeps large data within a second or two
MOST, LEAST, WORK = 2000, 500, 5_000_000
#: values held in memory at once
CHUNK = 2_000_000


def permutations(rows: int) -> int:
    """How often so many rows are permuted."""
    return int(np.clip(WORK // max(rows, 1), LEAST, MOST))


def chi_square_between(of_speaker: np.ndarray, per_speaker: np.ndarray, seed: int) -> float:
    """P-value of chi-square where one category is constant within speakers: it is permuted over them.

    Args:
        of_speaker: the code of each speaker, 0..k-1, shape ``(speakers,)``
        per_speaker: each speaker's samples by the code of the other category, shape ``(speakers, l)``
        seed: of the permutations
    """
    weights = per_speaker.astype(float)
    k = int(of_speaker.max()) + 1

    def statistic(permuted: np.ndarray) -> np.ndarray:
        tables = np.stack([(permuted == code) @ weights for code in range(k)], axis=1)
        return chi_square_of(tables)

    drawn = [statistic(chunk) for chunk in _permuted(of_speaker, seed)]
    return share_as_extreme(np.concatenate(drawn), float(statistic(of_speaker[None, :])[0]))


def kruskal_between(of_speaker: np.ndarray, per_speaker: np.ndarray, seed: int) -> tuple[float, float]:
    """Kruskal and Wallis's H over samples, with the p-value of permuting a number over speakers.

    Args:
        of_speaker: the number of each speaker, shape ``(speakers,)``
        per_speaker: each speaker's samples by category, shape ``(speakers, k)``
        seed: of the permutations

    Returns:
        H and p
    """
    weights = per_speaker.astype(float)
    sizes, columns = weights.sum(axis=1), weights.sum(axis=0)
    ranks = _ranks(of_speaker, sizes)
    n = sizes.sum()

    def statistic(permuted: np.ndarray) -> np.ndarray:
        between = np.sum((permuted @ weights) ** 2 / np.where(columns > 0, columns, 1), axis=1)
        mean = (permuted @ sizes) ** 2 / n
        spread = permuted**2 @ sizes - mean
        return (n - 1) * (between - mean) / np.where(spread > 0, spread, 1)

    found = float(statistic(ranks[None, :])[0])
    drawn = np.concatenate([statistic(chunk) for chunk in _permuted(ranks, seed)])
    return found, share_as_extreme(drawn, found)


def chi_square_within(x: np.ndarray, y: np.ndarray, speakers: np.ndarray, seed: int) -> float:
    """P-value of chi-square where both categories change within speakers: one is permuted within each.

    Args:
        x: codes 0..k-1, shape ``(n,)``
        y: codes 0..l-1, shape ``(n,)``
        speakers: codes, shape ``(n,)``
        seed: of the permutations
    """
    table = counts(x, y)
    generator = np.random.default_rng(seed)
    tables = np.zeros((permutations(len(x)), table.size), dtype=np.int64)
    order = np.argsort(speakers, kind="stable")
    sizes = np.bincount(speakers)
    starts = np.cumsum(sizes) - sizes
    for size in np.unique(sizes[sizes > 0]):  # speakers with as many samples are permuted together
        rows = order[starts[sizes == size][:, None] + np.arange(size)]
        step = max(1, CHUNK // rows.size)
        for start in range(0, len(tables), step):
            part = tables[start : start + step]
            labels = np.broadcast_to(y[rows], (len(part), *rows.shape)).reshape(-1, size)
            labels = (generator.permuted(labels, axis=1) if size > 1 else labels).reshape(len(part), -1)
            cells = x[rows].ravel() * table.shape[1] + labels + np.arange(len(part))[:, None] * table.size
            part += np.bincount(cells.ravel(), minlength=part.size).reshape(part.shape)
    drawn = chi_square_of(tables.reshape(-1, *table.shape))
    return share_as_extreme(drawn, float(chi_square_of(table)))


def _permuted(values: np.ndarray, seed: int) -> Iterator[np.ndarray]:
    """Permutations of the values, shape ``(some, speakers)`` each."""
    generator = np.random.default_rng(seed)
    number = permutations(len(values))
    step = max(1, CHUNK // len(values))
    for start in range(0, number, step):
        yield generator.permuted(np.tile(values, (min(step, number - start), 1)), axis=1)


def _ranks(values: np.ndarray, sizes: np.ndarray) -> np.ndarray:
    """The mean rank that a speaker's value has among all samples, shape ``(speakers,)``."""
    different, place = np.unique(values, return_inverse=True)
    samples = np.bincount(place, sizes, minlength=len(different))
    return (np.cumsum(samples) - (samples - 1) / 2)[place]

"""Drawing samples by the seed, so that the order of the rows is of no meaning."""

from __future__ import annotations

import numpy as np
import pandas as pd


def lots(samples: pd.DataFrame, seed: int) -> np.ndarray:
    """A lot for each sample, 0 to n - 1 in random order; the samples with the lowest lots are drawn.

    The same sample gets the same lot wherever its row stands. Who draws fewer gets a part of what
    who draws more gets.

    Args:
        samples: on the segmented index
        seed: of the draw

    Returns:
        integers, shape ``(samples,)``
    """
    lot = np.empty(len(samples), dtype=np.int64)
    lot[_by_content(samples)] = np.random.default_rng(seed).permutation(len(samples))
    return lot


def _by_content(samples: pd.DataFrame) -> np.ndarray:
    """The positions of the rows sorted by database, file, start and end.

    The database goes first, so that moving the folder of one of them does not change the draw.
    """
    keys = [_ranks(samples.index, level) for level in ("end", "start", "file")]
    if "database" in samples:
        keys.append(pd.factorize(samples["database"], sort=True)[0])
    return np.lexsort(keys)


def _ranks(index: pd.MultiIndex, level: str) -> np.ndarray:
    """The rank of each row's value in a level: sorts the different values only, and only if they are not."""
    number = index.names.index(level)
    values, codes = index.levels[number], np.asarray(index.codes[number])
    if values.is_monotonic_increasing:
        return codes
    ranks = np.empty(len(values) + 1, dtype=np.int64)
    ranks[values.argsort()] = np.arange(len(values))
    ranks[-1] = -1  # missing values have the code -1
    return ranks[codes]

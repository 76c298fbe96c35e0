"""Libraries that draw from the global random generators, made repeatable."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

import numpy as np

#: the generators are those of the whole process
_ONE_AT_A_TIME = Lock()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Inside, everything that is drawn follows from the seed; afterwards the generators are as they were.

    Args:
        seed: 0 to 2**32 - 1
    """
    with _ONE_AT_A_TIME:
        before, arrays = random.getstate(), np.random.get_state()  # noqa: NPY002 - what the libraries use
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002
        try:
            yield
        finally:
            random.setstate(before)
            np.random.set_state(arrays)  # noqa: NPY002

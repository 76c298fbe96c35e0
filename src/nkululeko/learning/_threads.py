"""How many threads the numerical libraries use, and how they wait for each other."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def wait_patiently() -> None:
    """Let idle OpenMP threads sleep instead of spin; to be called before the libraries are loaded.

    Where other programs share the cores, spinning makes small models tens of times slower.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


@contextmanager
def limited_threads(jobs: int) -> Iterator[None]:
    """Inside, linear algebra runs in one thread and OpenMP in as many as ``jobs`` says.

    On tables of speech features more threads only wait for each other, and sums added up in another order
    would differ in the last digit: so the number of cores does not change the result.
    """
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits={"blas": 1, "openmp": jobs}):
        yield

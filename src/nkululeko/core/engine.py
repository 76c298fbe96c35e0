"""Parallel work through joblib: threads, processes (later a Dask cluster), results as they come."""

from __future__ import annotations

import os
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Literal, TypeVar

A = TypeVar("A")
B = TypeVar("B")


def cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _in_worker(function: Callable[[A], B], item: A) -> B:
    """One item in a worker process; Ctrl-C is the parent's to handle, workers would print their own traceback."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return function(item)


def unordered(
    function: Callable[[A], B], items: Iterable[A], *, workers: Literal["threads", "processes"], jobs: int
) -> Iterator[B]:
    """Apply a function to every item, in parallel; results come in the order in which they are done.

    Only a few items are read ahead of the workers, so memory does not grow with their number, as long as the
    caller takes the results as fast as they come. Who closes the generator early ends the work.

    Args:
        function: a plain function; for processes it and its values must pickle
        items: may be a generator, is read as work proceeds
        workers: ``threads`` where the library called releases the interpreter lock
        jobs: how many at once; 1: no threads, no processes
    """
    if jobs == 1:
        yield from map(function, items)
        return
    from joblib import Parallel, delayed

    backend = "threading" if workers == "threads" else "loky"
    parallel = Parallel(n_jobs=jobs, backend=backend, return_as="generator_unordered", batch_size=1)
    work = function if workers == "threads" else partial(_in_worker, function)
    results = parallel(delayed(work)(item) for item in items)
    try:
        for result in results:  # noqa: UP028 - not 'yield from', which would close it before the warning is silenced
            yield result
    finally:
        with warnings.catch_warnings():  # joblib complains of work that was given up: on purpose here
            warnings.simplefilter("ignore")
            results.close()

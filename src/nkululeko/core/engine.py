"""Parallel work: threads, processes through joblib, or a Dask cluster; results as they come."""

from __future__ import annotations

import contextlib
import os
import signal
import warnings
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Literal, TypeVar

from nkululeko.core.cluster import on_cluster
from nkululeko.core.cluster import unordered as clustered
from nkululeko.core.progress import no_bars

A = TypeVar("A")
B = TypeVar("B")


def cores() -> int:
    """How many processor cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextlib.contextmanager
def _interrupt_held_back() -> Iterator[None]:
    """Ctrl-C comes when the block is left; processes started in it never get it, not even while they start."""
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _in_worker(function: Callable[[A], B], item: A) -> B:
    """One item in a worker process; Ctrl-C is the parent's to handle, workers would print their own traceback.

    The bar is the parent's as well: those of several workers would write over each other.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with no_bars():
        return function(item)


def unordered(
    function: Callable[[A], B], items: Iterable[A], *, workers: Literal["threads", "processes"], jobs: int
) -> Iterator[B]:
    """Apply a function to every item, in parallel; results come in the order in which they are done.

    Only a few items are read ahead of the workers, so memory does not grow with their number, as long as the
    caller takes the results as fast as they come. Who closes the generator early ends the work. Within
    :func:`nkululeko.core.cluster.cluster` the cluster does it, whatever ``workers`` and ``jobs`` say.

    Args:
        function: a plain function; for processes it and its values must pickle
        items: may be a generator, is read as work proceeds
        workers: ``threads`` where the library called releases the interpreter lock
        jobs: how many at once; 1: no threads, no processes
    """
    if on_cluster():
        yield from clustered(function, items)
        return
    if jobs == 1:
        yield from map(function, items)
        return
    yield from (_threads if workers == "threads" else _processes)(function, items, jobs)


def _threads(function: Callable[[A], B], items: Iterable[A], jobs: int) -> Iterator[B]:
    """In threads. Who stops early waits for what is under way: a thread that the interpreter ends inside a C
    library takes the whole process with it, and what was extracted would be lost.
    """
    from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait

    pool = ThreadPoolExecutor(jobs)
    under_way: set[Future[B]] = set()
    try:
        for item in items:
            under_way.add(pool.submit(function, item))
            if len(under_way) > jobs:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                yield from (future.result() for future in done)
        while under_way:
            done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _processes(function: Callable[[A], B], items: Iterable[A], jobs: int) -> Iterator[B]:
    """In processes of joblib."""
    from joblib import Parallel, delayed

    parallel = Parallel(n_jobs=jobs, backend="loky", return_as="generator_unordered", batch_size=1)
    with _interrupt_held_back():  # the workers are started here
        results = parallel(delayed(partial(_in_worker, function))(item) for item in items)
    try:
        for result in results:  # noqa: UP028 - not 'yield from', which would close it before the warning is silenced
            yield result
    finally:
        with warnings.catch_warnings():  # joblib complains of work that was given up: on purpose here
            warnings.simplefilter("ignore")
            results.close()

"""Work on a Dask cluster: one on this computer, or one whose scheduler somebody has started elsewhere.

Nothing here plans, queues or retries: that is Dask's part. A worker that is lost gives its work to the others.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeVar

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.progress import no_bars

A = TypeVar("A")
B = TypeVar("B")
_log = logging.getLogger("nkululeko")
#: the cluster in whose block we are
_client: ContextVar[Any] = ContextVar("client", default=None)
#: tasks under way for each thread of the cluster: the next ones wait there while results travel
_AHEAD = 3
#: how long to look for a scheduler, in s
_PATIENCE = "20s"
#: functions that carry arrays of more than this, in bytes, are shared before the items are sent
_LARGE = 2**20


def on_cluster() -> bool:
    """Whether work goes to a cluster."""
    return _client.get() is not None


@contextmanager
def cluster(address: str, jobs: int) -> Iterator[None]:
    """Inside, :func:`nkululeko.core.engine.unordered` sends work to a Dask cluster.

    Args:
        address: of a scheduler, e.g. ``tcp://10.0.0.1:8786``; empty: a cluster of processes on this computer
        jobs: how many processes that one has

    Raises:
        NkululekoError: Dask is not installed, or nobody answers at the address
    """
    try:
        import distributed
    except ImportError as problem:
        raise missing_package("dask and distributed", "dask", "EXP.engine = dask") from problem
    for name in ("distributed", "distributed.nanny", "distributed.worker", "distributed.scheduler"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what fails comes back as an error
    with ExitStack() as stack:
        if address:
            client = stack.enter_context(_joined(distributed, address))
        else:
            own = distributed.LocalCluster(
                n_workers=jobs, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address="127.0.0.1:0",
                silence_logs=logging.CRITICAL,
            )  # fmt: skip
            client = stack.enter_context(distributed.Client(stack.enter_context(own)))
        threads = client.nthreads()
        where = address or "on this computer"
        _log.info("Dask cluster %s: %d workers, %d threads", where, len(threads), sum(threads.values()))
        token = _client.set(client)
        try:
            yield
        finally:
            _client.reset(token)


def _joined(distributed: Any, address: str) -> Any:
    todo = "start it (dask scheduler), or leave dask.address out: then a cluster runs on this computer"
    try:
        client = distributed.Client(address, timeout=_PATIENCE)
    except (OSError, ValueError, TimeoutError) as problem:
        what = f"no Dask scheduler answers at {address} ({type(problem).__name__})"
        raise NkululekoError(what, "EXP.dask.address", todo) from None
    if not client.nthreads():
        client.close()
        raise NkululekoError(
            f"the Dask scheduler at {address} has no workers",
            "EXP.dask.address",
            "start some: dask worker ADDRESS",
        )
    return client


def _call(function: Callable[[A], B], item: A) -> B:
    """In a worker."""
    with no_bars():
        return function(item)


def unordered(function: Callable[[A], B], items: Iterable[A]) -> Iterator[B]:
    """Apply a function to every item on the cluster; results come in the order in which they are done.

    A few items for each thread are under way: memory does not grow with their number.
    """
    import distributed

    client = _client.get()
    shared: Any = function
    # what is large is sent once to each worker, not with every item
    if sum(getattr(value, "nbytes", 0) for value in getattr(function, "args", ())) > _LARGE:
        shared = client.scatter(function, broadcast=True, hash=False)
    waiting = iter(items)
    done = distributed.as_completed([], with_results=True)
    room = _AHEAD * max(1, sum(client.nthreads().values()))
    under_way: set[Any] = set()

    def send() -> None:
        for item in waiting:
            future = client.submit(_call, shared, item, pure=False)
            under_way.add(future)
            done.add(future)
            return

    try:
        for _ in range(room):
            send()
        for future, result in done:
            under_way.discard(future)
            send()
            yield result
    except distributed.KilledWorker as problem:
        what = f"several workers of the cluster ended while they worked on the same part ({problem})"
        raise NkululekoError(
            what, todo="look at their memory and logs; the same command goes on where it was"
        ) from None
    finally:
        with suppress(Exception):
            client.cancel(list(under_way))

"""Several batches at once, on a processor: a thread each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

A = TypeVar("A")
B = TypeVar("B")
#: batches at once, however many cores there are: each needs memory of its own
_MOST = 8


def side_by_side(work: Callable[[A], B], items: Iterable[A], device: str) -> Iterator[B]:
    """Apply a network to batches; results come in order.

    All threads of PyTorch on one batch wait for each other after every layer. With a thread for each of
    several batches nobody waits, and values do not depend on the number of cores.

    Args:
        work: one batch
        items: batches
        device: where the network computes; on a GPU one batch follows the other

    Example:
        >>> list(side_by_side(abs, [-1, 2, -3], "cpu"))
        [1, 2, 3]
    """
    if device != "cpu":
        yield from map(work, items)
        return
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        if threads == 1:
            yield from map(work, items)
            return
        with ThreadPoolExecutor(
            min(threads, _MOST), initializer=torch.set_num_threads, initargs=(1,)
        ) as pool:
            yield from pool.map(work, items)
    finally:
        torch.set_num_threads(threads)

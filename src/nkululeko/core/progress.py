"""Progress of long work: a bar with an estimate on a terminal, nothing where nobody looks."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

#: a bar is shown: what is done within its steps (the epochs of a fold) gets none of its own
_shown: ContextVar[bool] = ContextVar("shown", default=False)


class Advance(Protocol):
    """Tells that some more items are done."""

    def __call__(self, steps: int = 1) -> None:
        """Some more items are done."""


@contextmanager
def progress(what: str, total: int) -> Iterator[Advance]:
    """A bar for ``total`` items on stderr: ``with progress("os", 535) as advance: advance()``."""
    if not sys.stderr.isatty() or total == 0 or _shown.get():
        yield lambda steps=1: None
        return
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left:"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(what, total=total)
        token = _shown.set(True)
        try:
            yield lambda steps=1: bar.advance(task, steps)
        finally:
            _shown.reset(token)

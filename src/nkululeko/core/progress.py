"""Progress of long work: a bar with an estimate on a terminal, nothing where nobody looks."""

from __future__ import annotations

import os
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


def somebody_looks() -> bool:
    """Whether a bar may be shown: stderr is a terminal, and no bar is there already."""
    return sys.stderr.isatty() and not _shown.get()


@contextmanager
def no_bars() -> Iterator[None]:
    """Inside, no bar is shown: there is another one, or nobody waits for what is done."""
    token = _shown.set(True)
    try:
        yield
    finally:
        _shown.reset(token)


def clear_after_another() -> None:
    """Clean the terminal of the bar of a process that was ended: its line goes, and the cursor is seen again."""
    if sys.stderr.isatty() and os.environ.get("TERM", "dumb") != "dumb":
        sys.stderr.write("\r\x1b[2K\x1b[?25h")
        sys.stderr.flush()


@contextmanager
def progress(what: str, total: int) -> Iterator[Advance]:
    """A bar for ``total`` items on stderr: ``with progress("os", 535) as advance: advance()``."""
    if total == 0 or not somebody_looks():
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
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar, no_bars():
        task = bar.add_task(what, total=total)
        yield lambda steps=1: bar.advance(task, steps)

"""The progress of a search: trials, the time that is left, the best so far; nothing where nobody looks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from nkululeko.core.progress import no_bars, somebody_looks


@contextmanager
def search_bar(what: str, measure: str) -> Iterator[Callable[[int, int, float], None]]:
    """A bar on stderr, told how many trials are done, how many there will be, and the best value.

    Args:
        what: is searched, e.g. ``"search"``
        measure: as it is shown, e.g. ``"UAR"``
    """
    if not somebody_looks():
        yield lambda done, total, best: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("trials, left:"),
        TimeRemainingColumn(), TextColumn("{task.fields[best]}"),
    )  # fmt: skip
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar, no_bars():
        task = bar.add_task(what, total=None, best="")

        def show(done: int, total: int, best: float) -> None:
            text = "" if best != best else f"best {measure} so far: {best:.3f}"
            bar.update(task, completed=done, total=total, best=text)

        yield show

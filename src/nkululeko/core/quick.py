"""Starting quickly."""

from __future__ import annotations

import gc
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


@contextmanager
def importing(without: Sequence[str] = ()) -> Iterator[None]:
    """Around heavy imports: what they make is no garbage, and looking for some takes a tenth of their time.

    Args:
        without: packages that would be imported if they are there, and can be done without. scikit-learn imports
            pandas just in case; plain arrays don't need it, and it takes a quarter of the time. Only for
            a process of one's own: what was imported so stays without them.
    """
    was_on = gc.isenabled()
    gc.disable()
    absent = [name for name in without if name not in sys.modules]
    sys.modules.update(dict.fromkeys(absent))  # type: ignore[arg-type]  # None: as if not installed
    try:
        yield
    finally:
        for name in absent:
            sys.modules.pop(name, None)
        if was_on:
            gc.enable()

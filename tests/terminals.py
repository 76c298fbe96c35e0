"""A stream that claims to be a terminal; in a module of its own, for other processes import it."""

from __future__ import annotations

import io
import sys

from nkululeko.core.progress import progress


class Terminal(io.StringIO):
    """Keeps what is written to it."""

    def isatty(self) -> bool:
        return True


def shown_in_a_worker(number: int) -> str:
    """What a bar writes in another process, if its stderr is a terminal."""
    before, sys.stderr = sys.stderr, Terminal()
    try:
        with progress("training", 1) as advance:
            advance()
        return sys.stderr.getvalue()  # type: ignore[attr-defined]
    finally:
        sys.stderr = before

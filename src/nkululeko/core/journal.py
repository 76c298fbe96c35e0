"""What happened in a run: every line once, for the log file, the terminal and the report."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

LOGGER = "nkululeko"
#: a logging level that no line reaches
NOTHING = logging.CRITICAL + 1


class Journal(logging.Handler):
    """Collects the lines of a run; each is said once, however often it happens.

    Args:
        show: the lowest level that is shown on the terminal; above ``CRITICAL``: nothing is
    """

    def __init__(self, show: int = logging.WARNING) -> None:
        super().__init__(logging.INFO)
        self._show = show
        self._lines: dict[tuple[int, str], str] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Keep a line and show it, if it is new."""
        key = (record.levelno, record.getMessage())
        if key in self._lines:
            return
        self._lines[key] = (
            f"{datetime.fromtimestamp(record.created):%Y-%m-%d %H:%M:%S} {record.levelname:7} {key[1]}"
        )
        if record.levelno >= self._show:
            print(f"{record.levelname.lower()}: {key[1]}", file=sys.stderr)

    @property
    def notes(self) -> list[str]:
        """What the user should know."""
        return [text for level, text in self._lines if level < logging.WARNING]

    @property
    def warnings(self) -> list[str]:
        """What the user must know."""
        return [text for level, text in self._lines if level >= logging.WARNING]

    def text(self) -> str:
        """The log file: a line each, with time and level."""
        return "\n".join(self._lines.values()) + "\n"


@contextmanager
def journal(show: int = logging.WARNING) -> Iterator[Journal]:
    """Collect what the package logs while the block runs."""
    logger, handler = logging.getLogger(LOGGER), Journal(show)
    level, propagate = logger.level, logger.propagate
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    logger.propagate = False
    try:
        yield handler
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)
        logger.propagate = propagate

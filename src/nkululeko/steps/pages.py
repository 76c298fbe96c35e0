"""Pictures and pages of many runs, made in another process while this one learns the next."""

from __future__ import annotations

import logging
from concurrent.futures import Future
from functools import partial

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.core.companion import Companion, call
from nkululeko.core.result import Result
from nkululeko.core.rundir import RunDir
from nkululeko.steps.experiment import Reporter
from nkululeko.steps.report import draw_page, write_tables


class Pages:
    """Pages to come: the tables of a run are written at once, its pictures and page by another process.

    It is started with the first run that needs it. A run whose page never came counts as not finished: the page is
    the last that is written. Used in a ``with`` block, whose end is that of the process.
    """

    def __init__(self) -> None:
        self._companion: Companion | None = None
        self._coming: dict[str, Future[None]] = {}

    def reporter(self, name: str) -> Reporter:
        """What writes the results of a run.

        Args:
            name: of the run
        """
        if self._companion is None:
            self._companion = Companion()
            self._companion.submit(call, "nkululeko.steps.report", "warm")
        return partial(self._write, name)

    def _write(self, name: str, result: Result, rundir: RunDir, config: ExperimentConfig) -> None:
        write_tables(result, rundir)
        assert self._companion is not None
        self._coming[name] = self._companion.submit(quietly, result, rundir, config)

    def wait(self) -> dict[str, str]:
        """Wait for all pages; why some could not be written, by the name of the run."""
        coming, self._coming = self._coming, {}
        failed = {name: future.exception() for name, future in coming.items()}
        return {name: str(problem) for name, problem in failed.items() if problem is not None}

    def __enter__(self) -> Pages:
        return self

    def __exit__(self, *_: object) -> None:
        if self._companion is not None:
            self._companion.close()


def quietly(result: Result, rundir: RunDir, config: ExperimentConfig) -> None:
    """Draw and write the page without a word: what is said here would be told to whoever learns by then."""
    logger = logging.getLogger("nkululeko")
    logger.addFilter(_nothing)
    try:
        draw_page(result, rundir, config)
    finally:
        logger.removeFilter(_nothing)


def _nothing(_: logging.LogRecord) -> bool:
    return False

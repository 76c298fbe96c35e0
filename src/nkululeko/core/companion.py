"""A second Python process that imports heavy packages while this one loads the data.

Importing scikit-learn takes longer than a whole run on cached features. The interpreter lock lets one
import run at a time in a process, so the learning and the plots have a process each, started first
thing. What crosses the pipe is pickled by our own two processes, never read from a file.
(``multiprocessing`` would import the user's main script again, which breaks scripts without a
``__main__`` guard, and joblib's workers take 0.2 s longer to start.)
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import logging
import os
import pickle
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import Any, TypeVar

T = TypeVar("T")
_CHILD = "import sys; sys.path[:] = {path!r}; from nkululeko.core.companion import _serve; _serve({nice})"
#: larger arguments are not sent: the work is then done in this process, so memory is not needed twice
LARGE = 256 * 2**20


class Companion:
    """Runs plain functions in another process, one after the other.

    Args:
        nice: by how much the process steps back behind others (0 to 19)

    Example:
        >>> with Companion() as companion:
        ...     companion.submit(sum, [1, 2]).result()
        3
    """

    def __init__(self, nice: int = 0) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD.format(path=sys.path, nice=nice)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        self._lock = threading.Lock()

    def submit(self, function: Callable[..., T], *args: Any) -> Future[T]:
        """Start a function there; its result, or its error, comes with the future."""
        future: Future[T] = Future()
        threading.Thread(target=self._call, args=(future, function, args), daemon=True).start()
        return future

    def _call(self, future: Future[T], function: Callable[..., T], args: tuple[Any, ...]) -> None:
        try:
            with self._lock:
                assert self._process.stdin and self._process.stdout
                pickle.dump((function, args), self._process.stdin, protocol=5)
                self._process.stdin.flush()
                outcome, error, records = pickle.load(self._process.stdout)
        except (OSError, EOFError, pickle.PickleError) as problem:
            future.set_exception(RuntimeError(f"the companion process ended early ({problem!r})"))
            return
        for record in records:
            logging.getLogger(record.name).handle(record)
        if error is None:
            future.set_result(outcome)
        else:
            future.set_exception(error)

    def close(self) -> None:
        """End the process; whatever it still does is of no use any more."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def __enter__(self) -> Companion:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class _Collect(logging.Handler):
    """Keeps log records, to hand them to the parent, who shows them in its own log."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        self.records.append(record)


def _serve(nice: int) -> None:
    """The other process: answers requests until its input ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's to handle
    if nice and hasattr(os, "nice"):
        os.nice(nice)
    requests, answers = sys.stdin.buffer, os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    gc.disable()  # nothing that an import makes is garbage: saves a tenth of its time
    handler = _Collect()
    logger = logging.getLogger("nkululeko")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    while True:
        try:
            function, args = pickle.load(requests)
        except EOFError:
            return
        handler.records = []
        outcome, error = None, None
        try:
            outcome = function(*args)
        except Exception as problem:
            error = problem
        pickle.dump((outcome, error, handler.records), answers, protocol=5)
        answers.flush()


def preload(*modules: str) -> None:
    """Import modules that will be needed."""
    for module in modules:
        importlib.import_module(module)

"""A second Python process that imports heavy packages while this one loads the data.

Importing scikit-learn takes longer than a whole run on cached features. The interpreter lock lets one
import run at a time in a process, so the learning has a process of its own, started first
thing. What crosses the pipe is pickled by our own two processes, never read from a file.
(``multiprocessing`` would import the user's main script again, which breaks scripts without a
``__main__`` guard, and joblib's workers take 0.2 s longer to start.)
"""

from __future__ import annotations

import contextlib
import importlib
import logging
import os
import pickle
import queue
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from types import TracebackType
from typing import IO, Any, TypeVar

from nkululeko.core.progress import clear_after_another

T = TypeVar("T")
_CHILD = (
    "import signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN);"  # Ctrl-C is the parent's to handle
    " sys.path[:] = {path!r}; from nkululeko.core.companion import _serve; _serve()"
)
#: larger arguments are not sent: the work is then done in this process, so memory is not needed twice
LARGE = 256 * 2**20
#: so long an idle process may take to end, in s
_TIDYING = 3.0


class Companion:
    """Runs plain functions in another process, one after the other.

    Example:
        >>> with Companion() as companion:
        ...     companion.submit(sum, [1, 2]).result()
        3
    """

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _CHILD.format(path=sys.path)],
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
            # pickled before it is sent: a value that cannot be must not leave half a request behind
            request = pickle.dumps((function, args), protocol=5)
        except Exception as problem:  # of any kind: __reduce__ is everybody's own
            future.set_exception(RuntimeError(f"cannot be sent to the companion process ({problem})"))
            return
        try:
            with self._lock:
                assert self._process.stdin and self._process.stdout
                _send(self._process.stdin, request)
                answer = _receive(self._process.stdout)
        except (OSError, EOFError, ValueError) as problem:  # ValueError: the pipe is closed
            future.set_exception(RuntimeError(f"the companion process ended early ({problem!r})"))
            return
        try:
            outcome, error, records = pickle.loads(answer)
        except Exception as problem:
            future.set_exception(RuntimeError(f"the companion process gave no readable answer ({problem!r})"))
            return
        for record in records:
            logging.getLogger(record.name).handle(record)
        if error is None:
            future.set_result(outcome)
        else:
            future.set_exception(error)

    def close(self) -> None:
        """End the process; whatever it still does is of no use any more.

        One that has nothing to do may tidy up: workers of its own leave warnings where nobody ends them.
        """
        if self._process.stdin and self._lock.acquire(blocking=False):
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                self._process.stdin.close()
                self._process.wait(_TIDYING)
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()

    def __enter__(self) -> Companion:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
        if error is not None:  # it may have been in the middle of something that has a bar
            clear_after_another()


class _Collect(logging.Handler):
    """Keeps log records, to hand them to the parent, who shows them in its own log."""

    def __init__(self) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        record.msg, record.args, record.exc_info = record.getMessage(), None, None
        self.records.append(record)


def _serve() -> None:
    """The other process: answers requests until its input ends."""
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # whatever a library prints must not get between the answers
    requests: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    busy = threading.Event()
    threading.Thread(target=_listen, args=(sys.stdin.buffer, requests, busy), daemon=True).start()
    handler = _Collect()
    logger = logging.getLogger("nkululeko")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    while True:
        request = requests.get()
        if not request:
            return _end()
        busy.set()
        handler.records = []
        answer = _answer(request, handler.records)
        with contextlib.suppress(BrokenPipeError):  # the parent has ended: so will this process
            _send(answers, answer)
        busy.clear()


def _listen(source: IO[bytes], requests: queue.SimpleQueue[bytes], busy: threading.Event) -> None:
    """Take requests; the end of the input is that of the parent, and nobody waits for what is being done."""
    with contextlib.suppress(EOFError, OSError):
        while True:
            requests.put(_receive(source))
    if busy.is_set():
        os._exit(0)
    requests.put(b"")


def _end() -> None:
    """End at once; where joblib has started workers, end them first, and what they share."""
    loky = sys.modules.get("joblib.externals.loky.reusable_executor")
    workers = getattr(loky, "_executor", None)
    if workers is None:
        os._exit(0)
    workers.shutdown(wait=True, kill_workers=True)


def _answer(request: bytes, records: list[logging.LogRecord]) -> bytes:
    """Do what is asked: the pickled outcome or error, and what was logged meanwhile."""
    outcome, error = None, None
    try:
        function, args = pickle.loads(request)
        outcome = function(*args)
    except Exception as problem:
        problem.add_note("in the companion process:\n" + traceback.format_exc())
        error = problem
    try:
        answer = pickle.dumps((outcome, error, records), protocol=5)
        if error is not None:
            pickle.loads(answer)  # some errors can be pickled, but not back
        return answer
    except Exception as problem:
        text = f"{type(error).__name__}: {error}" if error else f"the result cannot be sent: {problem}"
        return pickle.dumps((None, RuntimeError(text), []), protocol=5)


def _send(pipe: IO[bytes], content: bytes) -> None:
    pipe.write(len(content).to_bytes(8, "little"))
    pipe.write(content)
    pipe.flush()


def _receive(pipe: IO[bytes]) -> bytes:
    """What was sent as one.

    Raises:
        EOFError: the other side has ended
    """
    size = pipe.read(8)
    content = pipe.read(int.from_bytes(size, "little")) if len(size) == 8 else b""
    if len(size) < 8 or len(content) < int.from_bytes(size, "little"):
        raise EOFError("nothing more comes")
    return content


def call(module: str, function: str, *args: Any) -> Any:
    """Call a function of a module that this process has not imported itself."""
    return getattr(importlib.import_module(module), function)(*args)

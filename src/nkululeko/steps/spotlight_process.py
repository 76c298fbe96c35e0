"""Spotlight as a process of its own: started, awaited, and stopped, also by a later call.

It listens on this computer alone (127.0.0.1), asks nothing of the network, and keeps its copies of recordings in a
folder of its own that goes when it is stopped.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import webbrowser
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import NoReturn

from nkululeko.core.errors import NkululekoError
from nkululeko.core.rundir import write_atomically
from nkululeko.steps.spotlight_setup import environment

TABLE, LAYOUT = "spotlight.parquet", "spotlight.layout.json"
_RECORD, _LOG = "spotlight.json", "spotlight.log"
#: its settings, and its copies of the recordings that were listened to: below the run's folder
_SCRATCH = ".spotlight"
_HOST = "127.0.0.1"
_PATIENCE = 180.0
_GRACE = 2.0
_START = "from renumics.spotlight.cli import main; main()"
_WINDOWS = sys.platform == "win32"


@dataclass(frozen=True)
class Opened:
    """Spotlight that runs.

    Args:
        address: of its page
        pid: of its process
        folder: of the run
    """

    address: str
    pid: int
    folder: Path

    @property
    def stop_command(self) -> str:
        """What the user types to stop it."""
        return f"nkululeko spotlight-stop {shlex.quote(str(self.folder))}"


@dataclass(frozen=True)
class _Record:
    """What ``spotlight.json`` says."""

    pid: int
    port: int


def start(python: Path, folder: Path, dtypes: Mapping[str, str], port: int | None = None) -> Opened:
    """Start Spotlight on the table in a run's folder, and wait until its page answers.

    Args:
        python: of the environment that has Spotlight
        folder: of the run: ``spotlight.parquet`` and ``spotlight.layout.json`` lie in it
        dtypes: column to Spotlight's type, where it cannot tell
        port: to listen on; None: any that is free

    Raises:
        NkululekoError: it ends before its page answers, or takes too long
    """
    stop_spotlight(folder)
    scratch = folder / _SCRATCH
    scratch.mkdir()
    port = port or _free_port()
    types = [word for column, dtype in dtypes.items() for word in ("--dtype", f"{column}={dtype}")]
    command = [
        str(python), "-u", "-c", _START, str(folder / TABLE), "--host", _HOST, "--port", str(port), "--no-browser",
        "--no-filebrowsing", "--layout", str(folder / LAYOUT), *types,
    ]  # fmt: skip
    with (folder / _LOG).open("wb") as log:
        process = subprocess.Popen(
            command, cwd=scratch, env=_variables(scratch), stdin=subprocess.DEVNULL, stdout=log,
            stderr=subprocess.STDOUT, start_new_session=not _WINDOWS,
            creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
        )  # fmt: skip
    address = f"http://{_HOST}:{port}/"
    record = {
        "pid": process.pid,
        "port": port,
        "address": address,
        "started": f"{datetime.now():%Y-%m-%d %H:%M:%S}",
    }
    try:
        write_atomically(folder / _RECORD, json.dumps(record, indent=1).encode())
        _await(process, port, folder / _LOG)
    except BaseException:
        _end(_Record(process.pid, port), folder, process)
        raise
    # it may outlive us; if it does not, somebody must take note of its end
    threading.Thread(target=process.wait, daemon=True).start()
    return Opened(address, process.pid, folder)


def stop_spotlight(folder: Path) -> bool:
    """Stop the Spotlight of a run; whether one was running.

    Nothing else is ended: a process that only got the same number later is left alone.

    Raises:
        NkululekoError: it does not end
    """
    record = _read(folder)
    if record is None or not _is_spotlight(record, folder):
        _clean(folder)
        return False
    _end(record, folder)
    return True


def stay(opened: Opened) -> None:
    """Wait until Spotlight is ended, or Ctrl-C ends it; with us, it goes in any case."""
    record = _read(opened.folder)
    try:
        with _ended_by_signals():
            while record and _is_spotlight(record, opened.folder):
                time.sleep(0.5 if Path("/proc/self").exists() else 2)
    except KeyboardInterrupt:
        pass
    finally:
        stop_spotlight(opened.folder)


def show_page(address: str) -> bool:
    """Open the page in the user's browser; whether there is one."""
    try:
        return webbrowser.open(address)
    except webbrowser.Error:
        return False


def is_watched() -> bool:
    """Whether somebody sits at a terminal with a screen: else a browser makes no sense."""
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    has_screen = bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))
    return has_screen or sys.platform in ("win32", "darwin")


def _variables(scratch: Path) -> dict[str, str]:
    """Those of the process: nothing is reported or fetched, nothing is left in the user's folders.

    Spotlight keeps copies of recordings by their path alone: in a common folder, a later run would play what a
    file held earlier, and recordings of patients would lie where nobody expects them.
    """
    kept = {name: value for name, value in environment().items() if not name.upper().startswith("SPOTLIGHT_")}
    folders = {"HOME": str(scratch)} if sys.platform == "darwin" else {}
    return kept | folders | {
        "XDG_CACHE_HOME": str(scratch), "XDG_CONFIG_HOME": str(scratch), "SPOTLIGHT_OPT_OUT": "true",
        "HF_HUB_OFFLINE": "1", "HF_DATASETS_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1",
        "HF_HUB_DISABLE_TELEMETRY": "1", "DO_NOT_TRACK": "1", "PYTHONSAFEPATH": "1",
    }  # fmt: skip


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((_HOST, 0))
        return int(probe.getsockname()[1])


def _await(process: subprocess.Popen, port: int, log: Path) -> None:
    """Wait until the page and its table answer."""
    deadline = time.monotonic() + _PATIENCE
    while not (_answers(port, "/") and _answers(port, "/api/table/")):
        if process.poll() is not None:
            raise NkululekoError(f"Spotlight ended before its page was there ({_last_line(log)})", str(log))
        if time.monotonic() > deadline:
            raise NkululekoError(
                f"Spotlight did not answer in {_PATIENCE:.0f} s ({_last_line(log)})", str(log)
            )
        time.sleep(0.1)


def _answers(port: int, path: str) -> bool:
    """Whether a page is there: asked directly, whatever proxy the user has."""
    connection = http.client.HTTPConnection(_HOST, port, timeout=30)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text("utf-8", errors="replace").splitlines()]
    return next((line for line in reversed(lines) if line), "it said nothing")


def _read(folder: Path) -> _Record | None:
    """The record of a run; None: there is none, or it is damaged."""
    try:
        content = json.loads((folder / _RECORD).read_text("utf-8"))
        pid, port = content["pid"], content["port"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    is_right = type(pid) is int and type(port) is int and pid > 1
    return _Record(pid, port) if is_right else None


def _is_spotlight(record: _Record, folder: Path) -> bool:
    """Whether that process still is the Spotlight of this run: its command line names table and port."""
    words = _command_line(record.pid)
    return str(folder / TABLE) in words and f"--port {record.port} " in words


def _command_line(pid: int) -> str:
    """How a process was called; empty: there is none, or it is not ours to see."""
    if Path("/proc/self/cmdline").exists():
        try:
            return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
        except OSError:
            return ""
    if _WINDOWS:
        query = f"(Get-CimInstance Win32_Process -Filter 'ProcessId={pid}').CommandLine"
        command = ["powershell", "-NoProfile", "-Command", query]
    else:
        command = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return ""


def _end(record: _Record, folder: Path, child: subprocess.Popen | None = None) -> None:
    """End the process and what it started: politely first, though it has nothing to save."""
    for force in (False, True):
        _signal(record.pid, force)
        deadline = time.monotonic() + _GRACE
        while (
            _is_spotlight(record, folder) or (force and _has_group(record.pid))
        ) and time.monotonic() < deadline:
            time.sleep(0.05)
            if child is not None:  # else it stays in the list of processes
                child.poll()
    if _is_spotlight(record, folder):
        raise NkululekoError(f"Spotlight (process {record.pid}) does not end", str(folder))
    _clean(folder)


def _has_group(pid: int) -> bool:
    """Whether any of the processes that it started is there, be it only in the list of processes."""
    if _WINDOWS:
        return False
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _signal(pid: int, force: bool) -> None:
    """Tell the process and all that it started to end; nothing where there is none any more."""
    if _WINDOWS:  # which has no polite way for a process without a window
        subprocess.run(["taskkill", "/T", "/F", "/PID", str(pid)], capture_output=True, timeout=30)
        return
    with contextlib.suppress(ProcessLookupError, PermissionError):  # it leads a group of its own
        os.killpg(pid, signal.SIGKILL if force else signal.SIGTERM)


def _clean(folder: Path) -> None:
    """Remove what only a running Spotlight needs."""
    (folder / _RECORD).unlink(missing_ok=True)
    shutil.rmtree(folder / _SCRATCH, ignore_errors=True)


@contextlib.contextmanager
def _ended_by_signals() -> Iterator[None]:
    """Within, a closed terminal and a polite kill end us in good order, so that Spotlight goes with us."""

    def leave(number: int, frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    names = [name for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    earlier: dict[int, Callable | int | None] = {}
    if threading.current_thread() is threading.main_thread():
        earlier = {
            number: signal.signal(number, leave) for number in (getattr(signal, name) for name in names)
        }
    try:
        yield
    finally:
        for number, handler in earlier.items():
            signal.signal(number, handler)

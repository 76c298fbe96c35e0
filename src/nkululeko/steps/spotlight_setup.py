"""The environment of Spotlight: it needs pandas below 3, so it gets a Python of its own, made once for each user.

The environment counts as complete only when its stamp says so, which is written last.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nkululeko.core.errors import NkululekoError
from nkululeko.core.rundir import write_atomically
from nkululeko.core.store import default_store

#: names the environment's folder, or the Python that has Spotlight
VARIABLE = "NKULULEKO_SPOTLIGHT"
#: 1.8 is the first version that reports nothing to its makers
REQUIREMENTS = ("renumics-spotlight>=1.8,<2", "pandas<3")
ABSENT = "Spotlight is not set up: run `nkululeko spotlight-setup`"
_STAMP, _LOG = "nkululeko.json", "setup.log"
_OLDEST = (3, 10)
#: of the caller's environment: they would change what Python or pip does in the other one
_UNWANTED = (
    "PYTHONPATH",
    "PYTHONHOME",
    "PYTHONSTARTUP",
    "VIRTUAL_ENV",
    "PIP_TARGET",
    "PIP_PREFIX",
    "PIP_USER",
)
_VERSION = "import importlib.metadata as m; print(m.version('renumics-spotlight'))"


@dataclass(frozen=True)
class Installed:
    """Spotlight, ready to be started.

    Args:
        python: of its environment
        version: of Spotlight
    """

    python: Path
    version: str


def place() -> Path:
    """Where the environment is: beside the feature store, or where ``NKULULEKO_SPOTLIGHT`` says."""
    named = os.environ.get(VARIABLE)
    return Path(named).expanduser().absolute() if named else default_store().with_name("nkululeko-spotlight")


def find() -> Installed | None:
    """Spotlight as it was set up, or as the user named it; None: it is not there, or only half made."""
    here = place()
    stamp = _read_stamp(here)
    if stamp is None:  # not made by us: an environment, or a Python, of the user
        return _installed(here if here.is_file() else _python_of(here))
    python = Path(stamp.get("python") or "")
    version = stamp.get("spotlight")
    return Installed(python, version) if version and python.is_file() else None


def set_up(python: str | None = None, upgrade: bool = False, say: Callable[[str], None] = print) -> Installed:
    """Make the environment, if it is not there yet.

    Args:
        python: what makes it; one that has Spotlight already is used as it is. None: this Python
        upgrade: look for newer versions in an environment that is there
        say: tells what is done, a line each

    Raises:
        NkululekoError: the Python, the network, or the folder will not do
    """
    here, known = place(), find()
    named = _installed(_program(python)) if python is not None else None
    if named and here not in named.python.parents:
        _claim(here)
        return _finish(here, named, say)
    if known and not upgrade and (python is None or named):
        say(f"Spotlight {known.version} is set up: {known.python}")
        return known
    keep = known is not None and upgrade
    if here.is_file() or (keep and not _is_ours(here)):
        raise NkululekoError("is an environment of yours", str(here), "upgrade Spotlight there")
    maker = _suitable(_program(python) if python else Path(sys.executable))
    say(f"installing Spotlight into {here}: about 1.4 GB, some minutes ...")
    _claim(here, keep)
    try:
        if not keep:
            _run([str(maker), "-m", "venv", str(here)], here, _NO_VENV)
        _install(here, upgrade)
    except KeyboardInterrupt:
        shutil.rmtree(here, ignore_errors=True)
        raise KeyboardInterrupt(
            "interrupted: Spotlight is not set up; the same command begins anew"
        ) from None
    made = _installed(_python_of(here))
    if made is None:
        raise NkululekoError("Spotlight was installed, and is not there", str(here / _LOG), _NO_PIP)
    return _finish(here, made, say)


_NO_VENV = "on Debian and Ubuntu: apt-get install python3-venv; or name another Python: --python python3.12"
_NO_PIP = "is there a network? If so, name another Python: nkululeko spotlight-setup --python python3.12"


def _install(here: Path, upgrade: bool) -> None:
    """Install the packages, and see whether they can be imported."""
    python = str(_python_of(here))
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--prefer-binary"]
    _run([*pip, *(["--upgrade"] if upgrade else []), *REQUIREMENTS], here, _NO_PIP)
    scratch = {"XDG_CACHE_HOME": str(here)}  # it makes a folder there as soon as it is imported
    _run([python, "-c", "import renumics.spotlight"], here, _NO_PIP, scratch)


def _run(command: Sequence[str], here: Path, todo: str, more: dict[str, str] | None = None) -> None:
    """Run a command; its output goes to a log file, and its last line to the terminal while somebody looks.

    Raises:
        NkululekoError: it fails
    """
    lines: list[str] = []
    with (here / _LOG).open("a", encoding="utf-8") as log, _status() as status:
        process = subprocess.Popen(
            command, cwd=here, env=environment() | (more or {}), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, encoding="utf-8", errors="replace",
        )  # fmt: skip
        try:
            assert process.stdout is not None
            for line in process.stdout:
                log.write(line)
                lines = [*lines[-20:], line.strip()]
                status(line.strip())
            process.wait()
        except BaseException:
            process.terminate()
            process.wait()
            raise
    if process.returncode:
        told = [line for line in lines if line.lower().startswith("error")] or [*filter(None, lines)] or ["?"]
        raise NkululekoError(f"Spotlight could not be installed ({told[-1]})", str(here / _LOG), todo)


@contextmanager
def _status() -> Iterator[Callable[[str], object]]:
    """What is going on: a line that changes on a terminal, nothing where nobody looks."""
    if not sys.stderr.isatty():
        yield lambda line: None
        return
    from rich.console import Console
    from rich.markup import escape

    console = Console(stderr=True)
    with console.status("starting") as status:
        yield lambda line: status.update(escape(line[: max(20, console.width - 5)]))


def environment() -> dict[str, str]:
    """The variables for processes of the other Python."""
    return {name: value for name, value in os.environ.items() if name not in _UNWANTED} | {
        "PYTHONNOUSERSITE": "1"
    }


def _python_of(folder: Path) -> Path:
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def _program(name: str) -> Path:
    """A Python that the user names: a path, a command, or the folder of an environment."""
    path = Path(name).expanduser()
    if path.is_dir():
        path = _python_of(path)
    found = shutil.which(str(path))
    if found is None:
        raise NkululekoError(f"there is no Python '{name}'", "", "name another one, e.g. --python python3.12")
    return Path(found).absolute()


def _suitable(python: Path) -> Path:
    """The Python itself, if it is recent enough."""
    asked = "import sys; print(*sys.version_info[:2])"
    done = subprocess.run([str(python), "-c", asked], env=environment(), capture_output=True, text=True)
    words = done.stdout.split()
    if done.returncode or len(words) != 2 or not all(word.isdecimal() for word in words):
        raise NkululekoError("is no Python that runs", str(python), "name another one with --python")
    if (int(words[0]), int(words[1])) < _OLDEST:
        raise NkululekoError(
            f"is Python {'.'.join(words)}, and Spotlight needs {_OLDEST[0]}.{_OLDEST[1]}", str(python),
            "name another one with --python",
        )  # fmt: skip
    return python


def _is_ours(here: Path) -> bool:
    """Whether we made the environment in this folder: the stamp names its own Python."""
    stamp = _read_stamp(here)
    return stamp is not None and stamp.get("python") == str(_python_of(here))


def _installed(python: Path) -> Installed | None:
    """Spotlight in the environment of this Python; None: it has none, or is no Python."""
    try:
        done = subprocess.run(
            [str(python), "-c", _VERSION], env=environment(), capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return Installed(python, done.stdout.strip()) if done.returncode == 0 else None


def _claim(here: Path, keep: bool = False) -> None:
    """Make the folder ours, and incomplete; what a half-made one holds is removed, what others put there never.

    Args:
        here: the folder
        keep: leave the environment in it as it is
    """
    try:
        if here.exists() and not here.is_file() and _read_stamp(here) is not None and not keep:
            shutil.rmtree(here)
        elif here.is_file() or (here.exists() and not keep and any(here.iterdir())):
            raise NkululekoError(
                "is there already, and is not of nkululeko",
                str(here),
                f"name another folder: {VARIABLE}=FOLDER",
            )
        here.mkdir(parents=True, exist_ok=True)
        _write_stamp(here, {})
    except OSError as problem:
        raise NkululekoError(
            f"cannot be written ({problem.strerror})", str(here), f"name another folder: {VARIABLE}=FOLDER"
        ) from None


def _finish(here: Path, installed: Installed, say: Callable[[str], None]) -> Installed:
    """Write the stamp that says: complete."""
    _write_stamp(here, {"python": str(installed.python), "spotlight": installed.version})
    say(f"Spotlight {installed.version} is set up: {installed.python}")
    return installed


def _write_stamp(here: Path, content: dict[str, str]) -> None:
    write_atomically(here / _STAMP, json.dumps(content).encode())


def _read_stamp(here: Path) -> dict[str, Any] | None:
    """What the stamp says; empty: half made; None: there is none."""
    try:
        content = json.loads((here / _STAMP).read_text("utf-8"))
    except (OSError, ValueError):
        return None
    return {k: v for k, v in content.items() if isinstance(v, str)} if isinstance(content, dict) else None

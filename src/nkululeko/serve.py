"""The door ``serve``: a bundle as a small HTTP service, on this computer only unless told otherwise.

``nkululeko serve BUNDLE``, ``python -m nkululeko.serve BUNDLE``, or from Python
``nkululeko.serve.serve("emotion.zip")``.
"""

from __future__ import annotations

import importlib.util
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.errors import NkululekoError, missing_package

if TYPE_CHECKING:
    import socket

HOST, PORT, MAX_MB, TIMEOUT = "127.0.0.1", 8000, 50.0, 30.0
#: addresses that only this computer can reach
LOCAL = ("127.0.0.1", "localhost", "::1")
#: modules that it needs, and the packages that have them
PACKAGES = {"fastapi": "fastapi", "uvicorn": "uvicorn", "python_multipart": "python-multipart"}
#: arguments and their help
HELP = {
    "host": "address to listen at; others than this computer's own can be reached from elsewhere",
    "port": "port to listen at; 0: any that is free",
    "max_mb": "largest upload in MB",
    "timeout": "how long an upload, and an answer, may take, in s",
}


def serve(
    bundle: str | Path, *, host: str = HOST, port: int = PORT, max_mb: float = MAX_MB, timeout: float = TIMEOUT,
    say: Callable[[str], None] = print,
) -> None:  # fmt: skip
    """Answer requests until it is stopped. It keeps no recording and sends nothing to anybody.

    Args:
        bundle: what ``nkululeko export-model`` made: a folder or zip
        host: address to listen at
        port: to listen at; 0: any that is free
        max_mb: largest upload, in millions of bytes
        timeout: how long an upload may take, and how long its answer, in s
        say: is told the address when it is ready

    Raises:
        NkululekoError: a package is missing, the bundle cannot be opened, or the port is taken
    """
    _check(max_mb, timeout)
    import uvicorn

    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.steps.bundle import read_bundle, trained_of
        from nkululeko.steps.serve_app import application
        from nkululeko.steps.serve_limits import Limits
    checked = read_bundle(bundle)
    trained = trained_of(checked, Path(bundle).expanduser().absolute())
    local = host in LOCAL
    hosts = frozenset((*LOCAL, host)) if local else frozenset()
    app = application(checked, trained, Limits(max_mb, timeout, hosts=hosts))
    listening = _listen(host, port)
    address = f"[{host}]" if ":" in host else host
    if not local:
        say(
            f"warning: whoever can reach {host} can send recordings and get answers: there is no password, and"
            " nothing is encrypted"
        )
    say(
        f"{checked.record.name} ({checked.record.target}): http://{address}:{listening.getsockname()[1]}; stop: Ctrl-C"
    )
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, server_header=False, limit_concurrency=64, timeout_keep_alive=5,
        timeout_graceful_shutdown=5, lifespan="off",
    )  # fmt: skip
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # so that what was unpacked is removed
    uvicorn.Server(config).run(sockets=[listening])


def _check(max_mb: float, timeout: float) -> None:
    """Stop where a number or a package is missing; without importing any."""
    if max_mb <= 0 or timeout <= 0:
        raise NkululekoError(f"expected a number above 0 for {'--max-mb' if max_mb <= 0 else '--timeout'}")
    for module, package in PACKAGES.items():
        if importlib.util.find_spec(module) is None:
            raise missing_package(package, "serve", "nkululeko serve")


def _listen(host: str, port: int) -> socket.socket:
    import socket

    if not 0 <= port <= 65535:  # the system would take some other port
        raise NkululekoError(f"there is no port {port}", "--port", "expected 0 to 65535")
    try:
        family, kind, protocol, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, kind, protocol)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(128)  # who comes before all is ready waits
    except OSError as problem:
        todo = f"take another one: --port {port + 1 if 0 < port < 65535 else 0}"
        what = f"cannot listen at {host}, port {port} ({problem.strerror or problem})"
        raise NkululekoError(what, todo=todo) from None
    listening.set_inheritable(True)
    return listening


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.serve BUNDLE [--host H --port P --max-mb M --timeout S]``."""
    import argparse

    from nkululeko.core.door import guarded

    parser = argparse.ArgumentParser(prog="python -m nkululeko.serve")
    parser.add_argument("bundle", metavar="BUNDLE", help="what nkululeko export-model made")
    parser.add_argument("--host", default=HOST, help=HELP["host"])
    parser.add_argument("--port", type=int, default=PORT, help=HELP["port"])
    parser.add_argument("--max-mb", type=float, default=MAX_MB, help=HELP["max_mb"])
    parser.add_argument("--timeout", type=float, default=TIMEOUT, help=HELP["timeout"])
    given = parser.parse_args(arguments)
    return guarded(lambda: print_serve(given.bundle, given.host, given.port, given.max_mb, given.timeout))


def print_serve(bundle: str, host: str, port: int, max_mb: float, timeout: float) -> None:
    """Serve, and say where; warnings of the model come first."""

    def say(text: str) -> None:
        print(text, file=sys.stderr if text.startswith("warning") else sys.stdout, flush=True)

    serve(bundle, host=host, port=port, max_mb=max_mb, timeout=timeout, say=say)


if __name__ == "__main__":
    raise SystemExit(main())

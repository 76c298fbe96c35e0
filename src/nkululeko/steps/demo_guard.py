"""While the demo's page is served, this process speaks to this computer alone.

The page's library can fetch what a visitor names by an address; voices are personal data, and nothing of them, nor any
word about them, shall leave. So it is not only switched off, but made impossible.
"""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

#: to be set before the libraries are imported
QUIET = {
    "GRADIO_ANALYTICS_ENABLED": "False",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "HF_HUB_OFFLINE": "1",
    "DISABLE_TELEMETRY": "1",
    "DO_NOT_TRACK": "1",
    "ORT_DISABLE_TELEMETRY": "1",
    "OTEL_SDK_DISABLED": "true",
}
#: places of the address among the arguments of what Python tells its audit hooks (PEP 578)
_SPEAKS = {"socket.connect": 1, "socket.sendto": 1, "socket.sendmsg": 1, "socket.getaddrinfo": 0}


def is_here(host: str) -> bool:
    """Whether an address is that of this computer, seen by nobody else.

    Example:
        >>> [is_here(host) for host in ("127.0.0.1", "::1", "localhost", "0.0.0.0", "192.168.0.2", "example.com")]
        [True, True, True, False, False, False]
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


@contextmanager
def nothing_leaves() -> Iterator[None]:
    """Inside, a connection to another computer is an error, whoever asks for it.

    Sets the variables that switch telemetry off; they are as they were afterwards.
    """
    before = {name: os.environ.get(name) for name in QUIET}
    os.environ.update(QUIET)
    guarding = [True]  # an audit hook cannot be taken away again, but it can be told to sleep

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in _SPEAKS and guarding:
            _refuse(arguments[_SPEAKS[event]])

    sys.addaudithook(hook)
    try:
        yield
    finally:
        guarding.clear()
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _refuse(address: Any) -> None:
    """Let addresses of this computer pass: those of its own files, and loopback; None is no address."""
    host = address[0] if isinstance(address, tuple) and address else address
    if host is None or host == "" or (isinstance(address, str | bytes) and _is_file(address)):
        return
    name = host.decode(errors="replace") if isinstance(host, bytes) else str(host)
    if not is_here(name):
        raise PermissionError(f"the demo speaks to this computer alone, and not to {name}")


def _is_file(address: str | bytes) -> bool:
    """Whether it is the name of a socket in the file system, or an abstract one."""
    text = address.decode(errors="replace") if isinstance(address, bytes) else address
    return text.startswith(("/", "\0"))

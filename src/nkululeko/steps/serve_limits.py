"""What the HTTP service lets in: only so much, only so slowly, and only from where it may come; plain ASGI."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]


@dataclass(frozen=True)
class Limits:
    """What a request may cost.

    Args:
        max_mb: an upload may be so large, in millions of bytes
        timeout: and take so long, in s: to arrive, and then to be answered
        waiting: so many requests may wait for the one that is being answered
        hosts: names under which it may be asked for; empty: under any
    """

    max_mb: float = 50.0
    timeout: float = 30.0
    waiting: int = 8
    hosts: frozenset[str] = frozenset()

    @property
    def most(self) -> int:
        """The largest upload in bytes."""
        return round(self.max_mb * 1e6)


class _Stopped(Exception):
    """The request is not read any further."""

    def __init__(self, code: int, text: str) -> None:
        super().__init__(text)
        self.code, self.text = code, text


def limited(app: App, limits: Limits) -> App:
    """An application that refuses what is too large or too slow, without reading all of it.

    Args:
        app: the application
        limits: what is refused
    """

    async def guarded(scope: Message, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await app(scope, receive, send)
            return
        state = _State(limits, receive, send)
        try:
            state.check(dict(scope["headers"]))
            await app(scope, state.receive, state.send)
        except _Stopped:
            pass
        if state.stopped and not state.answered:
            await _answer(send, state.stopped.code, state.stopped.text)

    return guarded


class _State:
    """How much of one request has come, and whether an answer has begun."""

    def __init__(self, limits: Limits, receive: Receive, send: Send) -> None:
        self.limits, self._receive, self._send = limits, receive, send
        self.size, self.complete = 0, False
        self.deadline = asyncio.get_running_loop().time() + limits.timeout
        self.answered = False
        self.stopped: _Stopped | None = None

    def check(self, headers: dict[bytes, bytes]) -> None:
        """Refuse by what the request says of itself.

        Raises:
            _Stopped: it is for somebody else, or too large
        """
        host = headers.get(b"host", b"").decode("latin-1")
        if self.limits.hosts and host_name(host) not in self.limits.hosts:
            # a page of another site that has this computer's address as its own must not get answers
            self._stop(421, f"this service does not answer for {host[:80]!r}")
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self.limits.most:
            self._too_large()

    async def receive(self) -> Message:
        """The next part of the request.

        Raises:
            _Stopped: it is too large, or too slow
        """
        if self.stopped:
            raise self.stopped
        if self.complete:  # the application listens whether the client goes away
            return await self._receive()
        left = self.deadline - asyncio.get_running_loop().time()
        try:
            message = await asyncio.wait_for(self._receive(), max(left, 0.001))
        except TimeoutError:
            self._stop(408, f"the upload took longer than {self.limits.timeout:g} s")
        self.size += len(message.get("body", b""))
        if self.size > self.limits.most:
            self._too_large()
        self.complete = not message.get("more_body", False)
        return message

    async def send(self, message: Message) -> None:
        """A part of the answer; where the request was stopped, ours is given instead."""
        if self.stopped:
            return
        self.answered = True
        await self._send(message)

    def _too_large(self) -> None:
        self._stop(413, f"the upload is larger than {self.limits.max_mb:g} MB")

    def _stop(self, code: int, text: str) -> None:
        self.stopped = _Stopped(code, text)
        raise self.stopped


def host_name(host: str) -> str:
    """The name in a header ``Host``, without the port.

    Example:
        >>> host_name("localhost:8000"), host_name("[::1]:8000"), host_name("127.0.0.1")
        ('localhost', '::1', '127.0.0.1')
    """
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()


async def _answer(send: Send, code: int, text: str) -> None:
    body = json.dumps({"detail": text}).encode()
    headers = [
        (b"content-type", b"application/json"), (b"content-length", str(len(body)).encode()), (b"connection", b"close"),
    ]  # fmt: skip
    await send({"type": "http.response.start", "status": code, "headers": headers})
    await send({"type": "http.response.body", "body": body})

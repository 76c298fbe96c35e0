"""The demo's page: speak or upload, and see what a trained experiment hears, on this computer alone.

Gradio draws the page; uvicorn serves it, so that nothing of Gradio's own start (tunnels, checks of versions) runs.
"""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.steps.apply import Trained, open_trained
from nkululeko.steps.apply_files import Hearing
from nkululeko.steps.demo import check_alone, hear
from nkululeko.steps.demo_guard import is_here, nothing_leaves
from nkululeko.steps.learned_rate import as_learned, learned_rate
from nkululeko.steps.spotlight_process import is_watched, show_page

#: the largest recording that is taken, in MB: half an hour of uncompressed speech
LARGEST = 200
#: recordings are forgotten after so many seconds, looked at as often as that
_FORGOTTEN = (60, 600)
#: nothing is fetched from elsewhere, and no other page shows this one: said to the browser, which keeps it
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data: blob:; media-src 'self' data: blob:; font-src 'self' data:; worker-src 'self' blob:;"
    " connect-src 'self' data: blob:; frame-ancestors 'self'; form-action 'self'; object-src 'none'"
)
_TITLE = "What do I hear?"


def serve(run: str | Path, host: str, port: int, explained: int = 8, largest: int = LARGEST) -> None:
    """Show the page until Ctrl-C.

    Args:
        run: the folder of a finished run, or the experiment file
        host: the address to listen on
        port: its port; 0: any that is free
        explained: so many features that moved the answer are named
        largest: recordings beyond so many MB are refused

    Raises:
        NkululekoError: there is no trained experiment, a package is missing, or the port is taken
    """
    trained = open_trained(run)
    check_alone(trained)
    with nothing_leaves(), tempfile.TemporaryDirectory(prefix="nkululeko-demo-") as scratch, _ended_alike():
        os.environ["GRADIO_TEMP_DIR"] = scratch  # Gradio's uploads; gone with the folder
        try:
            listening = _listen(host, port)
            address = _address(host, listening)
            app = _application(trained, Path(scratch), explained, largest, host)
            announce(trained, address, host)
            _serve(app, listening)
        except KeyboardInterrupt:
            pass
        finally:
            os.environ.pop("GRADIO_TEMP_DIR", None)
    print("the page is closed, and the recordings are deleted")


@contextmanager
def _ended_alike() -> Iterator[None]:
    """Being ended is like Ctrl-C: recordings are deleted then, too."""

    def stop(number: int, frame: Any) -> None:
        raise KeyboardInterrupt

    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {number: signal.signal(number, stop) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as problem:
        reason = getattr(problem, "strerror", None) or str(problem)
        raise NkululekoError(
            f"the page cannot be opened at {host}, port {port} ({reason})", "--web",
            "choose another port, e.g. --port 7861, or --port 0 for any that is free",
        ) from None  # fmt: skip


def _address(host: str, listening: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listening.getsockname()[1]}/"


def announce(trained: Trained, address: str, host: str) -> None:
    """Say where the page is, whom it lets in, and open it where somebody looks.

    Args:
        trained: the experiment
        address: of the page
        host: the address that is listened on
    """
    if not is_here(host):
        print(
            "warning: everyone in your network can open this page, and what is spoken there travels unencrypted;"
            " browsers let only this computer use its microphone. Without --host, the page is seen here alone.",
            file=sys.stderr,
        )
    for licence in trained.licences:
        print(f"note: {licence}", file=sys.stderr)
    print(f"the page for '{trained.name}' ({trained.target}): {address} (Ctrl-C ends it)", flush=True)
    if is_here(host) and is_watched():
        show_page(address)


def _serve(app: Any, listening: socket.socket) -> None:
    import uvicorn

    config = uvicorn.Config(app, log_level="critical", access_log=False, timeout_graceful_shutdown=1)
    uvicorn.Server(config).run(sockets=[listening])


def _application(trained: Trained, scratch: Path, explained: int, largest: int, host: str) -> Any:
    """The page as an ASGI application.

    Raises:
        NkululekoError: a package is missing
    """
    try:
        import fastapi
        import gradio
    except ImportError as missing:
        raise missing_package("gradio", "demo", "the page (--web)") from missing
    from nkululeko.report.demo_page import STYLE

    hears = partial(answer, trained, scratch=scratch, explained=explained)
    page = _page(gradio, trained, hears)
    fonts = ("ui-sans-serif", "system-ui", "sans-serif")
    theme = gradio.themes.Default(primary_hue="teal", font=fonts, font_mono=("ui-monospace", "monospace"))
    app = fastapi.FastAPI(openapi_url=None)
    gradio.mount_gradio_app(
        app, page, "/", server_name=host, footer_links=[], run_history=False, show_error=False, ssr_mode=False,
        pwa=False, mcp_server=False, enable_monitoring=False, max_file_size=largest * 2**20, theme=theme, css=STYLE,
    )  # fmt: skip
    return _Guarded(app, host, largest)


def _page(gradio: Any, trained: Trained, hears: Callable[[str], str]) -> Any:
    """Left: speak or upload; right (on a phone: below): the answer."""
    lead = (
        f"## {_TITLE}\n\nSpeak, or drop an audio file, and see what the experiment **{trained.name}** says about"
        f" **{trained.target}**. Everything stays on the computer where this runs, and recordings are deleted."
    )
    with gradio.Blocks(
        analytics_enabled=False, title=f"{trained.name}: {trained.target}", delete_cache=_FORGOTTEN
    ) as page:
        gradio.Markdown(lead)
        with gradio.Row():
            with gradio.Column(scale=2, min_width=280):
                sound = gradio.Audio(
                    sources=["microphone", "upload"], type="filepath", label="your recording", editable=False,
                    buttons=[], elem_id="recording",
                )  # fmt: skip
                gradio.Markdown(
                    "A demo is for getting a feeling, not for judging: your microphone and your room are not those of"
                    " the training data."
                )
            with gradio.Column(scale=3, min_width=280):
                shown = gradio.HTML("", elem_id="answer")
        sound.change(
            lambda path: hears(path) if path else "",
            sound,
            shown,
            api_visibility="private",
            show_progress="minimal",
        )
    return page


def answer(trained: Trained, path: str, scratch: Path, explained: int) -> str:
    """What the page shows for a recording, as HTML; what is wrong with it in one sentence.

    Args:
        trained: the experiment
        path: the recording
        scratch: a folder that goes with the page: nothing that somebody said is kept
        explained: so many features are named
    """
    from nkululeko.report.demo_page import Moved, answer_page, wrong

    try:
        with tempfile.TemporaryDirectory(dir=scratch) as folder:
            taken, done = as_learned(Path(path), learned_rate(trained), Path(folder))
            heard = next(hear(trained, [taken], Hearing(Path(folder) / "store", 1), explained))
    except NkululekoError as problem:
        return wrong(f"This recording cannot be judged: {problem}.")
    except Exception as problem:  # one recording must not end the page
        reason = f"{type(problem).__name__}: {problem}"
        return wrong(
            f"This recording cannot be judged; this is a mistake in nkululeko, please report it ({reason})."
        )
    if heard.prediction is None:
        return wrong(f"This recording cannot be judged: it {heard.error}.")
    moved = [Moved(d.name, d.value, d.low, d.high, d.place, d.effect) for d in heard.drivers]
    return answer_page(
        heard.target,
        heard.prediction,
        heard.scores,
        heard.probable,
        moved,
        heard.unexplained,
        done or heard.remark,
    )


class _Guarded:
    """Says to the browser that nothing is fetched from elsewhere, and refuses what does not belong here."""

    def __init__(self, app: Any, host: str, largest: int) -> None:
        self.app, self.here, self.largest = app, is_here(host), largest * 2**20

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.lower(): value for name, value in scope["headers"]}
        host = headers.get(b"host", b"").decode("latin-1")
        if self.here and not is_here(
            _without_port(host)
        ):  # another name that leads here: another page's trick
            await _refuse(send, 403, "this page is seen on its own computer alone")
            return
        length = headers.get(b"content-length", b"0")
        if length.isdigit() and int(length) > self.largest + 2**20:
            await _refuse(send, 413, f"recordings of more than {self.largest // 2**20} MB are not taken")
            return

        async def with_policy(message: Any) -> None:
            if message["type"] == "http.response.start":
                extra = [(b"content-security-policy", POLICY.encode()), (b"referrer-policy", b"no-referrer")]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        await self.app(scope, receive, with_policy)


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0]


async def _refuse(send: Any, status: int, why: str) -> None:
    kind = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": kind})
    await send({"type": "http.response.body", "body": why.encode()})

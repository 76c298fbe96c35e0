"""The door ``demo``: try out a trained experiment, with files, with the microphone, or on a page in the browser.

``nkululeko demo RUN --file a.wav``, ``python -m nkululeko.demo --config experiment.ini --file a.wav``, or from Python
``nkululeko.demo.run("experiment.ini", ["a.wav"])``. The page: ``nkululeko demo RUN --web``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.steps.demo import Heard

#: how answers are written
FORMATS = ("words", "table", "csv", "json")
#: what the arguments are for
RUN = "folder of a trained experiment, or its experiment file"
HELP = {
    "file": "an audio file; may be repeated; not given: the microphone is recorded",
    "list": "a text file, an audio file a line",
    "outfile": "a file for the answers; not given: they are shown",
    "format": "words, table, csv or json; not given: by the ending of --outfile, else words",
    "seconds": "how long the microphone is recorded",
    "web": "open a page in the browser instead, on this computer alone",
    "host": "with --web: the address to listen on",
    "port": "with --web: the port to listen on",
}
#: the page is seen on this computer alone
LOOPBACK, PORT = "127.0.0.1", 7860
#: so many features are named on the page
EXPLAINED = 8


@dataclass(frozen=True)
class Asked:
    """What is to be heard, and how the answer is given.

    Args:
        files: audio files
        lists: text files, an audio file a line
        seconds: how long the microphone is recorded where no file is named
        form: words, table, csv or json; empty: by the ending of ``out``, else words
        out: a file for the answers; None: the terminal
        web: open a page instead
        host: of the page
        port: of the page
    """

    files: Sequence[Path] = ()
    lists: Sequence[Path] = ()
    seconds: float = 5.0
    form: str = ""
    out: Path | None = None
    web: bool = False
    host: str = LOOPBACK
    port: int = PORT


def run(
    run: str | Path, files: Sequence[str | Path] = (), *, seconds: float = 5.0, explained: int = 0
) -> list[Heard]:
    """What a trained experiment hears in recordings.

    Args:
        run: the experiment file, or the folder of the finished run (``root/name``)
        files: audio files; none: the microphone is recorded
        seconds: how long it is recorded
        explained: so many features that moved each answer are named

    Returns:
        one each: ``prediction``, ``scores`` by class (the likeliest first), ``drivers``, or ``error``

    Raises:
        NkululekoError: there is no trained experiment, or no microphone
    """
    return list(_heard(run, Asked([Path(file) for file in files], seconds=seconds), explained))


def _heard(run: str | Path, asked: Asked, explained: int = 0) -> Iterator[Heard]:
    """The answers, one by one; what was recorded is forgotten."""
    import tempfile

    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.steps.apply import open_trained
        from nkululeko.steps.apply_files import Hearing
        from nkululeko.steps.demo import check_alone, hear
        from nkululeko.steps.learned_rate import as_learned, learned_rate
        from nkululeko.steps.predict_files import Sources, gather
    trained = open_trained(run)
    check_alone(trained)
    if asked.files or asked.lists:
        samples = gather(Sources(asked.files, lists=asked.lists))
        yield from hear(trained, list(samples.index.get_level_values("file")), explained=explained)
        return
    with tempfile.TemporaryDirectory() as scratch:
        path = _microphone(asked.seconds, Path(scratch))
        taken, _ = as_learned(path, learned_rate(trained), Path(scratch))
        yield from hear(trained, [taken], Hearing(Path(scratch) / "store"), explained)


def _microphone(seconds: float, folder: Path) -> Path:
    """A file with what is said into the microphone.

    Raises:
        NkululekoError: there is no microphone, and no file was named
    """
    from nkululeko.predict import recorded

    _check_seconds(seconds)
    try:
        return recorded(seconds, folder)
    except NkululekoError as problem:
        raise NkululekoError(
            f"no file was named, so the microphone was asked: {problem}", todo="or name a file: --file a.wav"
        ) from None


def _check_seconds(seconds: float) -> None:
    if not 0 < seconds <= 600:
        raise NkululekoError("expected a number of seconds above 0, and 600 at most", "--seconds")


def print_demo(run: str | Path, asked: Asked, show: int = NOTHING) -> None:
    """What the command does: the answers in words, as a table, CSV or JSON, or the page.

    Raises:
        NkululekoError: no recording could be judged, or nothing could be begun
    """
    if asked.web:
        from nkululeko.steps.demo_web import serve

        if asked.files or asked.lists or asked.out:
            raise NkululekoError(
                "the page takes recordings itself", "--web", "leave --file, --list and --outfile out"
            )
        serve(run, asked.host, asked.port, explained=EXPLAINED)
        return
    form = _form(asked)
    if form == "words":
        _print_words(run, asked, show)
        return
    from nkululeko import predict

    mic = 0.0 if asked.files or asked.lists else asked.seconds
    if mic:
        _check_seconds(mic)
    wanted = predict.Asked(asked.files, (), asked.lists, mic=mic, form=form, out=asked.out)
    predict.print_predictions(run, wanted, show)


def _form(asked: Asked) -> str:
    by_name = asked.out.suffix.lower().removeprefix(".") if asked.out else ""
    form = asked.form or (by_name if by_name in FORMATS else "words")
    if form not in FORMATS:
        raise NkululekoError(f"there is no format '{form}'", "--format", did_you_mean(form, FORMATS))
    return form


def _print_words(run: str | Path, asked: Asked, show: int) -> None:
    from nkululeko.core.journal import journal
    from nkululeko.core.rundir import write_atomically
    from nkululeko.report.demo_words import as_words

    texts: list[str] = []
    write: Callable[[str], Any] = texts.append if asked.out else print
    good = bad = 0
    with journal(show) as log:
        for heard in _heard(run, asked):
            if heard.prediction is None:
                bad += 1
                print(f"{heard.file}: {heard.error}", file=sys.stderr)
                continue
            good += 1
            if heard.remark:
                print(f"{heard.file}: {heard.remark}", file=sys.stderr)
            answer = (heard.file, heard.target, heard.prediction, heard.scores, heard.probable)
            write(as_words(*answer, block=_block(asked.out)))
    if asked.out and good:
        try:
            write_atomically(asked.out, "".join(f"{text}\n" for text in texts).encode())
        except OSError as problem:
            raise NkululekoError(
                f"cannot be written ({problem.strerror})", str(asked.out), "change --outfile"
            ) from None
        print(f"written to {asked.out}", file=sys.stderr)
    for warning in log.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if not good:
        raise NkululekoError(f"none of {bad} recordings could be judged")


def _block(out: Path | None) -> str:
    """What bars are made of: a block, where the terminal can show one."""
    try:
        "█".encode("utf-8" if out else sys.stdout.encoding or "ascii")
    except (UnicodeEncodeError, LookupError):
        return "#"
    return "█"


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.demo --config F [--file a.wav] [--list l.txt] [--outfile out.csv]``."""
    import argparse

    from nkululeko.core.door import guarded

    parser = argparse.ArgumentParser(prog="python -m nkululeko.demo")
    parser.add_argument("run", nargs="?", default="", metavar="RUN", help=RUN)
    parser.add_argument("--config", default="", metavar="FILE", help="the same, by the experiment's file")
    for name in ("file", "list"):
        parser.add_argument(
            f"--{name}", action="append", default=[], type=Path, metavar="PATH", help=HELP[name]
        )
    parser.add_argument("--outfile", "--out", type=Path, metavar="FILE", help=HELP["outfile"])
    parser.add_argument("--format", default="", help=HELP["format"])
    parser.add_argument("--seconds", type=float, default=5.0, help=HELP["seconds"])
    parser.add_argument("--web", action="store_true", help=HELP["web"])
    parser.add_argument("--host", default=LOOPBACK, help=HELP["host"])
    parser.add_argument("--port", type=int, default=PORT, help=HELP["port"])
    given = parser.parse_args(arguments)
    if bool(given.config) == bool(given.run):
        parser.error("name a trained experiment: --config FILE, or RUN")
    asked = Asked(
        given.file, given.list, given.seconds, given.format, given.outfile, given.web, given.host, given.port
    )
    return guarded(lambda: print_demo(given.config or given.run, asked))


if __name__ == "__main__":
    raise SystemExit(main())

"""The door ``predict``: what existing models say of speech that nobody labelled.

On the databases of a file with [PREDICT]: ``nkululeko predict experiment.ini``, ``python -m nkululeko.predict
--config experiment.ini``, or from Python ``nkululeko.predict.run("experiment.ini")``.

A trained experiment on other speech: ``nkululeko predict RUN --file a.wav``, ``python -m nkululeko.predict RUN
--file a.wav``, or from Python ``nkululeko.predict.predict("results/exp", ["a.wav"])``.
"""

from __future__ import annotations

import importlib
import json
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from nkululeko.core.errors import NkululekoError
from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    import pandas as pd

    from nkululeko.steps.predict import Predicted

#: sections that it reads
READS = ("EXP", "DATA", "PREDICT")
#: how the answers are written; a file's ending says it where nobody does
FORMATS = ("table", "csv", "json")
#: arguments that may be repeated, and their help
SOURCES = {
    "file": "an audio file; may be repeated",
    "folder": "a folder of audio files, with its sub-folders",
    "list": "a text file, an audio file a line",
    "csv": "a table with a column 'file', and perhaps start, end, speaker",
}
#: other arguments: default and help
SWITCHES: dict[str, tuple[bool | float | str, str]] = {
    "mic": (False, "record from the microphone"),
    "seconds": (5.0, "how long the microphone is recorded"),
    "speaker": ("", "who speaks wherever no table says it"),
    "window": (0.0, "cut recordings into pieces of so many seconds"),
    "format": ("", "table, csv or json; not given: by the ending of --out, else table"),
}
OUT = "a file for the answers; not given: they are shown"


@dataclass(frozen=True)
class Asked:
    """What is to be predicted, and how it is written.

    Args:
        files: audio files
        folders: folders of audio files
        lists: text files, an audio file a line
        tables: CSV files with a column ``file``
        speaker: who speaks wherever no table says it
        mic: so many seconds are recorded from the microphone; 0: none
        window: longer recordings are cut into pieces of so many seconds; 0: they are not
        form: table, csv or json; empty: by the ending of ``out``, else table
        out: where it goes; None: to the terminal
    """

    files: Sequence[Path] = ()
    folders: Sequence[Path] = ()
    lists: Sequence[Path] = ()
    tables: Sequence[Path] = ()
    speaker: str = ""
    mic: float = 0.0
    window: float = 0.0
    form: str = ""
    out: Path | None = None

    @property
    def anything(self) -> bool:
        """Whether speech is named at all."""
        return bool(self.files or self.folders or self.lists or self.tables or self.mic)


def run(config: str | Path, overrides: Sequence[str] = (), *, show: int = NOTHING) -> Predicted:
    """Predict the targets of [PREDICT] for the databases of an experiment file.

    Writes ``NAME_predicted.csv`` for each database into the experiment's folder: all columns of the samples, and
    the new ones, which end in ``_pred``; a database of type ``csv`` again.

    Args:
        config: path of the experiment file; [FEATS] and [MODEL] are not read
        overrides: options that win over the file, e.g. ``["PREDICT.targets=['snr']"]``
        show: the lowest logging level that is shown on the terminal

    Returns:
        the samples with the new columns, and the files

    Raises:
        NkululekoError: the file, or the data, have mistakes, or a model is not there
    """
    return _run(config, overrides, show)[0]


def _run(config: str | Path, overrides: Sequence[str], show: int) -> tuple[Predicted, list[str]]:
    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.config.load import load
        from nkululeko.core.journal import journal
        from nkululeko.steps.folder import rundir_of
        from nkululeko.steps.predict import run_prediction

    experiment = load(config, overrides, reads=READS)
    rundir = rundir_of(experiment, door="predict")
    with journal(show) as log:
        for note in experiment.notes:
            logging.getLogger("nkululeko").info(note)
        try:
            return run_prediction(experiment, rundir), log.warnings
        finally:
            rundir.write("predict_log.txt", log.text())


def print_database(config: str | Path, overrides: Sequence[str] = (), show: int = NOTHING) -> None:
    """Predict for the databases of a file and say what came of it, warnings included."""
    predicted, warnings = _run(config, overrides, show)
    from rich.console import Console

    from nkululeko.report.predicted_terminal import predicted_summary, right

    columns = {target.column: predicted.samples[target.column] for target in predicted.targets}
    tested = {
        each.column: right(each.score, each.interval, each.samples, each.heard) for each in predicted.tested
    }
    summary = predicted_summary(columns, list(predicted.files.values()), warnings, tested)
    Console().print(summary, soft_wrap=True)


def predict(
    run: str | Path, files: Sequence[str | Path] = (), *, folders: Sequence[str | Path] = (),
    tables: Sequence[str | Path] = (), speaker: str = "", window: float = 0.0,
) -> pd.DataFrame:  # fmt: skip
    """What a trained experiment says of other speech.

    Args:
        run: the folder of a finished run (``root/name``), or its experiment file
        files: audio files
        folders: folders of audio files
        tables: CSV files with a column ``file``, and perhaps ``start``, ``end``, ``speaker``
        speaker: who speaks wherever no table says it
        window: recordings are cut into pieces of so many seconds; 0: they are not

    Returns:
        a row each on the segmented index (file, start, end): ``prediction``; for classes ``p_LABEL`` and
        ``confidence``, or ``s_LABEL`` where the model has scores that are no probabilities; ``error``: why there is no
        prediction

    Raises:
        NkululekoError: there is no trained experiment, nothing to predict, or speakers must be known
    """
    import pandas as pd

    asked = Asked(
        [Path(file) for file in files], [Path(folder) for folder in folders], (), [Path(table) for table in tables],
        speaker, 0.0, window,
    )  # fmt: skip
    return pd.concat(list(_portions(run, asked, Path())))


def _portions(run: str | Path, asked: Asked, scratch: Path) -> Iterator[pd.DataFrame]:
    """The answers, some rows at a time."""
    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.steps.apply import open_trained
        from nkululeko.steps.apply_files import Hearing, predict_segments, windows
        from nkululeko.steps.learned_rate import as_learned, learned_rate
        from nkululeko.steps.predict_files import Sources, gather
    if asked.window < 0 or asked.mic < 0:
        raise NkululekoError(
            "expected a number of seconds above 0", "--window" if asked.window < 0 else "--seconds"
        )
    trained = open_trained(run)
    files, hearing = list(asked.files), Hearing(trained.store)
    if asked.mic:
        files.append(as_learned(recorded(asked.mic, scratch), learned_rate(trained), scratch)[0])
        hearing = Hearing(scratch / "store")  # what somebody said into the microphone is not kept
    samples = gather(Sources(files, asked.folders, asked.lists, asked.tables, asked.speaker))
    if asked.window:
        samples = windows(samples, asked.window, hearing)
    for licence in trained.licences:
        logging.getLogger("nkululeko").info(licence)
    yield from predict_segments(trained, samples, hearing)


def recorded(seconds: float, folder: Path) -> Path:
    """A file with what is said into the microphone."""
    import soundfile

    from nkululeko.audio import record

    def ready() -> None:
        print(f"recording {seconds:g} s: please speak", file=sys.stderr)

    signal = record.record(seconds, ready)
    path = folder / "microphone.wav"
    soundfile.write(path, signal, record.RATE)
    return path


def print_predict(run: str | Path, asked: Asked, overrides: Sequence[str] = (), show: int = NOTHING) -> None:
    """What the command does: with speech named, a trained experiment is applied to it; else a file with [PREDICT].

    Raises:
        NkululekoError: a trained experiment, and no speech; see :func:`print_predictions`
    """
    if asked.anything:
        if overrides:
            raise NkululekoError("has no effect on a trained experiment", "--set", "leave it out")
        print_predictions(run, asked, show)
    elif Path(run).suffix == ".ini" and Path(run).name != "config.ini":
        print_database(run, overrides, show)
    else:
        todo = "name speech: --file a.wav, --folder, --list, --csv or --mic"
        raise NkululekoError("it is not said what to predict", str(run), todo)


def print_predictions(run: str | Path, asked: Asked, show: int = NOTHING) -> None:
    """Predict, write rows as they come, and say at the end how many there are.

    Raises:
        NkululekoError: no row could be predicted, or nothing could be begun
    """
    import tempfile

    from nkululeko.core.journal import journal

    form = _form(asked)
    with journal(show) as log, tempfile.TemporaryDirectory() as scratch:
        _import_library(run)
        from nkululeko.report.predicted import Tally, as_csv, as_json, as_table

        tally = Tally()
        written = {"csv": as_csv, "json": as_json, "table": as_table}[form]
        lines = written(tally.counted(_portions(run, asked, Path(scratch))))
        first = next(lines, "")  # mistakes are told before a file is begun
        with _sink(asked.out) as write:
            write(first)
            for text in lines:
                write(text)
    for warning in log.warnings:
        print(f"warning: {warning}", file=sys.stderr)
    if not tally.good:
        raise NkululekoError(f"none of {tally.rows} recordings could be predicted, e.g. {tally.example}")
    where = f"; written to {asked.out}" if asked.out else ""
    bad = f", {tally.bad} not (column error), e.g. {tally.example}" if tally.bad else ""
    print(f"{tally.good} of {tally.rows} predicted{bad}{where}", file=sys.stderr)


def _import_library(run: str | Path) -> None:
    """Import what the model needs, without what it can do without: this process does nothing else."""
    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.config.ini import glance
        from nkululeko.core.families import models
        from nkululeko.steps.finished import folder_of
    folder = folder_of(run)
    config = folder / "config.ini"
    name = glance(config, (), "MODEL", "type") if config.is_file() else _in_bundle(folder)
    kind = models.load(name) if models.has(name) else None
    if kind is None or kind.takes_recordings:  # whose library is the one that trains
        return
    # what is missing is told when the model is opened
    with suppress(ImportError), importing(kind.unneeded):
        importlib.import_module(kind.library)


def _in_bundle(folder: Path) -> str:
    """The model's name in the folder of a bundle, at a glance; whether it is whole is looked at later."""
    try:
        with (folder / "models" / "pipeline.json").open("rb") as file:
            return str(json.loads(file.read(2**20))["model"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return ""


def _form(asked: Asked) -> str:
    from nkululeko.core.errors import did_you_mean

    by_name = asked.out.suffix.lower().removeprefix(".") if asked.out else ""
    form = asked.form or (by_name if by_name in FORMATS else "table")
    if form not in FORMATS:
        raise NkululekoError(f"there is no format '{form}'", "--format", did_you_mean(form, FORMATS))
    return form


@contextmanager
def _sink(out: Path | None) -> Iterator[Callable[[str], None]]:
    """Where text goes: the terminal, or a file that has its name only when it is complete."""
    if out is None:
        yield _to(sys.stdout)
        return
    part = out.with_name(f"{out.name}.part")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with part.open("w", encoding="utf-8", errors="replace", newline="") as file:
            yield _to(file)
        part.replace(out)
    except KeyboardInterrupt:
        text = f"interrupted: the rows so far stand in {part}; the same command begins anew, and is quick where it was"
        raise KeyboardInterrupt(text) from None
    except OSError as problem:
        raise NkululekoError(f"cannot be written ({problem.strerror})", str(out), "change --out") from None


def _to(stream: IO[str]) -> Callable[[str], None]:
    """Writes at once: rows are seen as they come."""

    def write(text: str) -> None:
        stream.write(text)
        stream.flush()

    return write


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.predict --config F``, or ``... RUN --file a.wav``."""
    import argparse

    from nkululeko.core.door import guarded

    parser = argparse.ArgumentParser(prog="python -m nkululeko.predict")
    parser.add_argument(
        "run", nargs="?", default="", metavar="RUN", help="folder of a trained experiment, or its file"
    )
    parser.add_argument(
        "--config", default="", metavar="FILE", help="a file with [PREDICT], instead of a run"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.option=value", dest="overrides",
        help="with --config: an option that wins over the file",
    )  # fmt: skip
    for name, help in SOURCES.items():
        parser.add_argument(f"--{name}", action="append", default=[], type=Path, metavar="PATH", help=help)
    for name, (default, help) in SWITCHES.items():
        if isinstance(default, bool):
            parser.add_argument(f"--{name}", action="store_true", help=help)
        else:
            parser.add_argument(f"--{name}", type=type(default), default=default, help=help)
    parser.add_argument("--out", type=Path, metavar="FILE", help=OUT)
    given = parser.parse_args(arguments)
    if bool(given.config) == bool(given.run):
        parser.error("name either a file: --config FILE, or a run and speech: RUN --file a.wav")
    asked = Asked(
        given.file, given.folder, given.list, given.csv, given.speaker, given.seconds if given.mic else 0.0,
        given.window, given.format, given.out,
    )  # fmt: skip
    return guarded(lambda: print_predict(given.config or given.run, asked, given.overrides))


if __name__ == "__main__":
    raise SystemExit(main())

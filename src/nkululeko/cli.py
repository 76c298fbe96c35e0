"""One command-line program for all doors: ``nkululeko train experiment.ini``."""

from __future__ import annotations

import importlib
import logging
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from nkululeko.core.door import guarded
from nkululeko.core.journal import NOTHING

app = typer.Typer(
    help="Machine learning on speech databases: one INI file in, a trusted result out.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
ConfigFile = Annotated[str, typer.Argument(metavar="FILE", help="The experiment file (INI).")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="SECTION.option=value", help="An option that wins over the file."),
]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Say what is done.")]
Runs = Annotated[
    list[str], typer.Argument(metavar="RUN...", help="Folders of finished runs, or their files.")
]

#: the doors that take an experiment file: module, function, help
DOORS = {
    "train": ("nkululeko.nkululeko", "print_run", "Train and test a model; leave a report."),
    "run": ("nkululeko.nkululeko", "print_run", "The same as train."),
    "data": (
        "nkululeko.data_sheet",
        "print_sheet",
        "Say what the data are: rows, speakers, labels, splits, what was left out and why.",
    ),
    "flags": ("nkululeko.flags", "print_flags", "Run every combination of [FLAGS]; leave a leaderboard."),
    "multidb": (
        "nkululeko.multidb",
        "print_multidb",
        "All databases of EXP.databases against each other and themselves; leave a heat map.",
    ),
    "auto": (
        "nkululeko.auto",
        "print_auto",
        "Find features, scaler and model within [AUTO] minutes, fuse the best, test that honestly.",
    ),
    "export": (
        "nkululeko.export",
        "print_export",
        "Write the data as a new database, as [EXPORT] says: recordings and a table.",
    ),
    "augment": (
        "nkululeko.augment",
        "print_augmentation",
        "Make changed copies of the training samples, as [AUGMENT] says.",
    ),
    "aug_train": (
        "nkululeko.aug_train",
        "print_run",
        "Train and test a model with augmented copies in its training set.",
    ),
    "segment": (
        "nkululeko.segment",
        "print_segments",
        "Cut recordings into short segments of speech, as [SEGMENT] says.",
    ),
    "resample": (
        "nkululeko.resample",
        "print_resampling",
        "Say which sampling rates recordings have; make them the same, as [RESAMPLE] says.",
    ),
    "optim": ("nkululeko.optim", "print_search", "Search for the model's best options, as [OPTIM] says."),
}


def _door(module: str, function: str) -> Callable[[str, list[str] | None, bool], None]:
    """A command that opens a door; what the door needs is imported when it is opened."""

    def command(config: ConfigFile, overrides: Overrides = None, verbose: Verbose = False) -> None:
        action = getattr(importlib.import_module(module), function)
        _exit(lambda: action(config, overrides or [], show=_level(verbose)))

    return command


for _name, (_module, _function, _help) in DOORS.items():
    app.command(_name, help=_help, hidden=_name == "run")(_door(_module, _function))


@app.command()
def explore(
    config: ConfigFile, overrides: Overrides = None, verbose: Verbose = False,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="With EXPL.spotlight, do not open the browser.")
    ] = False,
) -> None:  # fmt: skip
    """Show how labels are distributed, what goes together with them, which features carry them."""
    from nkululeko.explore import print_explore

    _exit(lambda: print_explore(config, overrides or [], _level(verbose), no_browser))


@app.command()
def predict(
    run: Annotated[
        str, typer.Argument(metavar="FILE|RUN", help="A file with [PREDICT], or a trained experiment.")
    ],
    file: Annotated[list[Path] | None, typer.Option(help="An audio file; may be repeated.")] = None,
    folder: Annotated[list[Path] | None, typer.Option(help="A folder of audio files.")] = None,
    list_: Annotated[list[Path] | None, typer.Option("--list", help="A text file, an audio file a line.")] = None,
    csv: Annotated[list[Path] | None, typer.Option(help="A table: file, perhaps start, end, speaker.")] = None,
    mic: Annotated[bool, typer.Option("--mic", help="Record from the microphone.")] = False,
    seconds: Annotated[float, typer.Option(help="How long the microphone is recorded.")] = 5.0,
    speaker: Annotated[str, typer.Option(help="Who speaks wherever no table says it.")] = "",
    window: Annotated[float, typer.Option(help="Cut recordings into pieces of so many seconds.")] = 0.0,
    form: Annotated[str, typer.Option("--format", help="table, csv or json.")] = "",
    out: Annotated[Path | None, typer.Option(help="A file for the answers.")] = None,
    overrides: Overrides = None,
    verbose: Verbose = False,
) -> None:  # fmt: skip
    """Label speech: the databases of a file with [PREDICT], or files with a trained experiment."""
    from nkululeko.predict import Asked, print_predict

    asked = Asked(
        file or (), folder or (), list_ or (), csv or (), speaker, seconds if mic else 0.0, window, form, out
    )
    _exit(lambda: print_predict(run, asked, overrides or [], _level(verbose)))


@app.command()
def demo(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A trained experiment: its folder, or its file.")],
    file: Annotated[list[Path] | None, typer.Option(help="An audio file; not given: the microphone.")] = None,
    list_: Annotated[list[Path] | None, typer.Option("--list", help="A text file, an audio file a line.")] = None,
    seconds: Annotated[float, typer.Option(help="How long the microphone is recorded.")] = 5.0,
    form: Annotated[str, typer.Option("--format", help="words, table, csv or json.")] = "",
    out: Annotated[Path | None, typer.Option("--outfile", "--out", help="A file for the answers.")] = None,
    web: Annotated[bool, typer.Option("--web", help="Open a page in the browser instead.")] = False,
    host: Annotated[str, typer.Option(help="With --web: the address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="With --web: the port to listen on.")] = 7860,
    verbose: Verbose = False,
) -> None:  # fmt: skip
    """Try a trained experiment out: with files, the microphone, or on a page in the browser."""
    from nkululeko.demo import Asked, print_demo

    asked = Asked(file or (), list_ or (), seconds, form, out, web, host, port)
    _exit(lambda: print_demo(run, asked, _level(verbose)))


@app.command()
def compare(
    runs: Runs,
    out: Annotated[Path, typer.Option(help="Where the leaderboard goes.")] = Path(),
    common: Annotated[bool, typer.Option("--common", help="Compare the samples that all runs have.")] = False,
    measure: Annotated[str, typer.Option(help="What to compare by, e.g. acc.")] = "",
    verbose: Verbose = False,
) -> None:
    """Compare finished runs by paired tests; leave a leaderboard."""
    from nkululeko.compare import print_compare

    _exit(lambda: print_compare(runs, out, common, measure, _level(verbose)))


@app.command()
def ensemble(
    runs: Runs,
    method: Annotated[
        str, typer.Option(help="vote, mean, median, max, sum, uncertainty, confidence or dev.")
    ] = "mean",
    name: Annotated[str, typer.Option(help="Of the ensemble.")] = "",
    root: Annotated[Path, typer.Option(help="Where results go.")] = Path("results"),
    verbose: Verbose = False,
) -> None:
    """Fuse the predictions of finished runs."""
    from nkululeko.ensemble import print_ensemble

    _exit(lambda: print_ensemble(runs, method, name, root, _level(verbose)))


@app.command("export-model")
def export_model(
    run: Annotated[str, typer.Argument(metavar="RUN", help="A trained experiment: its folder, or its file.")],
    out: Annotated[Path, typer.Argument(metavar="OUT", help="A folder, or a file .zip.")],
    onnx: Annotated[bool, typer.Option("--onnx", help="Also write the models as ONNX.")] = False,
    verbose: Verbose = False,
) -> None:
    """Pack a trained experiment into one folder or zip, to be used elsewhere."""
    from nkululeko.export_model import print_export

    _exit(lambda: print_export(run, out, onnx, _level(verbose)))


@app.command()
def serve(
    bundle: Annotated[str, typer.Argument(metavar="BUNDLE", help="What nkululeko export-model made.")],
    host: Annotated[str, typer.Option(help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen at; 0: any that is free.")] = 8000,
    max_mb: Annotated[float, typer.Option("--max-mb", help="Largest upload in MB.")] = 50.0,
    timeout: Annotated[float, typer.Option(help="How long an upload, and an answer, may take, in s.")] = 30.0,
) -> None:
    """Answer over HTTP with a bundle, on this computer only unless told otherwise."""
    from nkululeko.serve import print_serve

    _exit(lambda: print_serve(bundle, host, port, max_mb, timeout))


@app.command()
def options(
    section: Annotated[str | None, typer.Argument(help="EXP, DATA, FEATS ...; all if not given.")] = None,
) -> None:
    """Explain the options of the experiment file."""
    from nkululeko.config.reference import print_reference

    _exit(lambda: print_reference(section))


@app.command()
def quickstart(folder: Annotated[Path, typer.Argument(help="Where to put it.")] = Path("quickstart")) -> None:
    """Make a small synthetic speech corpus and an experiment file, and run it."""
    from nkululeko.nkululeko import print_run
    from nkululeko.quickstart import quickstart as make

    _exit(lambda: print_run(str(make(folder)), []))


@app.command("spotlight-setup")
def spotlight_setup(
    python: Annotated[
        str | None,
        typer.Option(metavar="PY", help="The Python that makes it, or has Spotlight already."),
    ] = None,
    upgrade: Annotated[bool, typer.Option("--upgrade", help="Look for newer versions.")] = False,
) -> None:
    """Install Spotlight, for EXPL.spotlight, into an environment of its own; once is enough."""
    from nkululeko.spotlight_setup import print_setup

    _exit(lambda: print_setup(python, upgrade))


@app.command("spotlight-stop")
def spotlight_stop(
    run: Annotated[str, typer.Argument(metavar="RUN", help="The run's folder, or its experiment file.")],
) -> None:
    """Stop the Spotlight of a run."""
    from nkululeko.spotlight_setup import print_stop

    _exit(lambda: print_stop(run))


def _level(verbose: bool) -> int:
    """The lowest logging level that is shown; warnings come with the summary."""
    return logging.INFO if verbose else NOTHING


def _exit(action: Callable[[], None]) -> None:
    code = guarded(action)
    if code:
        raise typer.Exit(code)


def main() -> None:
    """Entry point of the command ``nkululeko``."""
    app()

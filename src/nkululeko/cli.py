"""One command-line program for all doors: ``nkululeko train experiment.ini``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Annotated

import typer

from nkululeko.core.door import guarded

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


@app.command()
def train(config: ConfigFile, overrides: Overrides = None, verbose: Verbose = False) -> None:
    """Train and test a model; leave a report."""
    _exit(lambda: _train(config, overrides or [], verbose))


@app.command(hidden=True)
def run(config: ConfigFile, overrides: Overrides = None, verbose: Verbose = False) -> None:
    """The same as train."""
    train(config, overrides, verbose)


@app.command()
def data(config: ConfigFile, overrides: Overrides = None, verbose: Verbose = False) -> None:
    """Say what the data are: rows, speakers, labels, splits, what was left out and why."""
    from nkululeko.data_sheet import print_sheet

    _exit(lambda: print_sheet(config, overrides or [], _level(verbose)))


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
    from nkululeko.quickstart import quickstart as make

    _exit(lambda: _train(str(make(folder)), [], False))


def _train(config: str, overrides: list[str], verbose: bool) -> None:
    from nkululeko.nkululeko import print_run

    print_run(config, overrides, show=_level(verbose))


def _level(verbose: bool) -> int:
    """The lowest logging level that is shown; warnings come with the summary."""
    from nkululeko.core.journal import NOTHING

    return logging.INFO if verbose else NOTHING


def _exit(action) -> None:  # type: ignore[no-untyped-def]
    code = guarded(action)
    if code:
        raise typer.Exit(code)


def main() -> None:
    """Entry point of the command ``nkululeko``."""
    app()

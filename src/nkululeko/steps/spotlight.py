"""An exploration in Spotlight: the samples with their sound, labels, predictions and places on the map."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from nkululeko.core.errors import NkululekoError
from nkululeko.core.exploration import Exploration
from nkululeko.core.rundir import write_atomically
from nkululeko.steps import finished
from nkululeko.steps.spotlight_process import LAYOUT, TABLE, Opened, is_watched, show_page, start, stay
from nkululeko.steps.spotlight_setup import ABSENT, find
from nkululeko.steps.spotlight_table import layout_of, spotlight_table, to_parquet


def show_spotlight(
    exploration: Exploration,
    *,
    browser: bool,
    points: pd.DataFrame | None = None,
    say: Callable[[str], None] = print,
) -> Opened | None:
    """Open Spotlight on an exploration.

    At a terminal with a screen, the page opens in the browser, and Ctrl-C ends it. Elsewhere the address is
    told, and how to stop it.

    Args:
        exploration: its folder gets the table
        browser: whether a browser may be opened
        points: columns ``x``, ``y`` and maybe ``z`` on the index of the samples; None: the exploration's first map
        say: tells what the user should know, a line each

    Returns:
        what runs, or ran until Ctrl-C; None: Spotlight is not set up (which is said)

    Raises:
        NkululekoError: it does not start
    """
    if find() is None:
        say(f"warning: {ABSENT}")
        return None
    target = exploration.target.name
    if points is None and exploration.maps:
        points = exploration.maps[0].points
    table = spotlight_table(exploration.samples, target, predictions_of(exploration), points)
    say("opening Spotlight ...")
    opened = open_spotlight(table, exploration.folder, colour=target)
    if not (browser and is_watched() and show_page(opened.address)):
        say(f"Spotlight: {opened.address}")
        say(f"stop it:   {opened.stop_command}")
        return opened
    say(f"Spotlight: {opened.address} (Ctrl-C ends it)")
    stay(opened)
    return opened


def predictions_of(exploration: Exploration) -> pd.DataFrame | None:
    """The predictions of the finished run in the same folder: ``truth``, ``prediction``, ``confidence`` if it has one.

    None where there is no such run, or where it learned something else.
    """
    if not (exploration.folder / "result.json").exists():
        return None
    try:
        run = finished.read(exploration.folder)
    except NkululekoError:  # damaged: it is not what the user asked about
        return None
    if run.record.target != exploration.target.name:
        return None
    found = run.predictions[["truth", "prediction"]]
    return found if run.probabilities is None else found.assign(confidence=run.probabilities.max(axis=1))


def open_spotlight(table: pd.DataFrame, folder: Path, *, colour: str = "", port: int | None = None) -> Opened:
    """Write the table into the folder of a run, and start Spotlight on it.

    Args:
        table: as :func:`nkululeko.steps.spotlight_table.spotlight_table` makes it
        folder: of the run
        colour: the column of the data that colours the points
        port: to listen on; None: any that is free

    Returns:
        what runs in the background; :func:`nkululeko.steps.spotlight_process.stop_spotlight` ends it

    Raises:
        NkululekoError: Spotlight is not set up, or does not start
    """
    installed = find()
    if installed is None:
        raise NkululekoError(ABSENT)
    folder = folder.absolute()
    colour = f"{colour} (data)" if f"{colour} (data)" in table else colour
    ready = to_parquet(table)
    try:
        write_atomically(folder / TABLE, ready.content)
        layout = layout_of(list(table.columns), colour)
        write_atomically(folder / LAYOUT, json.dumps(layout, indent=1).encode())
    except OSError as problem:
        raise NkululekoError(f"cannot be written ({problem.strerror})", str(folder)) from None
    return start(installed.python, folder, ready.dtypes, port)

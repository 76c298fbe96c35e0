"""The doors beside ``explore`` for Spotlight: set it up once, and stop one that runs in the background.

``nkululeko spotlight-setup``, ``nkululeko spotlight-stop results/my_experiment``, or
``python -m nkululeko.spotlight_setup``.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence


def print_setup(python: str | None = None, upgrade: bool = False) -> None:
    """Make the environment that Spotlight runs in, and say where it is.

    Args:
        python: what makes it; one that has Spotlight already is used as it is
        upgrade: look for newer versions

    Raises:
        NkululekoError: it could not be made; says why, and what to do
    """
    from nkululeko.steps.spotlight_setup import set_up

    set_up(python, upgrade)


def print_stop(run: str) -> None:
    """Stop the Spotlight of a run.

    Args:
        run: its folder, or its experiment file

    Raises:
        NkululekoError: it cannot be stopped
    """
    from nkululeko.steps.finished import folder_of
    from nkululeko.steps.spotlight_process import stop_spotlight

    stopped = stop_spotlight(folder_of(run))
    print("Spotlight is stopped" if stopped else f"no Spotlight is open of {run}")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.spotlight_setup [--python PY] [--upgrade] [--stop RUN]``."""
    from nkululeko.core.door import guarded

    parser = argparse.ArgumentParser(prog="python -m nkululeko.spotlight_setup")
    parser.add_argument("--python", metavar="PY", help="the Python that makes it, or has Spotlight already")
    parser.add_argument("--upgrade", action="store_true", help="look for newer versions")
    parser.add_argument("--stop", metavar="RUN", help="stop the Spotlight of this run instead")
    given = parser.parse_args(arguments)
    if given.stop is not None:
        return guarded(lambda: print_stop(given.stop))
    return guarded(lambda: print_setup(given.python, given.upgrade))


if __name__ == "__main__":
    raise SystemExit(main())

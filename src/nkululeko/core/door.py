"""What all doors share: arguments, one-line errors, exit codes."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence

from nkululeko.core.errors import NkululekoError


def door(
    name: str, action: Callable[..., None], arguments: Sequence[str] | None = None,
    switches: Mapping[str, str] | None = None,
) -> int:  # fmt: skip
    """``python -m NAME --config F``: run an action on an experiment file; the exit code.

    Args:
        name: of the module
        action: takes the path of the file, the overrides, and each switch by its name, e.g. ``no_browser=True``
        arguments: of the command line; None: those of this process
        switches: further arguments of this door that are given or not: name to help
    """
    parser = argparse.ArgumentParser(prog=f"python -m {name}")
    parser.add_argument("--config", required=True, metavar="FILE", help="the experiment file (INI)")
    parser.add_argument(
        "--set", action="append", default=[], metavar="SECTION.option=value", dest="overrides",
        help="an option that wins over the file; may be repeated",
    )  # fmt: skip
    for switch, help in (switches or {}).items():
        parser.add_argument(f"--{switch.replace('_', '-')}", action="store_true", dest=switch, help=help)
    given = parser.parse_args(arguments)
    chosen = {switch: getattr(given, switch) for switch in switches or {}}
    return guarded(lambda: action(given.config, given.overrides, **chosen))


def guarded(action: Callable[[], None]) -> int:
    """Run an action; an error is one clear line on stderr, never a traceback. Returns the exit code.

    With ``NKULULEKO_DEBUG`` set, unexpected errors keep their traceback.
    """
    try:
        action()
    except NkululekoError as problem:
        for line in str(problem).splitlines():
            print(f"error: {line}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        kept = "interrupted: features extracted so far are kept; the same command goes on from there"
        print(str(stop) or kept, file=sys.stderr)
        return 130
    except Exception as problem:
        if os.environ.get("NKULULEKO_DEBUG"):
            raise
        print(
            f"error: unexpected {type(problem).__name__}: {problem}; this is a mistake in nkululeko:"
            " please report it, with the output that NKULULEKO_DEBUG=1 gives",
            file=sys.stderr,
        )
        return 1
    return 0

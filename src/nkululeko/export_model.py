"""The door ``export-model``: a trained experiment as one folder or zip that is used elsewhere.

``nkululeko export-model RUN OUT``, ``python -m nkululeko.export_model RUN OUT``, or from Python
``nkululeko.export_model.export("results/exp", "emotion.zip")``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from nkululeko.core.journal import NOTHING

if TYPE_CHECKING:  # the door opens at once: everything heavy is imported on the way
    from nkululeko.steps.bundle_write import Exported


def export(run: str | Path, out: str | Path, *, onnx: bool = False) -> Exported:
    """Make a bundle of a trained experiment: model, features, scaler, labels, model card, checksums.

    Args:
        run: the folder of a finished run (``root/name``), or its experiment file
        out: a folder, or a file ``*.zip``; an earlier bundle there is replaced
        onnx: also write the models as ONNX, where they can be converted

    Returns:
        the bundle's place, its size, and what one should know of it

    Raises:
        NkululekoError: there is no trained experiment, it cannot be used without this computer, or ``out`` is taken
    """
    from nkululeko.core.quick import importing

    with importing():
        from nkululeko.steps.bundle_write import export_bundle
    return export_bundle(run, out, onnx)


def print_export(run: str | Path, out: str | Path, onnx: bool = False, show: int = NOTHING) -> None:
    """Make a bundle and say what one should know of it."""
    from nkululeko.core.journal import journal

    with journal(show) as log:
        made = export(run, out, onnx=onnx)
    size = f"{made.size / 1e6:.1f} MB" if made.size > 1e5 else f"{made.size / 1e3:.0f} kB"
    print(f"bundle: {made.path} ({size})")
    for line in [*log.warnings, *made.notes]:
        print(f"note: {line}")
    for one in made.onnx:
        print(f"ONNX: {one.note}")
    print(f"use it: nkululeko predict {made.path} --file speech.wav")


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line ``python -m nkululeko.export_model RUN OUT [--onnx]``."""
    import argparse

    from nkululeko.core.door import guarded

    parser = argparse.ArgumentParser(prog="python -m nkululeko.export_model")
    parser.add_argument("run", metavar="RUN", help="folder of a trained experiment, or its file")
    parser.add_argument("out", metavar="OUT", help="a folder, or a file .zip")
    parser.add_argument("--onnx", action="store_true", help="also write the models as ONNX")
    given = parser.parse_args(arguments)
    return guarded(lambda: print_export(given.run, given.out, given.onnx))


if __name__ == "__main__":
    raise SystemExit(main())

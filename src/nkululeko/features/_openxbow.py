"""openXBOW: its files, and how its program is called.

Schmitt and Schuller 2017, "openXBOW - introducing the Passau open-source crossmodal bag-of-words toolkit", JMLR 18(96).
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from nkululeko.core.errors import NkululekoError

#: one call, at most, in s
PATIENCE = 600


def java() -> str:
    """The program that runs openXBOW.

    Raises:
        NkululekoError: there is none
    """
    found = shutil.which("java")
    if found is None:
        todo = (
            "install a Java runtime, e.g. from https://adoptium.net or by 'apt install default-jre-headless'"
        )
        raise NkululekoError("feature set 'xbow' needs Java: there is no program 'java'", todo=todo)
    return found


def write_frames(path: Path, recordings: Iterable[tuple[str, np.ndarray]]) -> None:
    """Descriptors of frames as openXBOW reads them: a line a frame, the recording's name before its values.

    Args:
        path: CSV file to write
        recordings: name and frames, shape ``(frames, descriptors)``
    """
    with path.open("w", encoding="utf-8", newline="\n") as file:
        for name, frames in recordings:
            for frame in np.asarray(frames, np.float32).tolist():
                file.write(f"'{name}';" + ";".join(map(repr, frame)) + "\n")


def bags(
    jar: str, codebook: str, assignments: int, recordings: Mapping[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """How often each word of the codebook occurs in each recording: one call of openXBOW for all.

    Args:
        jar: path of openXBOW.jar, beside which its folder ``props`` lies
        codebook: path of a codebook that openXBOW has written (``-B``)
        assignments: so many nearest words are counted for each frame
        recordings: name to frames, shape ``(frames, descriptors)``

    Returns:
        name to counts, shape ``(words,)``

    Raises:
        NkululekoError: openXBOW gives no bags
    """
    count = next(iter(recordings.values())).shape[1]
    with tempfile.TemporaryDirectory(prefix="nkululeko-xbow-") as folder:
        frames, output = Path(folder) / "frames.csv", Path(folder) / "bags.csv"
        write_frames(frames, recordings.items())
        said = _call([
            java(), "-jar", str(Path(jar).absolute()), "-i", str(frames), "-attributes", f"n1[{count}]",
            "-b", str(Path(codebook).absolute()), "-a", str(assignments), "-writeName", "-o", str(output),
        ], Path(jar).absolute().parent)  # fmt: skip
        found = read_bags(output.read_text(encoding="utf-8")) if output.is_file() else {}
    missing = [name for name in recordings if name not in found]
    if missing:
        what = f"openXBOW gave no bags for {len(missing)} of {len(recordings)} recordings ({said})"
        todo = f"was {codebook} learned from the same {count} descriptors, by the same version of openXBOW?"
        raise NkululekoError(what, jar, todo)
    return found


def _call(command: Sequence[str], folder: Path) -> str:
    """Run openXBOW in its own folder, where it looks for its ``props``; returns the last line that it said."""
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, errors="replace", timeout=PATIENCE, check=False
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise NkululekoError(f"openXBOW has not ended within {PATIENCE} s", str(folder)) from None
    complaints = [line.strip() for line in done.stderr.splitlines() if line.strip()]
    errors = [line for line in complaints if "rror" in line or "xception" in line]
    return (errors or complaints or done.stdout.split("\n")[-1:] or [""])[0][:200] or "it said nothing"


def read_bags(text: str) -> dict[str, np.ndarray]:
    """What openXBOW wrote: name to counts; a line of column names, if there is one, is left out.

    Example:
        >>> read_bags("'a';0.0;2.0;1.0\\n")
        {'a': array([0., 2., 1.], dtype=float32)}
    """
    found = {}
    for line in text.splitlines():
        name, *counts = line.replace(",", ";").split(";")
        if not counts:
            continue
        try:
            found[name.strip().strip("'\"")] = np.array([float(count) for count in counts], np.float32)
        except ValueError:
            continue
    return found

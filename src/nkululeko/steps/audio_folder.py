"""A folder of new recordings: what lies there already and is not ours is never overwritten."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from nkululeko.core.errors import NkululekoError
from nkululeko.core.rundir import write_atomically

#: says what was written here, so that the same command may go on, or write it anew
LISTED = ".nkululeko_audio.json"


def prepare_folder(folder: Path, wanted: Mapping[str, str], sources: Iterable[str], option: str) -> set[str]:
    """Make a folder ready for recordings; what an earlier run wrote there and this one does not is removed.

    Args:
        folder: of the new recordings
        wanted: names below the folder, and for each what its content depends on
        sources: the original recordings
        option: that names the folder, for messages

    Returns:
        those of ``wanted`` that are there already, as they should be

    Raises:
        NkululekoError: originals lie there, or files that this program did not write, or it cannot be written
    """
    folder = folder.absolute()
    real = folder.resolve()
    for source in sources:
        if real in Path(source).resolve().parents:
            raise NkululekoError(
                f"the recordings themselves lie in this folder, e.g. {source}", str(folder),
                f"choose another folder by {option}",
            )  # fmt: skip
    before = _listed(folder)
    for name in wanted:
        # another run on the same folder may have begun in between: then its list is there by now
        if name not in before and (folder / name).exists() and name not in _listed(folder):
            raise NkululekoError(
                "is there already, and this program did not write it", str(folder / name),
                f"move it away, or choose another folder by {option}",
            )  # fmt: skip
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, stamp in before.items():
            if wanted.get(name) != stamp and real in (folder / name).resolve().parents:
                (folder / name).unlink(missing_ok=True)
        write_atomically(folder / LISTED, json.dumps(dict(wanted), indent=0).encode())
    except OSError as problem:
        raise NkululekoError(
            f"cannot be written ({problem.strerror})", str(folder), f"choose another folder by {option}"
        ) from None
    return {name for name, stamp in wanted.items() if before.get(name) == stamp and (folder / name).is_file()}


def _listed(folder: Path) -> dict[str, str]:
    try:
        names = json.loads((folder / LISTED).read_text())
    except (OSError, ValueError):
        return {}
    if not isinstance(names, dict):
        return {}
    return {str(name): str(stamp) for name, stamp in names.items() if "\0" not in str(name)}

"""Where a relative path of the experiment file leads."""

from __future__ import annotations

import os.path
from pathlib import Path

from nkululeko.core.errors import NkululekoError


def resolve(path: str | Path, folder_of_call: Path, ini_folder: Path) -> Path:
    """An existing file or folder: relative to the folder of the call, else to the INI file's folder.

    Args:
        path: absolute, or relative; ``~`` is the user's home
        folder_of_call: looked at first
        ini_folder: looked at where nothing is there

    Returns:
        the absolute path

    Raises:
        NkululekoError: nothing is there; names both absolute places

    Example:
        >>> resolve(".", Path("/"), Path("/tmp"))
        PosixPath('/')
    """
    places = []
    for folder in (folder_of_call, ini_folder):
        # without '..', so that messages show what is meant; links are left as they are
        place = Path(os.path.abspath(folder / Path(path).expanduser()))  # noqa: PTH100 - resolve() would follow links
        if place.exists():
            return place
        if place not in places:
            places.append(place)
    shown = " and ".join(str(place) for place in places)
    raise NkululekoError(f"there is no '{path}'", todo=f"looked at {shown}")

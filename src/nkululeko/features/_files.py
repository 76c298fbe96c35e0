"""Files that feature sets depend on: what stands in them is part of a version."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from nkululeko.core.errors import NkululekoError


def digest(path: str | Path, option: str) -> str:
    """The hash of what a file holds; read once, unless it changes.

    Args:
        path: of the file
        option: that names it, for messages

    Raises:
        NkululekoError: there is no such file
    """
    file = Path(path)
    if not file.is_file():
        raise NkululekoError(f"there is no file '{file}'", option)
    about = file.stat()
    return _digest(str(file), about.st_size, about.st_mtime_ns, about.st_ino)


@lru_cache(maxsize=32)
def _digest(path: str, *mark: int) -> str:
    with Path(path).open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.blake2b(digest_size=16)).hexdigest()

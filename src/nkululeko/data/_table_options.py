"""Where the audio files of a table are: the options of ``csv`` and ``parquet``. Nothing heavy is imported here."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nkululeko.core.plugin import Options, option


class TableOptions(Options):
    """Where the audio files of a table are."""

    absolute_path: bool | None = option(
        None,
        "True: relative to the folder of the call; False: to the table's; not given: the first that exists",
    )
    audio_path: str | None = option(None, "common folder of the audio files")


def bases(path: Path, options: TableOptions, folders: Sequence[Path]) -> list[Path]:
    """The folders that a relative file name of a table may start from, in order.

    Args:
        path: of the table
        options: of the user
        folders: that of the call, that of the INI file
    """
    call = list(folders[:1]) or [Path.cwd()]
    own = path.absolute().parent
    if options.audio_path:
        audio = Path(options.audio_path).expanduser()
        return [base / audio for base in (*call, own, *folders[1:])]
    if options.absolute_path is None:
        return [*call, own, *folders[1:]]
    return call if options.absolute_path else [own]

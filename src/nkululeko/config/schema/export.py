"""``[EXPORT]``: the data as a new database."""

from __future__ import annotations

from nkululeko.config.declare import Section, option
from nkululeko.config.schema._shared import Selection, selection


class Export(Section):
    """The data as a new database."""

    ini_section = "EXPORT"

    target_root: str | None = option(None, "folder of the new database", planned=True)
    orig_root: str | None = option(None, "folder of the original audio files", planned=True)
    data_name: str | None = option(None, "name of the new database", planned=True)
    segments_as_files: bool = option(False, "write each segment as a file", planned=True)
    sample_selection: Selection = selection()

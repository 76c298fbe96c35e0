"""``[EXPORT]``: the data as a new database."""

from __future__ import annotations

from pathlib import Path

from nkululeko.config.declare import Section, option
from nkululeko.config.schema._shared import Selection, selection


class Export(Section):
    """The data as a new database."""

    ini_section = "EXPORT"

    target_root: Path | None = option(
        None, "where the new database goes: into target_root/data_name, from the folder of the call"
    )
    orig_root: Path | None = option(
        None,
        "folder of the original recordings, below which their folders are kept; not given: the common one",
    )
    data_name: str | None = option(None, "name of the new database; not given: that of the experiment")
    segments_as_files: bool = option(False, "write each segment as a file of its own")
    sample_selection: Selection = selection(planned=False)

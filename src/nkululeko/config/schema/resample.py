"""``[RESAMPLE]``: audio files at another rate."""

from __future__ import annotations

from nkululeko.config.declare import Section, option
from nkululeko.config.schema._shared import Selection, selection


class Resample(Section):
    """Audio files at another rate."""

    ini_section = "RESAMPLE"

    replace: bool = option(False, "replace the files", planned=True)
    target: str | None = option(None, "the table of the new files", planned=True)
    sample_selection: Selection = selection()

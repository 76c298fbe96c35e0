"""``[RESAMPLE]``: audio files at another rate."""

from __future__ import annotations

from pathlib import Path

from nkululeko.config.declare import Section, option
from nkululeko.config.schema._shared import Selection, selection


class Resample(Section):
    """Audio files at another rate."""

    ini_section = "RESAMPLE"

    sampling_rate: int = option(
        16000, "the rate that all files get (Hz); they become mono too", ge=1000, le=384000
    )
    replace: bool = option(
        False, "convert the files where they are; not given, and no target: only say what they are"
    )
    target: Path | None = option(
        None, "folder of the converted files and their table, from the folder of the call"
    )
    sample_selection: Selection = selection(planned=False)

"""``[SEGMENT]``: long recordings to short segments."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from nkululeko.config.declare import Section, option
from nkululeko.config.schema._shared import Selection, selection


class Segment(Section):
    """Long recordings to short segments."""

    ini_section = "SEGMENT"

    method: str = option(
        "silero", "silero: where somebody speaks; fixed: windows of max_length", names="segmenters"
    )
    min_length: float = option(2.0, "shortest segment (s)", ge=0)
    max_length: float = option(10.0, "longest segment (s)", ge=0.1)
    result: Path = option(
        Path("segmented.csv"), "the table of the segments, in the run's folder; beside it that of the pauses"
    )
    output_audio: bool = option(False, "write each segment as a file")
    audio_format: Literal["wav", "flac", "mp3"] = option("wav", "format of these files")
    audio_dir: Path | None = option(
        None, "folder of these files, from the folder of the call; not given: segments, in the run's folder"
    )
    sampling_rate: int | None = option(None, "of these files (Hz); not given: that of the recording", ge=1000)
    include_silence_borders: bool = option(
        False, "segments keep the silence at both ends, half of each pause"
    )
    sample_selection: Selection = selection(planned=False)

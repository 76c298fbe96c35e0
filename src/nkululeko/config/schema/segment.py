"""``[SEGMENT]``: long recordings to short segments."""

from __future__ import annotations

from nkululeko.config.declare import Section, option
from nkululeko.config.schema._shared import Selection, selection


class Segment(Section):
    """Long recordings to short segments."""

    ini_section = "SEGMENT"

    method: str = option("silero", "the segmenter", planned=True)
    min_length: float = option(2.0, "shortest segment (s)", planned=True, ge=0)
    max_length: float = option(10.0, "longest segment (s)", planned=True, gt=0)
    result: str = option("segmented.csv", "the table of the segments", planned=True)
    output_audio: bool = option(False, "write each segment as a file", planned=True)
    audio_format: str = option("wav", "format of these files", planned=True)
    audio_dir: str | None = option(None, "folder of these files", planned=True)
    sampling_rate: int | None = option(None, "of these files (Hz)", planned=True, ge=1)
    include_silence_borders: bool = option(False, "keep the silence at both ends", planned=True)
    sample_selection: Selection = selection()

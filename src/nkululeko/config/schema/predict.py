"""``[PREDICT]``: labels from existing models."""

from __future__ import annotations

from nkululeko.config.declare import Section, option
from nkululeko.config.schema._shared import Selection, selection

#: what can be predicted, beside the folder of a trained experiment
TARGETS = (
    "gender", "age", "snr", "valence", "arousal", "dominance", "pesq", "mos", "sdr", "stoi", "emotion",
    "speaker", "text", "translation", "textclassification",
)  # fmt: skip


class Predict(Section):
    """Labels from existing models."""

    ini_section = "PREDICT"

    targets: tuple[str, ...] = option(
        (), "what to predict: " + ", ".join(TARGETS) + ", or the folder of a trained experiment"
    )
    sample_selection: Selection = selection(planned=False)
    model_of: dict[str, str] = option({}, "path or hub name of a target's model", ini="*.model")
    reference_of: dict[str, str] = option(
        {}, "mos.reference: a recording of clean speech to compare with", ini="*.reference"
    )

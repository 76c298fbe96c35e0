"""The sampling rate that a model learned with: microphones have another, and features tell rates apart, not voices."""

from __future__ import annotations

import json
from pathlib import Path

from nkululeko.audio.read import read_segment, resample
from nkululeko.core.errors import NkululekoError
from nkululeko.steps.apply import Trained
from nkululeko.steps.apply_files import LONGEST


def learned_rate(trained: Trained) -> int | None:
    """The rate in Hz of all recordings that an experiment learned from; None: not known, or several."""
    if trained.rate is not None:
        return trained.rate
    try:
        rows = json.loads((trained.folder / "result.json").read_text(encoding="utf-8"))["sheet"]["audio"]
        rates = {int(row["sampling_rate"]) for row in rows if row["split"] != "test"}
        rates = rates or {int(row["sampling_rate"]) for row in rows}  # cross-validated: all is tested once
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return rates.pop() if len(rates) == 1 else None


def rate_of(path: str | Path) -> int | None:
    """The rate of an audio file in Hz; None where it cannot be read."""
    import soundfile

    try:
        return int(soundfile.info(str(path)).samplerate)
    except (soundfile.LibsndfileError, OSError):
        return None


def remark(rate: int | None, learned: int | None) -> str:
    """What to know of a recording with another rate than those that were learned from; empty where all is well.

    Example:
        >>> remark(48000, 16000)
        'it has 48000 Hz, and the model learned from recordings with 16000 Hz: the answer may be about that'
        >>> remark(16000, 16000)
        ''
    """
    if rate is None or learned is None or rate == learned:
        return ""
    return f"it has {rate} Hz, and the model learned from recordings with {learned} Hz: the answer may be about that"


def as_learned(path: Path, learned: int | None, folder: Path) -> tuple[Path, str]:
    """A recording at the rate that was learned with, and what was done; as it is, where it has that, or less.

    Args:
        path: the recording
        learned: in Hz; None: not known
        folder: where a file with another rate goes
    """
    import soundfile

    rate = rate_of(path)
    if rate is None or learned is None or rate == learned:
        return path, ""
    if rate < learned or soundfile.info(str(path)).duration > LONGEST:
        return path, remark(rate, learned)
    try:
        signal, _ = read_segment(str(path))
    except NkululekoError:  # it is told later, as of any other
        return path, ""
    place = folder / f"{path.stem}_{learned}.wav"
    soundfile.write(place, resample(signal, rate, learned), learned, subtype="FLOAT")
    done = f"it was brought from {rate} Hz to {learned} Hz, as in the recordings that the model learned from"
    return place, done

"""Recording speech from a microphone."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

from nkululeko.core.errors import NkululekoError, missing_package

#: in Hz: what every microphone offers, and no model needs more
RATE = 48000


def record(seconds: float, ready: Callable[[], None] = lambda: None) -> np.ndarray:
    """Record so many seconds from the default microphone.

    Args:
        seconds: how long
        ready: is called when the microphone is there and the recording begins

    Returns:
        mono, float32, shape ``(samples,)``, at ``RATE``

    Raises:
        NkululekoError: the package is missing, there is no microphone, or it cannot be used
    """
    sounddevice = _sounddevice()
    try:
        sounddevice.check_input_settings(channels=1, samplerate=RATE)
        ready()
        signal = sounddevice.rec(
            round(seconds * RATE), samplerate=RATE, channels=1, dtype="float32", blocking=True
        )
    except Exception as problem:  # PortAudio's errors, and ValueError where there is no device
        raise NkululekoError(
            f"no microphone can be used ({problem})", "--mic",
            "plug one in and allow its use, or record with another program and give the file: --file a.wav",
        ) from None  # fmt: skip
    return np.asarray(signal, dtype=np.float32).reshape(-1)


def _sounddevice() -> Any:
    try:
        return importlib.import_module("sounddevice")
    except ImportError as problem:
        raise missing_package("sounddevice", "mic", "--mic") from problem
    except OSError as problem:  # the package is there, and the system's library PortAudio is not
        raise NkululekoError(
            f"recording needs the system's library PortAudio ({problem})", "--mic",
            "install it, e.g. apt install libportaudio2",
        ) from None  # fmt: skip

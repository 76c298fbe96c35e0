"""Finding speech: the neural voice activity detector Silero VAD, run by onnxruntime alone.

The model (Silero Team 2024, https://github.com/snakers4/silero-vad, version 6.2.3, MIT licence, see
``models/``) gives the probability of speech for each window of 32 ms. It comes as one graph for a whole
sequence of windows, with the same values as window by window, and is much faster.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from nkululeko.audio.read import resample
from nkululeko.core.errors import NkululekoError, missing_package

MODEL = Path(__file__).with_name("models") / "silero_vad_16k_sequence.onnx"
#: Hz
RATE = 16000
#: samples of a window, and those of the window before that the model sees too
WINDOW, CONTEXT = 512, 64
#: the model leaves speech this far below the threshold at which it enters
HYSTERESIS = 0.15
#: windows at a time, 16 s: memory does not grow with the signal
_BLOCK = 512


def speech_probabilities(signal: np.ndarray, sampling_rate: int) -> np.ndarray:
    """How likely each window of 32 ms holds speech.

    Args:
        signal: mono, in -1..1, shape ``(samples,)``
        sampling_rate: in Hz; the signal is resampled to 16000 Hz if it has another

    Returns:
        float32, 0..1, shape ``(windows,)``; the last window is filled up with zeros

    Raises:
        NkululekoError: onnxruntime is missing, or the signal holds values that are not numbers

    Example:
        >>> speech_probabilities(np.zeros(16000, np.float32), 16000).shape
        (32,)
    """
    samples = _at_16_khz(signal, sampling_rate)
    count = -(-len(samples) // WINDOW)
    padded = np.zeros(CONTEXT + count * WINDOW, dtype=np.float32)
    padded[CONTEXT : CONTEXT + len(samples)] = samples
    hidden = cell = np.zeros((1, 1, 128), dtype=np.float32)
    found = [np.zeros(0, dtype=np.float32)]
    for first in range(0, count, _BLOCK):
        part = padded[first * WINDOW : CONTEXT + min(first + _BLOCK, count) * WINDOW]
        windows = np.lib.stride_tricks.sliding_window_view(part, CONTEXT + WINDOW)[::WINDOW]
        inputs = {"input": np.ascontiguousarray(windows), "h": hidden, "c": cell}
        probabilities, hidden, cell = _session().run(["speech_probs", "hn", "cn"], inputs)
        found.append(probabilities)
    return np.concatenate(found)


def speech_segments(
    signal: np.ndarray,
    sampling_rate: int,
    *,
    threshold: float = 0.5,
    min_speech: float = 0.25,
    min_silence: float = 0.1,
    pad: float = 0.03,
) -> list[tuple[float, float]]:
    """Where somebody speaks, as start and end in seconds.

    Args:
        signal: mono, in -1..1, shape ``(samples,)``
        sampling_rate: in Hz
        threshold: speech begins where the probability reaches this, and lasts until it falls 0.15 below
        min_speech: shorter stretches do not count, in s
        min_silence: shorter pauses belong to the speech around them, in s
        pad: added on both sides of each stretch, in s

    Returns:
        in order, not overlapping, within the signal; empty if nobody speaks

    Raises:
        NkululekoError: as :func:`speech_probabilities`

    Example:
        >>> speech_segments(np.zeros(16000, np.float32), 16000)
        []
    """
    probabilities = speech_probabilities(signal, sampling_rate)
    duration = len(signal) / sampling_rate
    stretches = _stretches(probabilities, round(duration * RATE), threshold, min_silence)
    long_enough = [(start, end) for start, end in stretches if end - start > min_speech * RATE]
    padded = _padded(long_enough, round(duration * RATE), round(pad * RATE))
    return [(start / RATE, min(end / RATE, duration)) for start, end in padded]


def version() -> str:
    """Changes whenever the values may: hash of the model's file, version of onnxruntime.

    Raises:
        NkululekoError: onnxruntime is missing
    """
    return f"silero={_fingerprint()};onnxruntime={_runtime()}"


def _at_16_khz(signal: np.ndarray, sampling_rate: int) -> np.ndarray:
    samples = np.asarray(signal, dtype=np.float32)
    if not np.all(np.isfinite(samples)):
        raise NkululekoError("the signal holds values that are not numbers (NaN or infinite)")
    return resample(samples, sampling_rate, RATE) if len(samples) else samples


def _stretches(
    probabilities: np.ndarray, length: int, threshold: float, min_silence: float
) -> list[tuple[int, int]]:
    """Speech as start and end in samples: in at the threshold, out where it stays below threshold - 0.15.

    A probability between the two neither begins nor ends anything, nor does it interrupt a pause.
    """
    found = []
    start = quiet = -1  # first window of the speech, and of the pause that may end it; -1: there is none
    for window, probability in enumerate(probabilities.tolist()):
        if probability >= threshold:
            quiet = -1
            start = window if start < 0 else start
        elif start >= 0 and probability < threshold - HYSTERESIS:
            quiet = window if quiet < 0 else quiet
            if (window - quiet) * WINDOW >= min_silence * RATE:
                found.append((start * WINDOW, quiet * WINDOW))
                start = quiet = -1
    if start >= 0:
        found.append((start * WINDOW, length))
    return found


def _padded(stretches: Sequence[tuple[int, int]], length: int, pad: int) -> list[tuple[int, int]]:
    """The stretches made longer; neighbours that come too close share the pause between them."""
    if not stretches:
        return []
    pauses = [(end, start) for (_, end), (start, _) in pairwise(stretches)]
    shares = [min(pad, (start - end) // 2) for end, start in pauses]
    starts = [max(0, stretches[0][0] - pad)]
    starts += [start - share for (_, start), share in zip(pauses, shares, strict=True)]
    ends = [end + share for (end, _), share in zip(pauses, shares, strict=True)]
    ends += [min(length, stretches[-1][1] + pad)]
    return list(zip(starts, ends, strict=True))


@cache
def _session() -> Any:
    """The model, loaded once a process; any number of threads may use it at once."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # voices are personal: nothing is told to anybody
    try:
        import onnxruntime  # type: ignore[import-untyped,import-not-found]
    except ImportError:
        raise _missing() from None
    onnxruntime.disable_telemetry_events()  # where somebody else imported it before
    options = onnxruntime.SessionOptions()
    # parallelism is that of the callers, one signal each
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors only
    return onnxruntime.InferenceSession(str(MODEL), options, providers=["CPUExecutionProvider"])


@cache
def _fingerprint() -> str:
    return hashlib.blake2b(MODEL.read_bytes(), digest_size=8).hexdigest()


def _runtime() -> str:
    """The version of onnxruntime, without the time that its import takes."""
    for package in ("onnxruntime", "onnxruntime-gpu"):
        try:
            return importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    raise _missing()


def _missing() -> NkululekoError:
    return missing_package("onnxruntime", "vad", "finding speech (check_vad, feature set 'vad')")

"""What feature sets of cepstral coefficients have in common: checks, and functionals with deltas."""

from __future__ import annotations

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.features import _functionals as functionals
from nkululeko.features import _kaldi as kaldi

RATE = 16000
#: samples: 25 ms every 10 ms
WINDOW, HOP = 400, 160


def centred(signal: np.ndarray, sampling_rate: int, name: str) -> np.ndarray:
    """The samples of a segment of at least 25 ms as float64, without offset.

    Raises:
        NkululekoError: the segment is too short, of another sampling rate or not a signal
    """
    samples = np.asarray(signal, dtype=np.float64)
    if sampling_rate != RATE:
        raise NkululekoError(f"feature set '{name}' needs {RATE} Hz, not {sampling_rate} Hz")
    if len(samples) < WINDOW:
        found = f"segment of {len(samples) / sampling_rate:.3f} s is too short for a spectrum"
        raise NkululekoError(found, todo=f"it needs at least {WINDOW / sampling_rate:.3f} s")
    if not np.all(np.isfinite(samples)):
        raise NkululekoError("the segment holds values that are not numbers (NaN or infinite)")
    return samples - samples.mean()


def named(prefix: str, count: int) -> list[str]:
    """The columns of :func:`summed_up`, such as ``lfcc3_mean`` and ``lfcc3_delta_p20``."""
    contours = [f"{prefix}{number}" for number in range(count)]
    return functionals.named([*contours, *(f"{contour}_delta" for contour in contours)])


def summed_up(cepstra: np.ndarray) -> np.ndarray:
    """Mean, deviation and quantiles of the coefficients and of their slopes from frame to frame.

    Args:
        cepstra: shape ``(frames, coefficients)``

    Returns:
        shape ``(coefficients * 2 * 5,)``
    """
    return functionals.basic(np.hstack([cepstra, kaldi.deltas(cepstra)])).ravel()

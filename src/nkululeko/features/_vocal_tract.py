"""Vocal-tract size from the first four formants: plain formulas on numbers, Hz in, Hz or cm out."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

#: speed of sound in the warm, moist air of a vocal tract, cm/s (as in Fitch 1997)
SPEED_OF_SOUND = 35000.0
#: lowest formant of a neutral tube of 17.5 cm, Hz (Fant 1960); its n-th formant is (2n-1) times as high
NEUTRAL_FIRST = 500.0

NAMES = (
    "formant_average",
    "formant_position",
    "formant_dispersion",
    "formant_geometric_mean",
    "formant_spacing",
    "vtl_delta_f",
    "vtl_fitch",
)


def vocal_tract(formants: Sequence[float]) -> dict[str, float]:
    """All measures of vocal-tract size of one voice; NaN wherever a formant is.

    Args:
        formants: F1 to F4 in Hz

    Example:
        >>> sizes = vocal_tract([500.0, 1500.0, 2500.0, 3500.0])
        >>> sizes["vtl_fitch"], sizes["vtl_delta_f"], sizes["formant_spacing"], sizes["formant_position"]
        (17.5, 17.5, 1000.0, 0.0)
    """
    f = np.asarray(formants, dtype=float)
    return {
        "formant_average": float(np.mean(f)),
        "formant_position": formant_position(f),
        "formant_dispersion": float((f[-1] - f[0]) / (len(f) - 1)),
        "formant_geometric_mean": math.exp(float(np.mean(np.log(f)))),
        "formant_spacing": formant_spacing(f),
        "vtl_delta_f": SPEED_OF_SOUND / (2 * formant_spacing(f)),
        "vtl_fitch": vtl_fitch(f),
    }


def formant_position(formants: np.ndarray) -> float:
    """Mean standardised formant, without unit; 0 is a neutral tube of 17.5 cm, 0.1 has formants 10 % higher.

    Puts, Apicella & Cardenas (2012) standardise each formant over the speakers of their study. A file on its
    own knows no other speakers, and must not (test data would leak into training), so each formant is here
    standardised by a neutral tube: its deviation from (2n-1) x 500 Hz, relative to that. Lengthening a tube
    moves all its formants by the same factor, so the spread of a formant is in proportion to its frequency.
    """
    neutral = NEUTRAL_FIRST * _odd(formants)
    return float(np.mean(formants / neutral - 1))


def formant_spacing(formants: np.ndarray) -> float:
    """Spacing delta F in Hz that fits F_n = (2n-1)/2 x delta F best (least squares; Reby & McComb 2003)."""
    x = _odd(formants) / 2
    return float(np.sum(x * formants) / np.sum(x * x))


def vtl_fitch(formants: np.ndarray) -> float:
    """Vocal-tract length in cm: mean of the lengths (2n-1) c / 4 F_n of a closed tube (Fitch 1997)."""
    return float(np.mean(_odd(formants) * SPEED_OF_SOUND / (4 * formants)))


def _odd(formants: np.ndarray) -> np.ndarray:
    """1, 3, 5 ... : a tube closed at one end resonates at odd multiples of its lowest resonance."""
    return 2.0 * np.arange(1, len(formants) + 1) - 1

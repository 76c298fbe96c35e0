"""Praat's measures of the voice source and of the formants, each from one analysis that all of them share.

The settings are those of D. R. Feinberg's Parselmouth scripts (https://osf.io/6dwr3), which are Praat's own
defaults for jitter, shimmer and HNR. Praat: Boersma & Weenink; Parselmouth: Jadoul et al. (2018).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from nkululeko.features._vocal_tract import NAMES as VOCAL_TRACT
from nkululeko.features._vocal_tract import vocal_tract

#: periods that count for jitter and shimmer: shortest and longest in s, largest ratio of two neighbours
PERIODS = (0.0001, 0.02, 1.3)
#: largest ratio of two neighbouring amplitudes that counts for shimmer
AMPLITUDE_FACTOR = 1.6

F0 = (
    "f0_mean",
    "f0_stdev",
    "f0_min",
    "f0_max",
    "f0_median",
    "f0_q05",
    "f0_q25",
    "f0_q75",
    "f0_q95",
    "f0_range",
    "voiced_fraction",
)
JITTER = ("jitter_local", "jitter_local_absolute", "jitter_rap", "jitter_ppq5", "jitter_ddp")
SHIMMER = (
    "shimmer_local",
    "shimmer_local_db",
    "shimmer_apq3",
    "shimmer_apq5",
    "shimmer_apq11",
    "shimmer_dda",
)
FORMANTS = tuple(f"f{number}_{statistic}" for number in (1, 2, 3, 4) for statistic in ("mean", "median"))
NAMES = (*F0, "hnr", *JITTER, *SHIMMER, *FORMANTS, *VOCAL_TRACT)


def pitch_statistics(pitch: Any) -> dict[str, float]:
    """F0 in Hz over the voiced frames of a Praat Pitch; NaN for whispered speech.

    The quantiles interpolate as Praat's do; ``f0_range`` is the distance of the 5 % and 95 % quantiles, which
    a few octave errors do not move, as they do ``f0_min`` and ``f0_max``.
    """
    track = pitch.selected_array["frequency"]
    voiced = track[track > 0]
    values = dict.fromkeys(F0, math.nan)
    values["voiced_fraction"] = len(voiced) / len(track)
    if len(voiced) == 0:
        return values
    low, q25, median, q75, high = np.quantile(voiced, [0.05, 0.25, 0.5, 0.75, 0.95], method="hazen")
    values |= {"f0_mean": np.mean(voiced), "f0_min": np.min(voiced), "f0_max": np.max(voiced)}
    values |= {"f0_stdev": np.std(voiced, ddof=1) if len(voiced) > 1 else math.nan}
    values |= {"f0_median": median, "f0_q05": low, "f0_q25": q25, "f0_q75": q75, "f0_q95": high}
    values["f0_range"] = high - low
    return values


def harmonicity(sound: Any, f0min: float) -> float:
    """Harmonics-to-noise ratio in dB, mean over the frames that are not silent (Boersma 1993).

    This is what Praat's ``To Harmonicity (cc)`` is made of: the strongest correlation of each frame, without
    any preference among pitches. Praat interpolates that maximum from 1400 samples; with its usual 140, the
    same comes out in two thirds of the time (largest difference in EmoDB 0.004 dB, in vowels 0.0001 dB).
    A coarser step than 10 ms would not do: at F0 = 100 Hz it meets each pulse at the same phase.
    """
    from parselmouth.praat import call

    nyquist = sound.sampling_frequency / 2
    frames = call(sound, "To Pitch (cc)", 0.01, f0min, 15, False, 0.1, 0, 0, 0, 0, nyquist).selected_array
    correlation = np.clip(frames["strength"][frames["frequency"] > 0], 1e-15, 1 - 1e-15)
    return float(np.mean(10 * np.log10(correlation / (1 - correlation)))) if len(correlation) else math.nan


def glottal_pulses(sound: Any, pitch: Any) -> tuple[Any, np.ndarray]:
    """Praat's PointProcess of glottal pulses, and their times in s, shape ``(pulses,)``.

    The same as ``To PointProcess (periodic, cc)``, which would compute the pitch once more. The times come as
    one matrix: asking for each pulse would take five times as long as finding them.
    """
    from parselmouth.praat import call

    pulses = call([sound, pitch], "To PointProcess (cc)")
    if call(pulses, "Get number of points") == 0:  # a matrix of nothing is an error in Praat
        return pulses, np.empty(0)
    return pulses, call(pulses, "To Matrix").values[0]


def jitter(pulses: Any) -> dict[str, float]:
    """The five jitters of Praat's voice report; ratios, ``jitter_local_absolute`` in s."""
    from parselmouth.praat import call

    kinds = {"local": "local", "local_absolute": "local, absolute", "rap": "rap", "ppq5": "ppq5"}
    values = {
        f"jitter_{name}": call(pulses, f"Get jitter ({kind})", 0, 0, *PERIODS) for name, kind in kinds.items()
    }
    values["jitter_ddp"] = 3 * values["jitter_rap"]  # by definition
    return values


def shimmer(sound: Any, pulses: Any, count: int) -> dict[str, float]:
    """The six shimmers of Praat's voice report; ratios, ``shimmer_local_db`` in dB.

    The amplitudes of the periods are measured once for all of them.
    """
    from parselmouth.praat import call

    values = dict.fromkeys(SHIMMER, math.nan)
    if count < 3:  # Praat needs two whole periods to make a tier of amplitudes
        return values
    amplitudes = call([sound, pulses], "To AmplitudeTier (period)", 0, 0, *PERIODS)
    shortest, longest, _ = PERIODS
    kinds = {"local": "local", "local_db": "local_dB", "apq3": "apq3", "apq5": "apq5", "apq11": "apq11"}
    for name, kind in kinds.items():
        values[f"shimmer_{name}"] = call(
            amplitudes, f"Get shimmer ({kind})", shortest, longest, AMPLITUDE_FACTOR
        )
    values["shimmer_dda"] = 3 * values["shimmer_apq3"]  # by definition
    return values


def formants_at(sound: Any, times: np.ndarray, ceiling: float, step: float) -> dict[str, float]:
    """Mean and median of F1 to F4 in Hz at the glottal pulses, and the vocal-tract sizes of the medians.

    Formants are measured at the pulses alone, as noise and pauses have none (Puts et al. 2012). At low
    sampling rates fewer formants fit below the Nyquist frequency, and as many fewer are looked for.

    Args:
        sound: a Praat Sound
        times: of the pulses in s, shape ``(pulses,)``
        ceiling: highest frequency in Hz in which to find five formants
        step: distance of two analyses in s
    """
    from parselmouth.praat import call

    usable = min(ceiling, sound.sampling_frequency / 2)
    number = math.ceil(2 * 5 * usable / ceiling) / 2  # Praat counts in halves
    track = call(sound, "To Formant (burg)", step, number, usable, 0.025, 50)
    values: dict[str, float] = {}
    medians = []
    for formant in (1, 2, 3, 4):
        at_pulses = np.array([track.get_value_at_time(formant, time) for time in times])
        found = at_pulses[~np.isnan(at_pulses)]
        values[f"f{formant}_mean"] = float(np.mean(found)) if len(found) else math.nan
        values[f"f{formant}_median"] = float(np.median(found)) if len(found) else math.nan
        medians.append(values[f"f{formant}_median"])
    return values | vocal_tract(medians)

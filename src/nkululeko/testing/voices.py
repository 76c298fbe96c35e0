"""Who speaks, and in which mood: the parameters of voices and of emotional styles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from nkululeko.core.errors import NkululekoError


@dataclass(frozen=True)
class Voice:
    """A speaker.

    Args:
        speaker: name
        gender: ``female`` or ``male``
        age: in years
        f0: median pitch when neutral, in Hz
        tract: factor on the formants; 1: an adult male's vocal tract of 17.5 cm
        open_quotient: share of the glottal cycle with open glottis, 0..1
        tilt: how far the voice source is damped at 3 kHz, in dB
        breath: level of the aspiration noise, in dB below the voice
        jitter: mean difference of neighbouring periods, relative to the period (Praat's local jitter)
        shimmer: standard deviation of the pulses' amplitudes, relative
        rate: speaking rate, 1: normal
        level: of the speech, in dB relative to full scale (RMS)
        expressiveness: how strongly emotions show, 1: as the style says
    """

    speaker: str
    gender: str
    age: int
    f0: float
    tract: float
    open_quotient: float = 0.6
    tilt: float = 8.0
    breath: float = -33.0
    jitter: float = 0.004
    shimmer: float = 0.03
    rate: float = 1.0
    level: float = -28.0
    expressiveness: float = 1.0


@dataclass(frozen=True)
class Style:
    """How an emotion changes a neutral voice when it shows fully.

    Directions after the review of Juslin & Laukka (2003, Psychological Bulletin 129).

    Args:
        emotion: name
        f0: shift of the median pitch, in semitones
        f0_range: factor on the pitch movements
        final: further movement of the pitch at the end of the sentence, in semitones
        rate: factor on the speaking rate
        level: in dB
        tilt: in dB at 3 kHz
        open_quotient: change of it
        breath: in dB
        jitter: factor
        smile: factor on the formants, by the lips
        arousal: activation that a listener would rate, 0..1
    """

    emotion: str
    f0: float = 0.0
    f0_range: float = 1.0
    final: float = 0.0
    rate: float = 1.0
    level: float = 0.0
    tilt: float = 0.0
    open_quotient: float = 0.0
    breath: float = 0.0
    jitter: float = 1.0
    smile: float = 1.0
    arousal: float = 0.4


NEUTRAL_AROUSAL = 0.4

#: eight speakers, women and men in turn
VOICES: tuple[Voice, ...] = (
    Voice("s1", "female", 24, 212, 1.17, 0.64, 9.0, -31, 0.0035, 0.030, 1.06, -27, 1.10),
    Voice("s2", "male", 29, 118, 1.00, 0.56, 7.0, -35, 0.0040, 0.030, 1.02, -29, 0.85),
    Voice("s3", "female", 35, 196, 1.14, 0.60, 8.0, -34, 0.0040, 0.035, 0.97, -30, 1.00),
    Voice("s4", "male", 41, 104, 0.96, 0.52, 6.0, -36, 0.0050, 0.040, 0.95, -26, 1.15),
    Voice("s5", "female", 47, 186, 1.12, 0.66, 10.0, -29, 0.0055, 0.045, 1.00, -28, 0.80),
    Voice("s6", "male", 55, 126, 1.03, 0.60, 9.0, -32, 0.0060, 0.045, 1.05, -28, 1.05),
    Voice("s7", "female", 63, 174, 1.10, 0.58, 7.5, -32, 0.0080, 0.055, 0.93, -26, 1.20),
    Voice("s8", "male", 68, 132, 0.99, 0.62, 8.5, -30, 0.0090, 0.060, 0.92, -30, 0.90),
)

#: four emotions
STYLES: tuple[Style, ...] = (
    Style("anger", 4.0, 1.4, -1.5, 1.12, 7.0, -6.0, -0.12, -4.0, 1.5, 1.00, 0.70),
    Style("happiness", 4.5, 1.9, 2.0, 1.05, 3.5, -1.0, 0.02, 1.0, 1.0, 1.045, 0.65),
    Style("neutral"),
    Style("sadness", -1.5, 0.55, 1.5, 0.82, -5.0, 5.0, 0.08, 5.0, 1.6, 0.98, 0.25),
)


def style(emotion: str) -> Style:
    """The style of an emotion.

    Raises:
        NkululekoError: there is none of that name

    Example:
        >>> style("anger").arousal
        0.7
    """
    for known in STYLES:
        if known.emotion == emotion:
            return known
    names = ", ".join(known.emotion for known in STYLES)
    raise NkululekoError(f"unknown emotion '{emotion}'", "synthetic speech", f"expected one of: {names}")


def voices(count: int) -> Sequence[Voice]:
    """As many speakers as wanted: the eight of :data:`VOICES`, then relatives of theirs.

    Example:
        >>> [voice.speaker for voice in voices(10)][-2:]
        ['s9', 's10']
    """
    return [VOICES[number] if number < len(VOICES) else _relative(number) for number in range(count)]


def _relative(number: int) -> Voice:
    """A voice like one of the eight, but another person's; the same for the same number."""
    parent = VOICES[number % len(VOICES)]
    random = np.random.default_rng(number)
    return replace(
        parent,
        speaker=f"s{number + 1}",
        age=int(np.clip(parent.age + random.integers(-6, 7), 18, 80)),
        f0=parent.f0 * float(np.exp(random.normal(0, 0.06))),
        tract=parent.tract * float(np.exp(random.normal(0, 0.02))),
        tilt=parent.tilt + float(random.normal(0, 1.0)),
        breath=parent.breath + float(random.normal(0, 1.5)),
        rate=parent.rate * float(np.exp(random.normal(0, 0.04))),
        level=parent.level + float(random.normal(0, 1.0)),
        expressiveness=float(random.uniform(0.8, 1.2)),
    )

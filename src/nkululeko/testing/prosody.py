"""From sentence, voice and style to the tracks that the synthesiser follows: pitch, formants, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nkululeko.testing.phones import Sound, read
from nkululeko.testing.voices import NEUTRAL_AROUSAL, Style, Voice

#: step of the tracks, in s
HOP = 0.008
#: room before and after the speech, in s
SILENCE = 0.12
#: the lowest pitch that a voice is let down to, in Hz
LOWEST = 60.0


@dataclass(frozen=True)
class Manner:
    """How one utterance is spoken: the voice, changed by the style as far as it shows, and by chance.

    Args:
        f0: median pitch, in Hz
        f0_range: factor on the pitch movements
        final: further movement of the pitch at the end, in semitones
        rate: factor on the speaking rate
        level: RMS in dB relative to full scale
        tilt: damping of the voice source at 3 kHz, in dB
        open_quotient: 0..1
        breath: aspiration noise, in dB relative to the voice
        jitter: relative, local
        shimmer: relative
        tract: factor on the formants
        arousal: as a listener would rate it, 0..1
    """

    f0: float
    f0_range: float
    final: float
    rate: float
    level: float
    tilt: float
    open_quotient: float
    breath: float
    jitter: float
    shimmer: float
    tract: float
    arousal: float


@dataclass(frozen=True)
class Plan:
    """What is to be heard, in steps of :data:`HOP` seconds.

    Args:
        manner: of the utterance
        f0: pitch in Hz, shape ``(frames,)``, also where there is no voice
        voicing: amplitude of the voice, 0..1, shape ``(frames,)``
        formants: F1 to F3 in Hz, shape ``(frames, 3)``
        noise: amplitude, centre (Hz) and width (Hz) of the friction noise, shape ``(frames, 3)``
        phrases: start and end of each phrase, in s
    """

    manner: Manner
    f0: np.ndarray
    voicing: np.ndarray
    formants: np.ndarray
    noise: np.ndarray
    phrases: tuple[tuple[float, float], ...]

    @property
    def duration(self) -> float:
        """In s."""
        return len(self.f0) * HOP


def manner(voice: Voice, style: Style, random: np.random.Generator) -> Manner:
    """How this speaker speaks this time: emotions show more or less, and nobody speaks twice the same way."""
    strength = voice.expressiveness * float(random.triangular(0.35, 1.1, 1.85))

    def vary(spread: float) -> float:
        return float(random.normal(0.0, spread))

    arousal = NEUTRAL_AROUSAL + strength * (style.arousal - NEUTRAL_AROUSAL) + vary(0.05)
    return Manner(
        f0=max(LOWEST * 1.2, voice.f0 * 2 ** ((strength * style.f0 + vary(1.0)) / 12)),
        f0_range=style.f0_range**strength * float(np.exp(vary(0.2))),
        final=strength * style.final + vary(1.0),
        rate=voice.rate * style.rate**strength * float(np.exp(vary(0.07))),
        level=voice.level + strength * style.level + vary(2.0),
        tilt=max(1.0, voice.tilt + strength * style.tilt + vary(1.5)),
        open_quotient=float(
            np.clip(voice.open_quotient + strength * style.open_quotient + vary(0.03), 0.3, 0.9)
        ),
        breath=voice.breath + strength * style.breath + vary(2.0),
        jitter=voice.jitter * style.jitter**strength * float(np.exp(vary(0.2))),
        shimmer=voice.shimmer * float(np.exp(vary(0.2))),
        tract=voice.tract * style.smile**strength * float(np.exp(vary(0.006))),
        arousal=float(np.clip(arousal, 0.0, 1.0)),
    )


def plan(voice: Voice, style: Style, sentence: str, random: np.random.Generator) -> Plan:
    """The tracks of one utterance.

    Args:
        voice: who speaks
        style: in which emotion
        sentence: see :func:`nkululeko.testing.phones.read`
        random: the source of all chance

    Raises:
        NkululekoError: the sentence has unknown letters
    """
    way = manner(voice, style, random)
    phrases = [[_timed(sound, way.rate) for sound in phrase] for phrase in read(sentence)]
    sounds = [sound for phrase in phrases for sound in phrase]
    end = sounds[-1].start + sounds[-1].duration
    times = np.arange(int(np.ceil((end + SILENCE) / HOP))) * HOP
    voicing = _track(times, sounds, "voicing")
    formants = np.stack([_formant(times, sounds, number) for number in range(3)], axis=1)
    noise = np.stack([_track(times, sounds, name) for name in ("noise", "centre", "width")], axis=1)
    return Plan(
        manner=way,
        f0=_pitch(times, phrases, voicing, way, random),
        voicing=voicing,
        formants=formants * way.tract,
        noise=noise,
        phrases=tuple((p[0].start, p[-1].start + p[-1].duration) for p in phrases),
    )


def _timed(sound: Sound, rate: float) -> Sound:
    """The sound at another speaking rate, behind the silence at the beginning."""
    return Sound(sound.phone, SILENCE + sound.start / rate, sound.duration / rate, sound.accented)


def _track(times: np.ndarray, sounds: list[Sound], name: str) -> np.ndarray:
    """A parameter over time: steady within a sound, with short ramps, and nothing in the silences."""
    points: list[float] = []
    values: list[float] = []
    end = 0.0
    ramp = 0.006
    for sound in sounds:
        if name in ("voicing", "noise") and sound.start > end + ramp:  # a pause: amplitudes fall to zero
            points += [end + ramp, sound.start - ramp]
            values += [0.0, 0.0]
        end = sound.start + sound.duration
        points += [sound.start + ramp, end - ramp]
        values += [getattr(sound.phone, name)] * 2
    closing = 0.0 if name in ("voicing", "noise") else values[-1]
    return np.interp(times, [*points, end + ramp], [*values, closing])


def _formant(times: np.ndarray, sounds: list[Sound], number: int) -> np.ndarray:
    """A formant over time: vowels are steady in their middle, the tongue needs the rest to move."""
    points: list[float] = []
    values: list[float] = []
    for sound in sounds:
        share = 0.28 if sound.phone.vowel else 0.4
        points += [sound.start + share * sound.duration, sound.start + (1 - share) * sound.duration]
        values += [sound.phone.formants[number]] * 2
    return np.interp(times, points, values)


def _pitch(
    times: np.ndarray,
    phrases: list[list[Sound]],
    voicing: np.ndarray,
    way: Manner,
    random: np.random.Generator,
) -> np.ndarray:
    """The pitch in Hz; its median where there is voice is that of the manner.

    Declination, accents and a final fall are added in semitones, then the fine movements: intrinsic pitch of
    the sounds, a rise behind voiceless consonants, and the slow flutter of Klatt & Klatt (1990, JASA 87).
    """
    movement = np.zeros_like(times)
    for number, phrase in enumerate(phrases):
        start, end = phrase[0].start, phrase[-1].start + phrase[-1].duration
        inside = (times >= start - 0.02) & (times <= end + 0.02)
        course = np.clip((times - start) / (end - start), 0, 1)
        movement -= inside * 3.0 * course
        last = number == len(phrases) - 1
        tail = np.clip((times - (end - 0.2)) / 0.2, 0, 1) * inside
        movement += tail * (-2.5 + way.final if last else 0.5)
        for sound in phrase:
            if sound.accented:
                height = 4.0 * float(np.exp(random.normal(0, 0.25)))
                movement += height * np.exp(-0.5 * ((times - sound.centre) / 0.085) ** 2)
    movement *= way.f0_range
    for phrase in phrases:
        for before, sound in zip([None, *phrase], phrase, strict=False):
            inside = (times >= sound.start) & (times < sound.start + sound.duration)
            if sound.phone.vowel:
                movement += inside * sound.phone.pitch
            if before is not None and before.phone.voicing == 0 and sound.phone.voicing > 0:
                movement += inside * before.phone.pitch * np.exp(-(times - sound.start) / 0.03)
    phases = random.uniform(0, 2 * np.pi, size=3)
    for rate, phase in zip((12.7, 7.1, 4.7), phases, strict=True):
        movement += 0.07 * np.sin(2 * np.pi * rate * times + phase)
    voiced = voicing > 0.25
    if voiced.any():
        movement -= np.median(movement[voiced])
    return np.maximum(way.f0 * 2 ** (movement / 12), LOWEST)

"""Synthetic speech by source and filter: emotional utterances to test and to learn with, free of rights.

A glottal pulse train (Klatt & Klatt 1990, JASA 87) and noise are shaped by formants that move from sound to
sound (Klatt 1980, JASA 67). The filter works in overlapping short frames in the frequency domain, all frames
at once. It is no speech of any language, but it has what acoustic features measure: pitch, loudness,
formants, spectral tilt, jitter, shimmer, breath, rate and pauses.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nkululeko.testing.phones import PHONES, SENTENCES
from nkululeko.testing.prosody import HOP, Manner, Plan, plan
from nkululeko.testing.voices import STYLES, VOICES, Style, Voice, style, voices

__all__ = [
    "PHONES",
    "SENTENCES",
    "STYLES",
    "VOICES",
    "Manner",
    "Plan",
    "Style",
    "Voice",
    "planned",
    "render",
    "style",
    "synthesise",
    "voices",
]

#: bandwidths of F1 to F3, in Hz
BANDWIDTHS = (70.0, 100.0, 150.0)
#: level of the noise of room and microphone, in dB relative to full scale
ROOM = -68.0
#: no sample is louder than this
PEAK = 0.97

Seed = int | Sequence[int]


def synthesise(
    voice: Voice, style: Style, sentence: str, seed: Seed, sampling_rate: int = 16000
) -> np.ndarray:
    """One utterance.

    Args:
        voice: who speaks, e.g. ``VOICES[0]``
        style: in which emotion, e.g. ``style("anger")``
        sentence: what, e.g. ``SENTENCES[0]``; see :func:`nkululeko.testing.phones.read`
        seed: of all chance, a number or several; the same call gives the same signal
        sampling_rate: in Hz

    Returns:
        float32, shape ``(samples,)``, within -1..1

    Raises:
        NkululekoError: the sentence has unknown letters

    Example:
        >>> signal = synthesise(VOICES[0], style("neutral"), "malOna", seed=1)
        >>> signal.dtype, 0.5 < len(signal) / 16000 < 1.0
        (dtype('float32'), True)
    """
    return render(planned(voice, style, sentence, seed), seed, sampling_rate)


def planned(voice: Voice, style: Style, sentence: str, seed: Seed) -> Plan:
    """What :func:`synthesise` is going to say with the same arguments: the truth behind the signal."""
    return plan(voice, style, sentence, np.random.default_rng(seed))


def render(plan: Plan, seed: Seed, sampling_rate: int = 16000) -> np.ndarray:
    """The signal of a plan: float32, shape ``(samples,)``."""
    random = np.random.default_rng([*(seed if isinstance(seed, Sequence) else [seed]), 1])
    hop = round(HOP * sampling_rate)
    size = len(plan.f0) * hop
    source, friction = _source(plan, size, sampling_rate, random)
    speech = _filtered(plan, source, friction, hop, sampling_rate)[:size]
    active = speech[np.repeat(plan.voicing > 0.25, hop)]
    loudness = np.sqrt(np.mean(np.square(active if active.size else speech))) + 1e-12
    speech *= 10 ** (plan.manner.level / 20) / loudness
    speech *= min(1.0, PEAK / (np.abs(speech).max() + 1e-12))
    speech += 10 ** (ROOM / 20) * random.standard_normal(size, dtype=np.float32)
    return np.clip(speech, -PEAK, PEAK).astype(np.float32)


def _pulses(plan: Plan, times: np.ndarray, random: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Position in the glottal cycle (0..1) and amplitude of the cycle, for each sample."""
    frames = np.arange(len(plan.f0)) * HOP
    step = times[1] - times[0]
    cycles = np.cumsum(np.interp(times, frames, plan.f0)) * step
    starts = np.interp(np.arange(int(cycles[-1]) + 2), cycles, times)
    # of independent deviations, the mean difference of neighbours is 2 / sqrt(pi) times their spread
    spread = plan.manner.jitter * np.sqrt(np.pi) / 2
    periods = np.maximum(np.diff(starts), step) * (1 + spread * random.standard_normal(len(starts) - 1))
    starts = np.concatenate([[0.0], np.cumsum(periods)])
    cycle = np.clip(np.searchsorted(starts, times, side="right") - 1, 0, len(periods) - 1)
    amplitudes = 1 + plan.manner.shimmer * random.standard_normal(len(periods))
    position = (times - starts[cycle]) / periods[cycle]
    return position.astype(np.float32), amplitudes[cycle].astype(np.float32)


def _source(
    plan: Plan, size: int, sampling_rate: int, random: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """What the glottis gives (pulses and breath), and white noise for friction; shape ``(size,)`` each."""
    times = np.arange(size) / sampling_rate
    position, amplitude = _pulses(plan, times, random)
    # a cycle ends with the closure, the main excitation, so that its length is that of the period
    opening = 1 - (1 - position) / plan.manner.open_quotient
    is_open = opening > 0
    # derivative of the flow, scaled so that the closure is -1: KLGLOTT88
    pulses = np.where(is_open, 2 * opening - 3 * opening**2, 0.0) * amplitude
    bins = _fast_size(size)
    spectrum = np.fft.rfft((pulses - pulses.mean()).astype(np.float32), bins)
    corner = 3000 / np.sqrt(10 ** (plan.manner.tilt / 10) - 1)
    tilt = 1 / (1 + 1j * np.fft.rfftfreq(bins, 1 / sampling_rate) / corner)
    pulses = np.fft.irfft(spectrum * tilt.astype(np.complex64), bins)[:size]
    noise = random.standard_normal((2, size), dtype=np.float32)
    breath = 10 ** (plan.manner.breath / 20) * noise[0] * np.where(is_open, 1.0, 0.4)
    voicing = np.interp(times, np.arange(len(plan.voicing)) * HOP, plan.voicing)
    return (voicing * (pulses + breath)).astype(np.float32), noise[1]


def _filtered(
    plan: Plan, source: np.ndarray, friction: np.ndarray, hop: int, sampling_rate: int
) -> np.ndarray:
    """The source through the formants, plus friction noise of its own colour, frame by frame."""
    bins = _fast_size(6 * hop)  # room for the resonances to ring
    frequencies = np.fft.rfftfreq(bins, 1 / sampling_rate).astype(np.float32)
    window = np.hanning(2 * hop + 1)[:-1].astype(np.float32)
    inverse, gain = _tract(plan, frequencies, sampling_rate)
    spectra = np.fft.rfft(_frames(source, hop) * window * gain, bins)
    spectra /= inverse
    noisy = np.flatnonzero(plan.noise[:, 0])
    amplitude, centre, width = plan.noise[noisy].astype(np.float32).T[:, :, None]
    colour = amplitude * np.exp(-0.5 * ((frequencies - centre) / width) ** 2)
    spectra[noisy] += np.fft.rfft(_frames(friction, hop)[noisy] * window, bins) * colour
    return _overlap_add(np.fft.irfft(spectra, bins), hop)


def _tract(plan: Plan, frequencies: np.ndarray, sampling_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """The vocal tract: a cascade of resonators with unit gain at 0 Hz (Klatt 1980).

    Returns:
        the inverse frequency response but for its gain, shape ``(frames, bins)``,
        and the gain, shape ``(frames, 1)``
    """
    delay = np.exp(-2j * np.pi * frequencies / sampling_rate).astype(np.complex64)
    inverse = np.ones(len(frequencies), dtype=np.complex64)
    gain = np.ones(len(plan.f0))
    moving = list(zip(plan.formants.T, BANDWIDTHS, strict=True))
    count = int(sampling_rate / 2000 / plan.manner.tract)
    still = [((1000 * n + 500) * plan.manner.tract, 100.0 + 50 * n) for n in range(3, count)]
    for frequency, bandwidth in [*still, *moving]:  # the upper formants stand still: one row until F1
        radius = np.exp(-np.pi * bandwidth / sampling_rate)
        turn = np.asarray(2 * radius * np.cos(2 * np.pi * frequency / sampling_rate))
        gain = gain * (1 - turn + radius**2)
        constant = 1 + np.float32(radius**2) * delay * delay
        inverse = inverse * (constant - turn.astype(np.float32)[..., None] * delay)
    return inverse, gain[:, None].astype(np.float32)


def _fast_size(least: int) -> int:
    """The smallest transform length of 2 ** k or 3 * 2 ** k that is not less."""
    power = 2 ** int(np.ceil(np.log2(least)))
    return power * 3 // 4 if power * 3 // 4 >= least else power


def _frames(signal: np.ndarray, hop: int) -> np.ndarray:
    """Frames of two hops, a hop apart, centred on each hop's beginning; shape ``(frames, 2 * hop)``."""
    padded = np.concatenate([np.zeros(hop, signal.dtype), signal])
    blocks = padded.reshape(-1, hop)
    return np.concatenate([blocks[:-1], blocks[1:]], axis=1)


def _overlap_add(frames: np.ndarray, hop: int) -> np.ndarray:
    """The inverse of :func:`_frames` for frames that were made longer; without the first, empty, hop."""
    count, length = frames.shape
    parts = -(-length // hop)
    total = np.zeros((count + parts, hop), dtype=np.float64)
    for part in range(parts):
        piece = frames[:, part * hop : (part + 1) * hop]
        total[part : part + count, : piece.shape[1]] += piece
    return total.reshape(-1)[hop:]

"""The signal-to-noise ratio: against noise added at a known level, integrals done otherwise, and plain loops."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import integrate, signal, stats
from scipy.special import digamma

from nkululeko.core.errors import NkululekoError
from nkululeko.features import snr
from nkululeko.features.snr import Snr
from nkululeko.testing.speech import SENTENCES, VOICES, style, synthesise

RATE = 16000
LEVELS = [0, 5, 10, 15, 20, 25, 30]


def voice(number: int, rate: int = RATE) -> np.ndarray:
    emotion = ("neutral", "anger", "sadness")[number % 3]
    return synthesise(VOICES[number], style(emotion), SENTENCES[number], number, rate).astype(np.float64)


def mixed(speech: np.ndarray, noise: np.ndarray, decibels: float) -> np.ndarray:
    factor = math.sqrt(np.mean(speech**2) / np.mean(noise**2)) * 10 ** (-decibels / 20)
    return speech + factor * noise


def white(length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=length)


def pink(length: int, seed: int = 0) -> np.ndarray:
    """From 80 Hz on, as below there is rumble, which the estimate leaves out."""
    frequencies = np.fft.rfftfreq(length, 1 / RATE)
    shape = np.where(frequencies < 80, 0, 1 / np.sqrt(np.maximum(frequencies, 80)))
    return np.fft.irfft(np.fft.rfft(white(length, seed)) * shape, length)


@pytest.mark.parametrize("make_noise", [white, pink])
@pytest.mark.parametrize("number", range(4))
def test_added_noise_is_found(number, make_noise):
    """White noise within 2 dB, where there is much of it; pink noise sits where the voice is."""
    speech = voice(number)
    noise = make_noise(len(speech), number)
    found = np.array([Snr().extract(mixed(speech, noise, level), RATE)[0] for level in LEVELS])
    assert np.all(np.diff(found) > 2.5)
    assert np.all(np.abs(found - LEVELS)[:4] < (2 if make_noise is white else 3))  # up to 15 dB
    assert np.all(np.abs(found - LEVELS) < 4.5)


@pytest.mark.parametrize("number", range(4))
def test_wada_rises_with_the_ratio(number):
    speech = voice(number)
    noise = white(len(speech), number)
    found = np.array([Snr().extract(mixed(speech, noise, level), RATE)[1] for level in LEVELS])
    assert np.all(np.diff(found) > 1)


@pytest.mark.parametrize("rate", [8000, 22050, 44100, 48000])
def test_any_sampling_rate_will_do(rate):
    speech = voice(1, rate)
    for level in (0, 10, 20):
        assert Snr().extract(mixed(speech, white(len(speech)), level), rate)[0] == pytest.approx(level, abs=2)


@pytest.mark.parametrize("level", [-5, 0, 10, 20, 30])
def test_wada_is_right_where_its_assumption_holds(level):
    random = np.random.default_rng(level + 5)
    speech = random.gamma(0.4, size=400_000) * random.choice([-1, 1], size=400_000)
    assert snr.wada(mixed(speech, white(400_000), level)) == pytest.approx(level, abs=0.7)


@pytest.mark.parametrize("level", [-20, 0, 13, 40])
def test_the_table_of_wada_agrees_with_drawn_numbers(level):
    random = np.random.default_rng(3)
    deviation = math.sqrt(0.4 * 1.4) * 10 ** (-level / 20)
    drawn = np.abs(random.gamma(0.4, size=3_000_000) + random.normal(scale=deviation, size=3_000_000))
    ratios, statistic = snr.wada_table()
    expected = math.log(drawn.mean()) - np.log(drawn).mean()
    assert statistic[ratios == level][0] == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("shift", [0.0, 0.3, 2.0, 9.0, 19.9, 20.1, 50.0])
def test_the_mean_logarithm_agrees_with_another_integration(shift):
    def weighted(z: float) -> float:
        return (math.log(abs(z)) if z else 0.0) * stats.norm.pdf(z - shift)

    edges = sorted({shift - 10, shift + 10, *([0.0] if shift < 10 else [])})
    expected = sum(integrate.quad(weighted, *pair, limit=500)[0] for pair in itertools.pairwise(edges))
    assert snr._mean_log(np.array([shift]))[0] == pytest.approx(expected, abs=1e-5)


def test_the_table_of_wada_has_its_limits_where_theory_has_them():
    ratios, statistic = snr.wada_table()
    only_noise = math.log(math.sqrt(2 / math.pi)) + (np.euler_gamma + math.log(2)) / 2
    only_speech = math.log(0.4) - digamma(0.4)
    assert np.all(np.diff(statistic) > 0) and (ratios[0], ratios[-1]) == (-20, 100)
    assert statistic[0] == pytest.approx(only_noise, abs=1e-3)
    assert only_speech - 0.02 < statistic[-1] < only_speech  # much of a gamma distribution is near zero


def test_minimum_statistics_agree_with_plain_loops():
    samples = mixed(voice(0), white(len(voice(0))), 12)[: 3 * RATE]
    _, _, powers = signal.spectrogram(
        samples, RATE, window="hann", nperseg=512, noverlap=256, detrend=False, mode="psd"
    )
    powers[1:-1] /= 2  # one-sided densities count both sides
    powers = powers[3:]  # 31.25 Hz apart, from 80 Hz on
    noise = 0.0
    for row in powers:
        means = [np.mean(row[start : start + 4]) for start in range(len(row) - 3)]
        noise += min(means) * snr.minimum_bias(len(means))
    total = float(np.mean(powers.sum(axis=0)))
    expected = 10 * math.log10((total - noise) / noise)
    assert snr.minimum_statistics(samples, RATE) == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("frames", [5, 50, 245])
def test_the_bias_of_the_minimum_is_that_of_any_white_noise(frames):
    """Its minimum, raised by the factor, is its power: whatever noise, frame size and stretch."""
    ratios = []
    for seed in range(1, 9):
        samples = white((frames + 4) * 400, seed)
        _, _, powers = signal.spectrogram(samples, nperseg=800, noverlap=400, window="hann", detrend=False)
        smoothed = np.apply_along_axis(np.convolve, 1, powers[2:-2], np.ones(4) / 4, "valid")[:, :frames]
        assert smoothed.shape[1] == frames
        ratios.append(smoothed.min(axis=1).mean() * snr.minimum_bias(frames) / powers[2:-2].mean())
    assert np.mean(ratios) == pytest.approx(1, abs=0.04)


def test_rumble_is_no_signal_and_no_noise():
    samples = mixed(voice(0), white(len(voice(0))), 10)
    rumble = 0.2 * np.sin(2 * np.pi * 8 * np.arange(len(samples)) / RATE)
    assert Snr().extract(samples + rumble, RATE)[0] == pytest.approx(Snr().extract(samples, RATE)[0], abs=0.2)


def test_noise_alone_has_hardly_a_signal():
    found = Snr().extract(white(3 * RATE), RATE)
    assert np.all(found < -8)


def test_noise_that_stops_in_a_long_recording_counts_for_its_time():
    speech = np.tile(voice(0), 6)
    noise = white(len(speech))
    noise[len(speech) // 2 :] *= 0.01
    assert Snr().extract(mixed(speech, noise, 10), RATE)[0] == pytest.approx(10, abs=2)


@settings(max_examples=20, deadline=None)
@given(gain=st.floats(1e-3, 1e3), level=st.integers(0, 30), offset=st.floats(-0.5, 0.5))
def test_neither_gain_nor_offset_matters(gain, level, offset):
    samples = mixed(voice(2), white(len(voice(2))), level)
    before, after = Snr().extract(samples, RATE), Snr().extract(gain * (samples + offset), RATE)
    np.testing.assert_allclose(after, before, atol=1e-6)


@settings(max_examples=10, deadline=None)
@given(before=st.integers(0, 3 * RATE), after=st.integers(0, 3 * RATE))
def test_padding_with_digital_silence_changes_little(before, after):
    samples = mixed(voice(2), white(len(voice(2))), 15)
    padded = np.concatenate([np.zeros(before), samples, np.zeros(after)])
    alone, found = Snr().extract(samples, RATE), Snr().extract(padded, RATE)
    assert found[0] == pytest.approx(alone[0], abs=1.0)
    assert found[1] == pytest.approx(alone[1], abs=1e-6)


@pytest.mark.parametrize("level", [0.0, 0.4])
def test_what_does_not_sound_has_no_ratio(level):
    assert np.all(np.isnan(Snr().extract(np.full(RATE, level), RATE)))


def test_silence_between_loud_stretches_is_the_best_there_is():
    """A tone that pauses for a breath of perfect calm: there is no noise to speak of."""
    tone = 0.5 * np.sin(2 * np.pi * 200 * np.arange(2 * RATE) / RATE)
    tone[RATE // 2 : RATE] = 1e-9 * white(RATE // 2)
    assert Snr().extract(tone, RATE)[0] == 100


def test_unusable_signals_are_refused():
    with pytest.raises(NkululekoError, match=r"0\.100 s is too short .*; it needs at least 0\.2 s"):
        Snr().extract(white(1600), RATE)
    broken = white(RATE)
    broken[7] = np.nan
    with pytest.raises(NkululekoError, match="not numbers"):
        Snr().extract(broken, RATE)
    assert np.all(np.isfinite(Snr().extract(white(RATE // 5), RATE)))

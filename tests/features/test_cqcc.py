"""Constant-Q cepstral coefficients: against the sums of the definition, and scipy's interpolation."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.fft import dct
from scipy.interpolate import make_interp_spline
from scipy.signal.windows import hamming

from nkululeko.core.errors import NkululekoError
from nkululeko.features import cqcc
from nkululeko.features.cqcc import Cqcc
from nkululeko.testing.speech import SENTENCES, VOICES, style, synthesise

RATE = 16000


def voice() -> np.ndarray:
    signal = synthesise(VOICES[0], style("anger"), SENTENCES[0], seed=1).astype(np.float64)[:RATE]
    return signal - signal.mean()


def measured(signal: np.ndarray, **options: int) -> dict[str, float]:
    extractor = Cqcc(Cqcc.Options(**options))
    return dict(zip(extractor.names(), extractor.extract(signal, RATE).tolist(), strict=True))


def by_hand(signal: np.ndarray, bins: int) -> np.ndarray:
    """Powers by the definition: each band of each frame as one sum."""
    quality = 1 / (2 ** (1 / bins) - 1)
    rows = []
    for middle in range(0, len(signal), 160):
        row = []
        for band in range(6 * bins):
            frequency = 125 * 2 ** (band / bins)
            length = int(np.ceil(quality * RATE / frequency))
            at = middle - length // 2 + np.arange(length)
            there = (at >= 0) & (at < len(signal))
            values = np.where(there, signal[np.clip(at, 0, len(signal) - 1)], 0)
            turning = np.exp(-2j * np.pi * frequency / RATE * np.arange(length))
            row.append(abs(np.mean(values * hamming(length, sym=True) * turning)) ** 2)
        rows.append(row)
    return np.array(rows)


@pytest.mark.parametrize("bins", [12, 24])
def test_the_transform_is_that_of_the_definition(bins):
    np.testing.assert_allclose(cqcc.constant_q(voice(), bins), by_hand(voice(), bins), rtol=1e-6, atol=1e-18)


@pytest.mark.parametrize("bins", [12, 24])
def test_the_transform_agrees_with_that_of_another_library(bins):
    spectral = pytest.importorskip(
        "spafe.utils.spectral", reason='NOT TESTED: pip install "nkululeko[spafe]"'
    )
    size = {12: 4096, 24: 8192}[bins]
    frames = np.lib.stride_tricks.sliding_window_view(np.pad(voice(), size // 2), size)[:RATE:160]
    theirs = spectral.compute_constant_qtransform(
        frames, fs=RATE, nfft=size, number_of_octaves=6, number_of_bins_per_octave=bins, spectral_threshold=0, f0=125
    )  # fmt: skip
    ours, theirs = cqcc.constant_q(voice(), bins), np.abs(theirs.T) ** 2
    loud = theirs > 1e-3 * theirs.max()  # their windows may lie one sample aside
    assert loud.sum() > 500
    apart = np.abs(np.log(ours[loud] / theirs[loud]))
    assert np.median(apart) < 0.01 and np.quantile(apart, 0.99) < 0.2


@pytest.mark.parametrize("frequency", [150, 440, 1000, 3000, 7000])
def test_a_tone_stands_in_its_band_with_its_level(frequency):
    tone = 0.5 * np.sin(2 * np.pi * frequency * np.arange(RATE) / RATE)
    power = cqcc.constant_q(tone, 24)[50]
    assert cqcc.frequencies(24)[power.argmax()] == pytest.approx(frequency, rel=0.5 / 24)
    # half of 0.54, the mean of a Hamming window; somewhat less between two bands
    assert 0.85 * 0.27 / 2 < np.sqrt(power.max()) < 0.275 / 2


def test_coefficients_are_the_cosine_transform_of_levels_at_equal_steps():
    levels = np.log(np.maximum(by_hand(voice(), 24), 1e-16))
    here = 125 * 2 ** (np.arange(144) / 24)
    there = here[0] + 125 / 16 * np.arange(979)
    there = there[there < here[-1]]
    expected = dct(make_interp_spline(here, levels, k=3, axis=1)(there), norm="ortho")[:, :20]
    found = measured(voice())
    for number in range(20):
        assert found[f"cqcc{number}_mean"] == pytest.approx(expected[:, number].mean(), abs=1e-6)
        assert found[f"cqcc{number}_p80"] == pytest.approx(np.quantile(expected[:, number], 0.8), abs=1e-6)


@settings(max_examples=10, deadline=None)
@given(gain=st.floats(0.1, 2), offset=st.floats(-0.4, 0.4))
def test_level_adds_to_the_first_and_to_nothing_else(gain, offset):
    noisy = voice() + 0.01 * np.random.default_rng(0).normal(size=RATE)
    before, after = measured(noisy), measured(gain * noisy + offset)
    points = cqcc.in_equal_steps(np.zeros((1, 144)), 24).shape[1]
    shift = 2 * np.log(gain) * np.sqrt(points)
    for name, value in before.items():
        moves = name.startswith("cqcc0_") and "delta" not in name and not name.endswith("std")
        assert after[name] == pytest.approx(value + shift * moves, abs=1e-4)


def test_long_segments_come_in_parts_without_a_seam():
    noise = np.random.default_rng(0).normal(size=25 * RATE)
    whole = cqcc.constant_q(noise, 12)
    assert len(whole) == 2500
    part = cqcc.constant_q(noise[8 * RATE : 14 * RATE], 12)
    np.testing.assert_allclose(whole[850:1350], part[50:550], rtol=1e-9)


def test_silence_is_finite_and_one_window_is_enough():
    assert np.all(np.isfinite(Cqcc().extract(np.zeros(RATE), RATE)))
    assert np.all(np.isfinite(Cqcc().extract(voice()[4000:4400], RATE)))
    with pytest.raises(NkululekoError, match=r"too short for a spectrum; it needs at least 0\.025 s"):
        Cqcc().extract(voice()[:399], RATE)


def test_unusable_signals_are_refused():
    with pytest.raises(NkululekoError, match="feature set 'cqcc' needs 16000 Hz, not 44100 Hz"):
        Cqcc().extract(voice(), 44100)
    with pytest.raises(NkululekoError, match="not numbers"):
        Cqcc().extract(np.append(voice(), np.nan), RATE)


def test_the_number_of_columns_follows_the_options():
    assert len(measured(voice(), bins=12, n_cqcc=13)) == 130
    assert len(Cqcc().names()) == 200 and Cqcc().version()

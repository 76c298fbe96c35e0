"""Mel-cepstrum and F0 by SPTK: against the definition of mel-cepstral analysis, and against known voices."""

from __future__ import annotations

import builtins
import sys

import numpy as np
import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.features import _functionals as functionals
from nkululeko.features import sptk
from nkululeko.features.sptk import Sptk
from nkululeko.testing.speech import SENTENCES, VOICES, style, synthesise

RATE = 16000


@pytest.fixture
def working() -> None:
    try:
        Sptk().check_ready()
    except NkululekoError as missing:
        pytest.skip(f"NOT TESTED: {missing}")


def voice() -> np.ndarray:
    return synthesise(VOICES[0], style("neutral"), SENTENCES[0], seed=1).astype(np.float64)


def measured(signal: np.ndarray, **options: float) -> dict[str, float]:
    extractor = Sptk(Sptk.Options(**options))
    return dict(zip(extractor.names(), extractor.extract(signal, RATE).tolist(), strict=True))


def warped(alpha: float, bins: np.ndarray) -> np.ndarray:
    """Phase of the all-pass that bends the frequencies (Oppenheim and Johnson 1972)."""
    return bins + 2 * np.arctan(alpha * np.sin(bins) / (1 - alpha * np.cos(bins)))


def by_hand(frame: np.ndarray, order: int, alpha: float) -> np.ndarray:
    """The mel-cepstrum whose envelope makes the frame likeliest: Newton's method on the unbiased estimate of log
    spectra, ``E = mean of (exp(R) - R - 1)`` with ``R = log(periodogram) - 2 log|H|`` (Fukada et al. 1992)."""
    bins = 2 * np.pi * np.arange(512) / 512
    basis = np.cos(np.outer(warped(alpha, bins), np.arange(order + 1)))
    periodogram = np.abs(np.fft.fft(frame, 512)) ** 2 + 0.25
    found = np.linalg.lstsq(basis, np.log(periodogram) / 2, rcond=None)[0]
    for _ in range(40):
        ratio = periodogram * np.exp(-2 * basis @ found)
        gradient = 2 * basis.T @ (1 - ratio)
        found = found - np.linalg.solve(4 * basis.T @ (basis * ratio[:, None]), gradient)
    return found


@pytest.mark.parametrize(("order", "alpha"), [(24, 0.42), (12, 0.0)])
def test_the_mel_cepstrum_is_the_likeliest_envelope(working, order, alpha):
    heard = voice()[3000:9000]
    samples = (heard - heard.mean()) * 32768
    starts = range(0, len(samples) - 400 + 1, 160)
    rows = [by_hand(samples[at : at + 400] * np.blackman(400), order, alpha) for at in starts]
    expected = functionals.basic(np.array(rows))
    found = measured(heard, order=order, alpha=alpha)
    for number in range(order + 1):
        values = [found[f"mcep{number}_{name}"] for name in functionals.BASIC]
        np.testing.assert_allclose(values, expected[number], atol=0.02)


@pytest.mark.parametrize("f0", [110, 220])
def test_f0_of_a_buzz_is_known(working, f0):
    time = np.arange(RATE) / RATE
    buzz = sum(np.sin(2 * np.pi * f0 * k * time) / k for k in range(1, 20)) / 4
    found = measured(buzz)
    assert found["f0_p50"] == pytest.approx(f0, rel=0.01) and found["voiced_fraction"] > 0.9
    assert found["f0_std"] < 3


def test_noise_has_no_f0_and_silence_is_finite(working):
    noise = 0.1 * np.random.default_rng(0).normal(size=RATE)
    found = measured(noise)
    assert found["voiced_fraction"] < 0.1
    silent = measured(np.zeros(RATE))
    assert silent["voiced_fraction"] == 0 and np.isnan(silent["f0_p50"])
    assert all(np.isfinite(value) for name, value in silent.items() if name.startswith("mcep"))


def test_level_adds_to_c0_and_to_nothing_else(working):
    noisy = voice() + 0.01 * np.random.default_rng(0).normal(size=len(voice()))
    before, after = measured(noisy), measured(noisy / 2)
    for name, value in before.items():
        shift = -np.log(2) if name in ("mcep0_mean", "mcep0_p20", "mcep0_p50", "mcep0_p80") else 0
        if not name.startswith(("f0", "voiced")):
            assert after[name] == pytest.approx(value + shift, abs=0.01), name


def test_unusable_signals_are_refused(working):
    with pytest.raises(NkululekoError, match=r"too short for a spectrum; it needs at least 0\.025 s"):
        Sptk().extract(voice()[:399], RATE)
    with pytest.raises(NkululekoError, match="feature set 'sptk' needs 16000 Hz, not 44100 Hz"):
        Sptk().extract(voice(), 44100)


def test_columns_follow_the_options():
    assert len(Sptk().names()) == 258
    assert len(Sptk(Sptk.Options(order=10)).names()) == 11 * 2 * 5 + 7 + 1
    with pytest.raises(ValueError, match=r"f0min \(600 Hz\) must be below f0max \(500 Hz\)"):
        Sptk.Options(f0min=600)


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("pysptk", r"needs the package pysptk; pip install \"nkululeko\[sptk\]\""),
        ("pkg_resources", r"pysptk is installed, but cannot be imported .*pip install \"nkululeko\[sptk\]\""),
    ],
)
def test_what_is_missing_is_one_clear_line(monkeypatch, missing, told):
    """pysptk asks for pkg_resources, which new versions of setuptools lack."""
    monkeypatch.delitem(sys.modules, "pysptk", raising=False)
    ours = builtins.__import__

    def without(name, *more):
        if name == "pysptk":
            raise ModuleNotFoundError(f"No module named '{missing}'", name=missing)
        return ours(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(NkululekoError, match=told):
        sptk.Sptk().check_ready()

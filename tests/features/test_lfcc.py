"""LFCCs: against filters, spectrum and transform computed by hand."""

from __future__ import annotations

import importlib.metadata
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from scipy.fft import dct
from scipy.signal.windows import hamming

from nkululeko.core.errors import NkululekoError
from nkululeko.features.lfcc import Lfcc
from nkululeko.testing.speech import SENTENCES, VOICES, style, synthesise

RATE = 16000


def voice() -> np.ndarray:
    return synthesise(VOICES[0], style("anger"), SENTENCES[0], seed=1).astype(np.float64)


def by_hand(signal: np.ndarray, n_filters: int, n_lfcc: int) -> np.ndarray:
    """Coefficients frame by frame, bands by plain interpolation."""
    signal = signal - signal.mean()
    emphasised = np.append(signal[0], signal[1:] - 0.97 * signal[:-1])
    edges = np.linspace(0, RATE / 2, n_filters + 2)
    bins = np.fft.rfftfreq(512, 1 / RATE)
    bands = np.array([
        np.interp(bins, edges[band : band + 3], [0, 1, 0]) for band in range(n_filters)
    ])  # fmt: skip
    rows = []
    for start in range(0, len(signal) - 400 + 1, 160):
        frame = emphasised[start : start + 400] * hamming(400, sym=True)
        power = np.abs(np.fft.rfft(frame, 512)) ** 2 / 512
        rows.append(dct(np.log(bands @ power), norm="ortho")[:n_lfcc])
    return np.array(rows)


def measured(signal: np.ndarray, **options: int) -> dict[str, float]:
    extractor = Lfcc(Lfcc.Options(**options))
    return dict(zip(extractor.names(), extractor.extract(signal, RATE).tolist(), strict=True))


@pytest.fixture(autouse=True)
def library() -> None:
    pytest.importorskip("spafe", reason='NOT TESTED: pip install "nkululeko[spafe]"')


@pytest.mark.parametrize(("n_filters", "n_lfcc"), [(20, 20), (40, 13), (70, 70)])
def test_coefficients_agree_with_those_by_hand(n_filters, n_lfcc):
    expected = by_hand(voice(), n_filters, n_lfcc)
    found = measured(voice(), n_filters=n_filters, n_lfcc=n_lfcc)
    for number in range(n_lfcc):
        contour = expected[:, number]
        assert found[f"lfcc{number}_mean"] == pytest.approx(contour.mean(), abs=1e-6)
        assert found[f"lfcc{number}_std"] == pytest.approx(contour.std(), abs=1e-6)
        assert found[f"lfcc{number}_p20"] == pytest.approx(np.quantile(contour, 0.2), abs=1e-6)


def test_deltas_are_slopes_of_five_frames():
    padded = np.pad(by_hand(voice(), 20, 20)[:, 3], 2, mode="edge")
    slopes = [np.polyfit(range(-2, 3), padded[at : at + 5], 1)[0] for at in range(len(padded) - 4)]
    found = measured(voice())
    assert found["lfcc3_delta_mean"] == pytest.approx(np.mean(slopes), abs=1e-6)
    assert found["lfcc3_delta_p80"] == pytest.approx(np.quantile(slopes, 0.8), abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(gain=st.floats(0.01, 2), offset=st.floats(-0.4, 0.4))
def test_level_adds_to_the_first_and_to_nothing_else(gain, offset):
    before, after = measured(voice()), measured(gain * voice() + offset)
    shift = 2 * np.log(gain) * np.sqrt(20)
    for name, value in before.items():
        moves = name.startswith("lfcc0_") and "delta" not in name and not name.endswith("std")
        assert after[name] == pytest.approx(value + shift * moves, abs=1e-4)


def test_hiss_that_mel_bands_blur_is_told_apart():
    """Two hisses at 6.2 and 7.0 kHz, in bands of their own here."""
    random = np.random.default_rng(0)
    spectrum = np.fft.rfft(random.normal(size=RATE))
    frequencies = np.fft.rfftfreq(RATE, 1 / RATE)
    low, high = (np.fft.irfft(spectrum * (abs(frequencies - f) < 150)) for f in (6200, 7000))
    one, other = measured(low), measured(high)
    assert max(abs(one[f"lfcc{n}_mean"] - other[f"lfcc{n}_mean"]) for n in range(1, 20)) > 3


def test_silence_is_finite_and_one_window_is_enough():
    assert np.all(np.isfinite(Lfcc().extract(np.zeros(RATE), RATE)))
    assert np.all(np.isfinite(Lfcc().extract(voice()[4000:4400], RATE)))
    with pytest.raises(NkululekoError, match=r"too short for a spectrum; it needs at least 0\.025 s"):
        Lfcc().extract(voice()[:399], RATE)


def test_unusable_signals_and_impossible_options_are_refused():
    with pytest.raises(NkululekoError, match="feature set 'lfcc' needs 16000 Hz, not 8000 Hz"):
        Lfcc().extract(voice(), 8000)
    with pytest.raises(NkululekoError, match="not numbers"):
        Lfcc().extract(np.append(voice(), np.inf), RATE)
    with pytest.raises(ValidationError, match=r"n_lfcc \(20\) must not exceed n_filters \(10\)"):
        Lfcc.Options(n_filters=10)


def test_version_names_the_library():
    assert Lfcc().version().endswith(f";spafe={importlib.metadata.version('spafe')}")


def test_a_missing_library_is_one_line(monkeypatch):
    def absent(name: str) -> str:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", absent)
    monkeypatch.setitem(sys.modules, "spafe.features.lfcc", None)
    wanted = r"feature set 'lfcc' needs the package spafe; pip install \"nkululeko\[spafe\]\""
    with pytest.raises(NkululekoError, match=wanted):
        Lfcc().version()
    with pytest.raises(NkululekoError, match=wanted):
        Lfcc().extract(voice(), RATE)

"""Log-mel spectrograms: against numpy alone, and the shape of a row."""

from __future__ import annotations

import importlib.metadata
import pickle

import kaldi_native_fbank as knf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features
from nkululeko.features import _kaldi as kaldi
from nkululeko.features import _sequences as sequences
from nkululeko.features.spectra import Spectra, SpectraOptions, most_bands

RATE = 16000


def noise(samples: int = RATE, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).normal(size=samples).astype(np.float32)


def spectra(**options: float) -> Spectra:
    return Spectra(SpectraOptions(**options))


def filled(extractor: Spectra, signal: np.ndarray) -> np.ndarray:
    """The frames of a row that hold something."""
    frames = extractor.extract(signal, RATE).reshape(extractor.shape())
    return frames[~np.isnan(frames).all(axis=1)]


def mel(hertz: float | np.ndarray) -> np.ndarray:
    return 1127 * np.log(1 + np.asarray(hertz) / 700)


def in_numpy(signal: np.ndarray, window: int, hop: int, bands: int) -> np.ndarray:
    """Kaldi's definition, written from its description; lengths in samples."""
    samples = signal.astype(float) * 32768
    frames = np.stack([samples[i : i + window] for i in range(0, len(samples) - window + 1, hop)])
    frames = frames - frames.mean(axis=1, keepdims=True)
    previous = np.column_stack([frames[:, :1], frames[:, :-1]])
    povey = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / (window - 1))) ** 0.85
    size = 2 ** int(np.ceil(np.log2(window)))
    power = np.abs(np.fft.rfft((frames - 0.97 * previous) * povey, size)) ** 2
    edges = np.linspace(mel(20), mel(8000), bands + 2)
    lines = mel(np.arange(size // 2) * RATE / size)
    up = (lines[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - lines[:, None]) / (edges[2:] - edges[1:-1])
    return np.log(power[:, : size // 2] @ np.clip(np.minimum(up, down), 0, None))


@pytest.mark.parametrize(
    ("window", "hop", "bands"), [(25, 10, 64), (25, 10, 40), (32, 16, 80), (10, 2.5, 24)]
)
def test_values_are_what_numpy_gives(window: float, hop: float, bands: int) -> None:
    signal = noise()
    found = filled(spectra(fft_win_dur=window, fft_hop_dur=hop, fft_nbands=bands), signal)
    expected = in_numpy(signal, int(16 * window), int(16 * hop), bands)
    np.testing.assert_allclose(found, expected, atol=3e-3)  # Kaldi reckons in single precision


def test_mfcc_sees_the_same_bands() -> None:
    signal = noise()
    expected = kaldi.log_mel((signal * np.float32(32768)).tolist(), 64)[1]
    np.testing.assert_array_equal(filled(spectra(), signal), expected.astype(np.float32))


def test_a_tone_lights_up_its_band() -> None:
    tone = np.sin(2 * np.pi * 1000 * np.arange(RATE) / RATE).astype(np.float32)
    centres = np.linspace(mel(20), mel(8000), 66)[1:-1]
    assert set(filled(spectra(), tone).argmax(axis=1)) == {int(np.abs(centres - mel(1000)).argmin())}


def test_a_row_is_frame_after_frame_and_ends_in_nan() -> None:
    extractor = spectra(fft_nbands=10, max_duration=0.5)
    values = dict(zip(extractor.names(), extractor.extract(noise(3200), RATE), strict=True))
    frames = in_numpy(noise(3200), 400, 160, 10)
    assert len(frames) == 18 and extractor.shape() == (48, 10)
    assert values["mel03_t017"] == pytest.approx(frames[17, 3], abs=3e-3)
    assert list(values)[:11] == [*(f"mel{band:02d}_t000" for band in range(10)), "mel00_t001"]
    assert np.isfinite(list(values.values())[:180]).all() and np.isnan(list(values.values())[180:]).all()


def test_longer_segments_are_cut_to_their_beginning() -> None:
    extractor = spectra(max_duration=0.5)
    whole = noise()
    changed = np.concatenate([whole[:8000], noise(8000, seed=1)])
    for other in (whole[:8000], changed):
        np.testing.assert_array_equal(extractor.extract(whole, RATE), extractor.extract(other, RATE))
    assert np.isfinite(extractor.extract(whole, RATE)).all()


def test_by_default_four_seconds_in_single_precision() -> None:
    row = Spectra().extract(noise(5 * RATE), RATE)
    assert Spectra().shape() == (398, 64) and row.shape == (398 * 64,) and row.dtype == np.float32


@settings(max_examples=40, deadline=None)
@given(
    window=st.floats(2, 200),
    hop=st.floats(1, 200),
    duration=st.floats(0.2, 1.0),
    seconds=st.floats(0.2, 1.2),
)
def test_shape_is_the_room_that_the_frames_need(
    window: float, hop: float, duration: float, seconds: float
) -> None:
    """Whatever the settings: Kaldi's frames fill the row of a segment that is long enough, and no less."""
    extractor = spectra(fft_win_dur=window, fft_hop_dur=hop, fft_nbands=3, max_duration=duration)
    row = extractor.extract(noise(round(seconds * RATE)), RATE).reshape(extractor.shape())
    assert len(extractor.names()) == row.size
    present = ~np.isnan(row).any(axis=1)
    assert np.array_equal(present, np.sort(present)[::-1])
    assert present.all() or seconds < duration
    samples = min(round(seconds * RATE), round(1000 * duration * 16))
    assert present.sum() == 1 + (samples - round(window * 16)) // round(hop * 16)


def test_one_window_is_enough_and_less_is_not() -> None:
    assert len(filled(spectra(), noise(400))) == 1
    message = r"segment of 0\.025 s is too short for a spectrum; it needs at least 0\.025 s"
    with pytest.raises(NkululekoError, match=message):
        spectra().extract(noise(399), RATE)
    assert len(filled(spectra(fft_win_dur=20), noise(399))) == 1


def test_unusable_signals_are_refused() -> None:
    with pytest.raises(NkululekoError, match="needs 16000 Hz, not 8000 Hz"):
        spectra().extract(noise(), 8000)
    broken = noise()
    broken[7] = np.nan
    with pytest.raises(NkululekoError, match="not numbers"):
        spectra().extract(broken, RATE)


def test_silence_has_a_floor() -> None:
    found = filled(spectra(), np.zeros(RATE, np.float32))
    np.testing.assert_allclose(found, np.log(np.finfo(np.float32).eps))


@pytest.mark.parametrize("window", [2, 5, 10, 25, 32, 40])
def test_too_many_bands_for_a_window_are_refused_before_kaldi_does(window: float) -> None:
    def kaldi_takes(bands: int) -> bool:
        options = kaldi.fbank_options(bands)
        options.frame_opts.frame_length_ms = window
        try:
            knf.OnlineFbank(options)
        except ValueError:
            return False
        return True

    most = most_bands(window)
    assert kaldi_takes(most) and not kaldi_takes(most + 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fft_nbands": 128}, r"fft_nbands \(128\) is too fine for a window of 25 ms; take 126 at most"),
        ({"fft_nbands": 2}, "greater than or equal to 3"),
        ({"max_duration": 0.02}, r"max_duration \(0.02 s\) is shorter than one window \(25 ms\)"),
        ({"fft_hop_dur": 0}, "greater than or equal to 1"),
        ({"max_duration": 100}, "less than or equal to 60"),
        ({"n_mels": 40}, "Extra inputs"),
    ],
)
def test_mistakes(options: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SpectraOptions(**options)


def test_it_says_its_version_and_travels() -> None:
    plugin = features.load("spectra")
    assert importlib.metadata.version("kaldi-native-fbank") in plugin().version()
    there = pickle.loads(pickle.dumps(spectra(fft_nbands=20)))
    assert there.shape() == (398, 20)


def test_a_row_without_room_is_cut_and_one_with_room_filled() -> None:
    sequence = np.arange(6.0).reshape(3, 2)
    assert sequences.row(sequence, 2).tolist() == [0, 1, 2, 3]
    assert sequences.row(sequence, 3).tolist() == [0, 1, 2, 3, 4, 5]
    np.testing.assert_array_equal(sequences.row(sequence, 4), [0, 1, 2, 3, 4, 5, np.nan, np.nan])
    assert sequences.names(["a"], 1001)[-1] == "a_t1000"

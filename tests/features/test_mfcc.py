"""Golden tests of the feature set ``mfcc``: against numpy alone, Kaldi itself and known signals."""

from __future__ import annotations

import importlib.metadata
import math
from pathlib import Path

import kaldi_native_fbank as knf
import numpy as np
import pytest
import soundfile
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features
from nkululeko.features import _functionals as functionals
from nkululeko.features import _kaldi as kaldi

RATE = 16000
EMODB = Path(__file__).resolve().parents[3] / "shared/data/emodb/wav"
UTTERANCES = sorted(EMODB.glob("*.wav"))[::130]
Mfcc = features.load("mfcc")


def buzz(f0: float | np.ndarray, seconds: float = 1.0, noise: float = 0.003) -> np.ndarray:
    """Harmonics that fall off by 6 dB an octave, and a little noise; f0 in Hz, one or one a sample."""
    phase = 2 * np.pi * np.cumsum(np.broadcast_to(f0, int(seconds * RATE))) / RATE
    signal = sum(np.sin(k * phase) / k for k in range(1, 15)) / 5
    return (signal + noise * np.random.default_rng(0).normal(size=len(phase))).astype(np.float32)


def scaled(signal: np.ndarray) -> list[float]:
    return (signal * np.float32(32768)).tolist()


def numpy_log_mel(signal: np.ndarray, n_mels: int) -> tuple[np.ndarray, np.ndarray]:
    """Kaldi's definition, written from its description: energy and log-mel spectrum of each frame."""
    samples = signal.astype(float) * 32768
    frames = np.stack([samples[i : i + 400] for i in range(0, len(samples) - 399, 160)])
    frames = frames - frames.mean(axis=1, keepdims=True)
    energy = np.log(np.sum(frames**2, axis=1))
    previous = np.column_stack([frames[:, :1], frames[:, :-1]])
    povey = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)) ** 0.85
    power = np.abs(np.fft.rfft((frames - 0.97 * previous) * povey, 512)) ** 2
    edges = np.linspace(mel(20), mel(8000), n_mels + 2)
    bins = mel(np.arange(256) * RATE / 512)
    up = (bins[:, None] - edges[:-2]) / (edges[1:-1] - edges[:-2])
    down = (edges[2:] - bins[:, None]) / (edges[2:] - edges[1:-1])
    return energy, np.log(power[:, :256] @ np.clip(np.minimum(up, down), 0, None))


def mel(hertz: float | np.ndarray) -> float | np.ndarray:
    return 1127 * np.log(1 + np.asarray(hertz) / 700)


def measured(signal: np.ndarray, **options: float) -> dict[str, float]:
    extractor = Mfcc(Mfcc.Options(**options))
    return dict(zip(extractor.names(), extractor.extract(signal, RATE).tolist(), strict=True))


@pytest.mark.parametrize("n_mels", [23, 40])
def test_log_mel_is_what_numpy_gives(n_mels: int) -> None:
    signal = buzz(130)
    energy, bands = kaldi.log_mel(scaled(signal), n_mels)
    expected_energy, expected_bands = numpy_log_mel(signal, n_mels)
    # Kaldi reckons in single precision
    np.testing.assert_allclose(energy, expected_energy, atol=1e-4)
    np.testing.assert_allclose(bands, expected_bands, atol=2e-3)


def test_cepstra_are_scipys_transform_liftered() -> None:
    from scipy.fft import dct

    bands = np.random.default_rng(0).normal(size=(7, 40))
    lifter = 1 + 11 * np.sin(np.pi * np.arange(20) / 22)
    np.testing.assert_allclose(
        kaldi.cepstra(bands, 20), dct(bands, norm="ortho")[:, :20] * lifter, atol=1e-12
    )


def test_cepstra_and_deltas_are_kaldis_own() -> None:
    signal = buzz(np.linspace(100, 200, RATE))
    options = knf.MfccOptions()
    options.frame_opts.dither = 0
    options.mel_opts.num_bins = 40
    options.num_ceps = 20
    options.use_energy = False
    extractor = knf.OnlineMfcc(options)
    extractor.accept_waveform(RATE, scaled(signal))
    extractor.input_finished()
    expected = np.stack([extractor.get_frame(i) for i in range(extractor.num_frames_ready)])
    ours = kaldi.cepstra(kaldi.log_mel(scaled(signal), 40)[1], 20)
    np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=2e-4)
    moving = knf.compute_deltas(knf.DeltaOptions(order=1, window=2), expected)[:, 20:]
    np.testing.assert_allclose(kaldi.deltas(ours), moving, rtol=1e-5, atol=2e-4)


def test_columns_are_functionals_of_the_contours_they_name() -> None:
    signal = buzz(np.linspace(100, 200, RATE))
    signal -= signal.mean(dtype=np.float64)
    values = measured(signal)
    energy, bands = kaldi.log_mel(scaled(signal), 40)
    cepstra = kaldi.cepstra(bands, 20)
    assert values["logmel12_std"] == pytest.approx(np.std(bands[:, 12]))
    assert values["mfcc3_mean"] == pytest.approx(np.mean(cepstra[:, 3]))
    assert values["mfcc19_delta_p80"] == pytest.approx(np.percentile(kaldi.deltas(cepstra)[:, 19], 80))
    assert values["energy_delta_p20"] == pytest.approx(np.percentile(kaldi.deltas(energy[:, None]), 20))
    assert values["energy_range"] == pytest.approx(np.subtract(*np.percentile(energy, [80, 20])))
    assert values["energy_slope"] == pytest.approx(np.polyfit(0.01 * np.arange(len(energy)), energy, 1)[0])


@pytest.mark.parametrize("f0", [90.0, 140.0, 250.0, 420.0])
def test_f0_of_a_steady_voice(f0: float) -> None:
    values = measured(buzz(f0))
    assert values["f0_p50"] == pytest.approx(f0, rel=0.01)
    assert values["f0_range"] < 0.02 * f0
    assert values["voiced_fraction"] > 0.95


def test_f0_of_a_rising_voice_with_a_pause() -> None:
    signal = buzz(np.linspace(120, 180, 2 * RATE), seconds=2)
    signal[12000:20000] = 0.003 * np.random.default_rng(1).normal(size=8000)
    values = measured(signal)
    assert values["f0_slope"] == pytest.approx(30, rel=0.1)
    assert values["f0_mean"] == pytest.approx(150, rel=0.03)
    assert values["voiced_fraction"] == pytest.approx(0.75, abs=0.05)


def test_an_offset_is_no_voice() -> None:
    noise = 0.01 * np.random.default_rng(2).normal(size=RATE).astype(np.float32)
    assert measured(noise + np.float32(0.3))["voiced_fraction"] < 0.1


@pytest.mark.skipif(not UTTERANCES, reason=f"no EmoDB in {EMODB}")
def test_f0_of_real_speech_agrees_with_praat() -> None:
    parselmouth = pytest.importorskip("parselmouth")
    for file in UTTERANCES:
        signal, _ = soundfile.read(file, dtype="float32")
        pitch = parselmouth.Sound(signal.astype(float), RATE).to_pitch(0.01, 75, 500)
        f0, voicing = kaldi.pitch(scaled(signal), 75, 500)
        at = [pitch.get_value_at_time(0.0125 + 0.01 * i) for i in range(len(f0))]
        both = (voicing > 0.5) & ~np.isnan(at)
        assert both.sum() > 30
        off = np.abs(f0[both] / np.asarray(at)[both] - 1)
        assert np.median(off) < 0.015 and np.mean(off > 0.2) < 0.1, file.stem


def test_louder_adds_to_energy_and_to_nothing_that_has_a_shape() -> None:
    quiet, loud = measured(buzz(130) / 4), measured(buzz(130))
    assert loud["energy_mean"] - quiet["energy_mean"] == pytest.approx(math.log(16), abs=1e-3)
    assert loud["logmel5_p50"] - quiet["logmel5_p50"] == pytest.approx(math.log(16), abs=1e-3)
    assert loud["mfcc1_mean"] == pytest.approx(quiet["mfcc1_mean"], abs=1e-2)
    assert loud["f0_p50"] == pytest.approx(quiet["f0_p50"], rel=0.01)


@pytest.mark.parametrize("level", [0.0, 0.5])
def test_constant_signals_are_finite_and_unvoiced(level: float) -> None:
    values = measured(np.full(RATE, level, dtype=np.float32))
    assert values["voiced_fraction"] == 0
    assert all(math.isnan(values[f"f0_{name}"]) for name in functionals.PROSODIC)
    assert all(math.isfinite(value) for name, value in values.items() if not name.startswith("f0_"))
    assert values["logmel0_std"] == 0


def test_one_window_is_enough_and_less_is_not() -> None:
    values = measured(buzz(130)[:400])
    assert values["mfcc0_std"] == 0 and math.isnan(values["energy_slope"])
    with pytest.raises(
        NkululekoError, match=r"0\.025 s is too short for a spectrum; it needs at least 0\.025 s"
    ):
        Mfcc().extract(buzz(130)[:399], RATE)


def test_unusable_signals_are_refused() -> None:
    with pytest.raises(NkululekoError, match="needs 16000 Hz, not 8000 Hz"):
        Mfcc().extract(buzz(130), 8000)
    broken = buzz(130)
    broken[7] = np.inf
    with pytest.raises(NkululekoError, match="not numbers"):
        Mfcc().extract(broken, RATE)


def test_impossible_options_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"n_mfcc \(20\) must not exceed n_mels \(15\)"):
        Mfcc.Options(n_mels=15)
    with pytest.raises(ValidationError, match="f0min"):
        Mfcc.Options(f0min=400, f0max=100)


def test_the_number_of_columns_follows_the_options() -> None:
    assert len(Mfcc().names()) == 420
    values = measured(buzz(130), n_mels=23, n_mfcc=13)
    assert "logmel22_mean" in values and "logmel23_mean" not in values
    assert "mfcc12_delta_p50" in values and "mfcc13_mean" not in values


@pytest.mark.parametrize("n_mels", [10, 80])
def test_extreme_numbers_of_bands_stay_finite(n_mels: int) -> None:
    values = measured(buzz(130), n_mels=n_mels, n_mfcc=10)
    assert all(math.isfinite(value) for value in values.values())


def test_an_old_library_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(knf, "compute_and_process_kaldi_pitch")
    with pytest.raises(NkululekoError, match=r"kaldi-native-fbank 1\.23 or newer"):
        Mfcc().extract(buzz(130), RATE)


def test_version_names_the_library_and_there_is_no_licence_to_tell() -> None:
    assert (
        Mfcc().version().endswith(f";kaldi-native-fbank={importlib.metadata.version('kaldi-native-fbank')}")
    )
    assert Mfcc.licence == ""


def test_probability_of_voicing_rises_with_correlation() -> None:
    probabilities = kaldi.probability_of_voicing(np.array([0.0, 0.3, 0.6, 0.9, 1.0]))
    assert np.all(np.diff(probabilities) > 0)
    assert probabilities[0] < 0.01 and probabilities[-1] > 0.99


def test_nothing_has_no_functionals() -> None:
    assert np.all(np.isnan(functionals.basic(np.empty((0, 3)))))
    assert functionals.basic(np.empty((0, 3))).shape == (3, len(functionals.BASIC))
    assert np.all(np.isnan(functionals.prosodic(np.empty(0), np.empty(0))))


@settings(max_examples=30, deadline=None)
@given(st.lists(st.floats(-100, 100), min_size=2, max_size=30), st.floats(-50, 50))
def test_functionals_move_with_the_contour(contour: list[float], shift: float) -> None:
    values = np.array(contour)
    times = 0.01 * np.arange(len(values))
    before, after = functionals.prosodic(values, times), functionals.prosodic(values + shift, times)
    moves = np.array([1, 0, 1, 1, 1, 0, 0])  # mean and quantiles do, spread and slope do not
    np.testing.assert_allclose(after, before + shift * moves, atol=1e-6)

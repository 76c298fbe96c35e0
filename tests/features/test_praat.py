"""Golden tests of the feature set ``praat``: each value against a script that asks Praat for each of them."""

from __future__ import annotations

import importlib.metadata
import math
import statistics
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest
import soundfile
from pydantic import ValidationError

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features
from nkululeko.features import _praat_rate as speech
from nkululeko.features._vocal_tract import vocal_tract

parselmouth = pytest.importorskip("parselmouth")
call = parselmouth.praat.call
# Praat tells whoever measures a steady vowel by hand that it has no pauses
pytestmark = pytest.mark.filterwarnings("ignore:The loudest and softest")

RATE = 16000
EMODB = Path(__file__).resolve().parents[3] / "shared/data/emodb/wav"
UTTERANCES = sorted(EMODB.glob("*.wav"))[::130]
Praat = features.load("praat")
#: centre and bandwidth in Hz
RESONANCES = ((600, 80), (1200, 90), (2500, 120), (3500, 150), (4500, 200))


def vowel(
    f0: float = 130.0, seconds: float = 1.0, rate: int = RATE, noise: float = 0.01, seed: int = 0
) -> np.ndarray:
    """A vowel: pulses of slightly irregular period and height through five resonances."""
    from scipy.signal import lfilter

    rng = np.random.default_rng(seed)
    signal = noise * rng.normal(size=int(seconds * rate))
    time = 0.01
    while time < seconds:
        signal[int(time * rate)] += 1 + 0.05 * rng.normal()
        time += (1 + 0.005 * rng.normal()) / f0
    signal = lfilter([1], [1, -0.97], signal)  # the voice falls off towards high frequencies
    for frequency, bandwidth in RESONANCES:
        if frequency >= rate / 2:
            break
        radius = math.exp(-math.pi * bandwidth / rate)
        cosine = math.cos(2 * math.pi * frequency / rate)
        signal = lfilter([1 - radius], [1, -2 * radius * cosine, radius**2], signal)
    return (0.3 * signal / np.abs(signal).max()).astype(np.float32)


def sentence(rate: int = RATE) -> np.ndarray:
    """Seven syllables of changing pitch with a pause after the fourth."""
    parts = []
    for number, f0 in enumerate((120, 150, 180, 140, 160, 130, 110)):
        envelope = np.hanning(int(0.2 * rate)) ** 0.5
        parts.append(vowel(f0, 0.2, rate, seed=number) * envelope)
        parts.append(np.zeros(int((0.5 if number == 3 else 0.04) * rate)))
    hiss = np.random.default_rng(1).normal(size=sum(len(part) for part in parts))
    return (np.concatenate(parts) + 1e-4 * hiss).astype(np.float32)


def textbook(signal: np.ndarray, rate: int, f0min: float = 75, f0max: float = 500) -> dict[str, float]:
    """The slow way, as one would click through Praat: one analysis and one question a value."""
    sound = parselmouth.Sound(signal.astype(float), rate)
    pitch = call(sound, "To Pitch", 0.0, f0min, f0max)
    pulses = call(sound, "To PointProcess (periodic, cc)", f0min, f0max)
    harmonicity = call(sound, "To Harmonicity (cc)", 0.01, f0min, 0.1, 1.0)
    values = {
        "f0_mean": call(pitch, "Get mean", 0, 0, "Hertz"),
        "f0_stdev": call(pitch, "Get standard deviation", 0, 0, "Hertz"),
        "f0_min": call(pitch, "Get minimum", 0, 0, "Hertz", "None"),
        "f0_max": call(pitch, "Get maximum", 0, 0, "Hertz", "None"),
        "voiced_fraction": call(pitch, "Count voiced frames") / call(pitch, "Get number of frames"),
        "hnr": call(harmonicity, "Get mean", 0, 0),
        "jitter_local_absolute": call(pulses, "Get jitter (local, absolute)", 0, 0, 0.0001, 0.02, 1.3),
        "shimmer_local_db": call([sound, pulses], "Get shimmer (local_dB)", 0, 0, 0.0001, 0.02, 1.3, 1.6),
    }
    for name, place in {"median": 0.5, "q05": 0.05, "q25": 0.25, "q75": 0.75, "q95": 0.95}.items():
        values[f"f0_{name}"] = call(pitch, "Get quantile", 0, 0, place, "Hertz")
    values["f0_range"] = values["f0_q95"] - values["f0_q05"]
    for kind in ("local", "rap", "ppq5", "ddp"):
        values[f"jitter_{kind}"] = call(pulses, f"Get jitter ({kind})", 0, 0, 0.0001, 0.02, 1.3)
    for kind in ("local", "apq3", "apq5", "apq11", "dda"):
        question = f"Get shimmer ({kind})"
        values[f"shimmer_{kind}"] = call([sound, pulses], question, 0, 0, 0.0001, 0.02, 1.3, 1.6)
    return values | textbook_formants(sound, pulses) | textbook_rate(sound, f0min, f0max)


def textbook_formants(sound: object, pulses: object) -> dict[str, float]:
    track = call(sound, "To Formant (burg)", 0.00625, 5, 5500, 0.025, 50)
    values = {}
    times = [call(pulses, "Get time from index", i + 1) for i in range(call(pulses, "Get number of points"))]
    for number in (1, 2, 3, 4):
        at = [call(track, "Get value at time", number, time, "Hertz", "Linear") for time in times]
        at = [value for value in at if not math.isnan(value)]
        values[f"f{number}_mean"] = statistics.mean(at)
        values[f"f{number}_median"] = statistics.median(at)
    f1, f2, f3, f4 = (values[f"f{number}_median"] for number in (1, 2, 3, 4))
    values["formant_average"] = (f1 + f2 + f3 + f4) / 4
    values["formant_position"] = (f1 / 500 + f2 / 1500 + f3 / 2500 + f4 / 3500) / 4 - 1
    values["formant_dispersion"] = ((f2 - f1) + (f3 - f2) + (f4 - f3)) / 3
    values["formant_geometric_mean"] = (f1 * f2 * f3 * f4) ** 0.25
    values["formant_spacing"] = (0.5 * f1 + 1.5 * f2 + 2.5 * f3 + 3.5 * f4) / (0.25 + 2.25 + 6.25 + 12.25)
    values["vtl_delta_f"] = 35000 / (2 * values["formant_spacing"])
    values["vtl_fitch"] = 35000 / 4 * (1 / f1 + 3 / f2 + 5 / f3 + 7 / f4) / 4
    return values


def textbook_rate(sound: object, f0min: float, f0max: float) -> dict[str, float]:
    intensity = call(sound, "To Intensity", 50, 0, "yes")
    softest = call(intensity, "Get minimum", 0, 0, "Parabolic")
    loudest = call(intensity, "Get maximum", 0, 0, "Parabolic")
    nearly = call(intensity, "Get quantile", 0, 0, 0.99)
    grid = call(intensity, "To TextGrid (silences)", -25 - (loudest - nearly), 0.3, 0.1, "silent", "sounding")
    labels = [
        call(grid, "Get label of interval", 1, i + 1) for i in range(call(grid, "Get number of intervals", 1))
    ]
    phonation = sum(
        call(grid, "Get end time of interval", 1, i + 1) - call(grid, "Get start time of interval", 1, i + 1)
        for i, label in enumerate(labels)
        if label == "sounding"
    )
    extrema = call(
        call(call(intensity, "Down to Matrix"), "To Sound (slice)", 1),
        "To PointProcess (extrema)",
        "Left",
        "yes",
        "no",
        "Sinc70",
    )
    times = [
        call(extrema, "Get time from index", i + 1) for i in range(call(extrema, "Get number of points"))
    ]
    peaks = [t for t in times if call(intensity, "Get value at time", t, "Cubic") > max(nearly - 25, softest)]
    voicing = call(sound, "To Pitch (ac)", 0, f0min, 15, "no", 0.03, 0.25, 0.01, 0.35, 0.25, f0max)
    syllables = 0
    for i in range(len(peaks) - 1):
        dip = call(intensity, "Get minimum", peaks[i], peaks[i + 1], "None")
        stands_out = call(intensity, "Get value at time", peaks[i], "Cubic") - dip > 2
        voiced = not math.isnan(call(voicing, "Get value at time", peaks[i], "Hertz", "Linear"))
        sounding = labels[call(grid, "Get interval at time", 1, peaks[i]) - 1] == "sounding"
        syllables += stands_out and voiced and sounding
    duration = call(sound, "Get total duration")
    return {
        "duration": duration,
        "syllables": syllables,
        "pauses": labels.count("sounding") - 1,
        "phonation_time": phonation,
        "speaking_rate": syllables / duration,
        "articulation_rate": syllables / phonation,
        "syllable_duration": phonation / syllables if syllables else math.nan,
    }


def measured(signal: np.ndarray, rate: int = RATE, **options: float) -> dict[str, float]:
    extractor = Praat(Praat.Options(**options))
    return dict(zip(extractor.names(), extractor.extract(signal, rate).tolist(), strict=True))


def assert_same(ours: dict[str, float], theirs: dict[str, float]) -> None:
    assert set(ours) == set(theirs)
    # HNR: the maximum of the correlation is interpolated from fewer samples than Praat takes
    tolerances = {name: {"rel": 1e-6, "abs": 1e-12} for name in theirs} | {"hnr": {"rel": 0, "abs": 0.01}}
    for name, expected in theirs.items():
        assert ours[name] == pytest.approx(expected, nan_ok=True, **tolerances[name]), name


@pytest.mark.parametrize("f0", [100.0, 220.0])
def test_vowels_give_what_praat_gives(f0: float) -> None:
    assert_same(measured(vowel(f0)), textbook(vowel(f0), RATE))


@pytest.mark.parametrize("rate", [RATE, 22050])
def test_a_sentence_gives_what_praat_gives(rate: int) -> None:
    assert_same(measured(sentence(rate), rate), textbook(sentence(rate), rate))


def test_f0_limits_reach_every_measure() -> None:
    signal = vowel(220)
    assert_same(measured(signal, f0min=60, f0max=300), textbook(signal, RATE, 60, 300))


@pytest.mark.skipif(not UTTERANCES, reason=f"no EmoDB in {EMODB}")
@pytest.mark.parametrize("file", UTTERANCES, ids=lambda file: file.stem)
def test_real_speech_gives_what_praat_gives(file: Path) -> None:
    signal, rate = soundfile.read(file, dtype="float32")
    assert_same(measured(signal, rate), textbook(signal, rate))


def test_a_synthetic_vowel_is_measured_as_it_was_made() -> None:
    values = measured(vowel(130, noise=0.001))
    assert values["f0_mean"] == pytest.approx(130, rel=0.01)
    assert values["voiced_fraction"] > 0.9
    for number, frequency in enumerate((600, 1200, 2500, 3500), start=1):
        assert values[f"f{number}_median"] == pytest.approx(frequency, rel=0.05)
    assert values["hnr"] > measured(vowel(130, noise=0.05))["hnr"] + 3


def test_steady_vowels_bring_no_warnings() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert measured(vowel())["pauses"] == 0


def test_a_sentence_has_its_syllables_and_its_pause() -> None:
    values = measured(sentence())
    # the last peak has no dip after it that leads to another one: the published procedure never counts it
    assert values["syllables"] == 6
    assert values["pauses"] == 1
    assert values["duration"] == pytest.approx(len(sentence()) / RATE)
    assert values["speaking_rate"] == pytest.approx(6 / values["duration"])
    assert values["articulation_rate"] > values["speaking_rate"]
    # a longer shortest pause makes it part of the speech
    assert measured(sentence(), min_pause=0.8)["pauses"] == 0


def test_constant_signals_have_no_voice_but_a_duration() -> None:
    for level in (0.0, 0.25):
        values = measured(np.full(RATE, level, dtype=np.float32))
        counted = {"voiced_fraction": 0, "duration": 1, "syllables": 0, "pauses": 0, "phonation_time": 0}
        counted["speaking_rate"] = 0
        assert {name: value for name, value in values.items() if not math.isnan(value)} == counted


def test_noise_has_no_pitch_but_hnr_and_formants_stay_defined_where_they_are() -> None:
    noise = 0.1 * np.random.default_rng(3).normal(size=RATE).astype(np.float32)
    values = measured(noise)
    assert values["voiced_fraction"] == 0 and values["syllables"] == 0
    assert (
        math.isnan(values["f0_mean"]) and math.isnan(values["jitter_local"]) and math.isnan(values["f1_mean"])
    )
    assert values["hnr"] < 0


def test_too_short_segments_name_the_minimum() -> None:
    extractor = Praat()
    with pytest.raises(NkululekoError, match=r"0\.100 s is too short for Praat; it needs at least 0\.128 s"):
        extractor.extract(vowel()[:1600], RATE)
    assert len(extractor.extract(vowel()[1000 : 1000 + 2049], RATE)) == len(extractor.names())
    low = Praat(Praat.Options(f0min=20))
    with pytest.raises(NkululekoError, match=r"at least 0\.150 s"):
        low.extract(vowel()[:2100], RATE)


def test_values_that_are_not_numbers_are_refused() -> None:
    broken = vowel()
    broken[100] = np.nan
    with pytest.raises(NkululekoError, match="not numbers"):
        Praat().extract(broken, RATE)


def test_telephone_speech_keeps_its_lower_formants() -> None:
    values = measured(vowel(rate=8000, noise=0.001), 8000)
    assert values["f1_median"] == pytest.approx(600, rel=0.1)
    assert values["f2_median"] == pytest.approx(1200, rel=0.1)


def test_impossible_options_are_refused() -> None:
    with pytest.raises(ValidationError, match=r"f0min \(300 Hz\) must be below f0max \(200 Hz\)"):
        Praat.Options(f0min=300, f0max=200)
    with pytest.raises(ValidationError):
        Praat.Options(formant_step=0)


def test_without_parselmouth_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "parselmouth", None)
    with pytest.raises(NkululekoError, match=r"feature set .praat. needs .*nkululeko\[praat\]"):
        Praat().extract(vowel(), RATE)


def test_version_names_the_library_and_the_licence_is_told() -> None:
    assert Praat().version().endswith(f";praat-parselmouth={importlib.metadata.version('praat-parselmouth')}")
    assert "GPL" in Praat.licence


def test_a_tube_twice_as_long_halves_the_formants() -> None:
    short, long = vocal_tract([600, 1800, 3000, 4200]), vocal_tract([300, 900, 1500, 2100])
    for name in ("vtl_fitch", "vtl_delta_f"):
        assert long[name] == pytest.approx(2 * short[name])
    assert short["formant_position"] == pytest.approx(0.2) and long["formant_position"] == pytest.approx(-0.4)


def test_a_missing_formant_leaves_the_sizes_undefined() -> None:
    assert all(math.isnan(value) for value in vocal_tract([500, 1500, 2500, math.nan]).values())


def test_rates_of_nothing_are_undefined() -> None:
    values = speech.rate(1.0, syllables=0, pauses=0, phonation=0.0)
    assert math.isnan(values["articulation_rate"]) and math.isnan(values["syllable_duration"])

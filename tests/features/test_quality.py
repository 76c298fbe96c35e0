"""How a segment was recorded: against levels that are known by construction, and plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkululeko.core.errors import NkululekoError
from nkululeko.features.quality import Quality
from nkululeko.testing.speech import SENTENCES, STYLES, VOICES, synthesise

RATES = [8000, 16000, 22050, 44100, 48000, 96000]


def measured(signal: np.ndarray, rate: int = 16000) -> dict[str, float]:
    extractor = Quality()
    return dict(zip(extractor.names(), extractor.extract(signal, rate).tolist(), strict=True))


def tone(amplitude: float, seconds: float = 1.0, rate: int = 16000, frequency: float = 200.0) -> np.ndarray:
    return amplitude * np.sin(2 * np.pi * frequency * np.arange(round(seconds * rate)) / rate)


def clipped_by_hand(samples: np.ndarray) -> float:
    """Runs counted one sample after the other."""
    total = 0
    for side in ([float(value) for value in samples], [-float(value) for value in samples]):
        top = max(side)
        run = 0
        for value in [*side, -math.inf]:
            if top >= 0.9 and value >= top - 2.0**-16:
                run += 1
            else:
                total += run if run >= 3 else 0
                run = 0
    return total / len(samples)


@pytest.mark.parametrize("rate", RATES)
def test_a_tone_has_the_levels_of_its_amplitude(rate):
    found = measured(tone(0.25, rate=rate), rate)
    assert found["peak_dbfs"] == pytest.approx(20 * math.log10(0.25), abs=0.02)
    assert found["level_dbfs"] == pytest.approx(20 * math.log10(0.25 / math.sqrt(2)), abs=1e-6)
    assert found["noise_floor_dbfs"] == pytest.approx(found["level_dbfs"], abs=0.02)
    assert found["dynamic_range_db"] == pytest.approx(0, abs=0.02)
    assert found["silence_share"] == found["clipped_share"] == 0
    assert found["dc_offset"] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("rate", RATES)
def test_silence_noise_floor_and_range_are_those_that_were_mixed(rate):
    """Three quarters of a second of tone at -9 dBFS, one and a quarter of noise at -70 dBFS."""
    noise = np.random.default_rng(1).normal(size=2 * rate) * 10 ** (-70 / 20)
    noise[: round(0.75 * rate)] += tone(0.5, 0.75, rate)
    found = measured(noise, rate)
    assert found["silence_share"] == pytest.approx(1.25 / 2, abs=0.02)
    assert found["noise_floor_dbfs"] == pytest.approx(-70, abs=1)
    assert found["dynamic_range_db"] == pytest.approx(70 - 9.03, abs=1)


def test_frames_far_below_the_loudest_are_silent_though_they_are_above_the_absolute_limit():
    signal = np.concatenate(
        [tone(0.9, 0.5), tone(0.9 * 10 ** (-39 / 20), 0.25), tone(0.9 * 10 ** (-41 / 20), 0.25)]
    )
    assert measured(signal)["silence_share"] == pytest.approx(0.25)


@pytest.mark.parametrize("samples", [1, 10, 399, 400, 16000])
def test_digital_silence_has_defined_values(samples):
    found = measured(np.zeros(samples, dtype=np.float32))
    assert found == {
        "peak_dbfs": -120.0, "level_dbfs": -120.0, "clipped_share": 0.0, "silence_share": 1.0, "dc_offset": 0.0,
        "noise_floor_dbfs": -120.0, "dynamic_range_db": 0.0,
    }  # fmt: skip


def test_an_offset_is_told_and_changes_no_level_but_the_peak():
    signal = tone(0.1)
    plain, shifted = measured(signal), measured(signal + 0.2)
    assert shifted.pop("dc_offset") == pytest.approx(0.2, abs=1e-6)
    assert shifted.pop("peak_dbfs") == pytest.approx(20 * math.log10(0.3), abs=0.01)
    for name, value in shifted.items():
        assert value == pytest.approx(plain[name], abs=1e-6), name


def test_clipped_speech_is_told_from_loud_speech():
    speech = synthesise(VOICES[0], STYLES[0], SENTENCES[0], seed=1)
    loud = speech / np.abs(speech).max()
    shares = [measured(np.clip(gain * loud, -1, 1))["clipped_share"] for gain in (1, 1.5, 3, 10)]
    assert shares[0] == 0
    assert 0 < shares[1] < shares[2] < shares[3] < 0.7
    assert measured(0.5 * np.clip(3 * loud, -1, 1))["clipped_share"] == 0  # not near full scale: not known
    steps = np.round(np.clip(3 * loud, -1, 32767 / 32768) * 32768) / 32768  # as a 16-bit file holds it
    assert measured(steps)["clipped_share"] == pytest.approx(shares[2], rel=0.1)


@pytest.mark.parametrize("rate", RATES)
@pytest.mark.parametrize("frequency", [120, 200, 1000])
def test_the_round_top_of_a_full_tone_is_not_clipped(rate, frequency):
    sixteen_bit = np.round(tone(32767 / 32768, rate=rate, frequency=frequency) * 32768) / 32768
    assert measured(sixteen_bit, rate)["clipped_share"] == 0


values = st.sampled_from([1.0, -1.0, 0.95, 0.5, 0.0, -0.2, 1 - 2.0**-17])


@settings(deadline=None)
@given(st.lists(values, min_size=1, max_size=60))
def test_the_clipped_share_is_that_of_a_plain_loop(samples):
    signal = np.array(samples)
    assert measured(signal)["clipped_share"] == pytest.approx(clipped_by_hand(signal))


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**31), st.integers(1, 3000), st.sampled_from(RATES), st.floats(-8, 0.2))
def test_values_stay_within_their_bounds(seed, length, rate, exponent):
    generator = np.random.default_rng(seed)
    found = measured(10**exponent * generator.normal(size=length) * (generator.random(length) < 0.5), rate)
    assert all(math.isfinite(value) for value in found.values())
    assert 0 <= found["clipped_share"] <= 1 and 0 <= found["silence_share"] <= 1
    assert -120 <= found["noise_floor_dbfs"] <= found["level_dbfs"] + 1e-6 or length < 2 * round(0.025 * rate)
    assert found["level_dbfs"] <= found["peak_dbfs"] + 1e-9
    assert found["dynamic_range_db"] >= -1e-9


@pytest.mark.parametrize(
    ("signal", "message"), [([], "no samples"), ([0.0, np.nan], "not numbers"), ([np.inf], "not numbers")]
)
def test_what_cannot_be_measured_is_an_error(signal, message):
    with pytest.raises(NkululekoError, match=message):
        Quality().extract(np.array(signal, dtype=np.float32), 16000)

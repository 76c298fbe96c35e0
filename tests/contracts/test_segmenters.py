"""Every segmenter: segments in order, within the signal, never too long, nothing where nothing is heard."""

from __future__ import annotations

from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from nkululeko.core.families import Lengths, segmenters
from nkululeko.testing.speech import SENTENCES, VOICES, style, synthesise

RATE = 16000


def loaded(name):
    if name == "silero":
        pytest.importorskip("onnxruntime", reason="NOT TESTED: onnxruntime is not installed")
    return segmenters.load(name)()


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    """Sentences with pauses of 0.3, 1 and 3 s between them, and silence around."""
    parts = [np.zeros(RATE // 2)]
    for number, pause in enumerate((0.3, 1.0, 3.0, 0.5)):
        parts += [synthesise(VOICES[number], style("anger"), SENTENCES[number], seed=number)]
        parts += [np.zeros(int(pause * RATE))]
    return np.concatenate(parts).astype(np.float32)


def test_all_are_here():
    assert {"silero", "fixed"} <= set(segmenters.names())


@pytest.mark.parametrize("name", segmenters.names())
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shortest=st.floats(0.0, 3.0), ratio=st.floats(2.0, 8.0), borders=st.booleans())
def test_limits_hold(name, speech, shortest, ratio, borders):
    segmenter = loaded(name)
    lengths = Lengths(shortest, max(0.2, shortest * ratio), borders)
    heard = segmenter.speech(speech, RATE)
    found = segmenter.segments(heard, speech, RATE, lengths)
    assert all(0 <= start < end <= len(speech) / RATE + 1e-9 for start, end in found)
    assert all(before[1] <= after[0] + 1e-9 for before, after in pairwise(found))
    assert all(shortest - 1e-5 <= end - start <= lengths.longest + 1e-5 for start, end in found)


@pytest.mark.parametrize("name", segmenters.names())
@pytest.mark.parametrize("length", [1, 800, RATE])
def test_nothing_in_silence(name, length):
    segmenter = loaded(name)
    silence = np.zeros(length, np.float32)
    assert segmenter.speech(silence, RATE) == []
    assert segmenter.segments([], silence, RATE, Lengths(0.0, 1.0)) == []


@pytest.mark.parametrize("name", segmenters.names())
def test_says_what_it_is(name):
    segmenter = loaded(name)
    segmenter.check_ready()
    assert segmenter.summary and segmenter.plugin_name() == name


def test_speech_is_found_where_it_is(speech):
    """The long pause separates, the short ones may be bridged."""
    silero = loaded("silero")
    heard = silero.speech(speech, RATE)
    found = silero.segments(heard, speech, RATE, Lengths(0.5, 20.0))
    assert all(any(a <= start and end <= b for a, b in found) for start, end in heard if end - start >= 0.5)
    quiet = np.abs(speech) < 1e-6
    pause = next(i for i in range(len(quiet) - 2 * RATE) if i > RATE and quiet[i : i + 2 * RATE].all()) / RATE
    assert not any(start < pause + 1.5 < end for start, end in found)


def test_fixed_windows_have_one_length():
    fixed = loaded("fixed")
    signal = np.ones(int(5.5 * RATE), np.float32)
    assert fixed.segments(fixed.speech(signal, RATE), signal, RATE, Lengths(1.0, 2.0)) == [
        (0.0, 2.0), (2.0, 4.0), (4.0, 5.5),
    ]  # fmt: skip
    assert len(fixed.segments([(0.0, 4.5)], signal, RATE, Lengths(1.0, 2.0))) == 2

"""Every feature set that starts from audio goes through these checks."""

from __future__ import annotations

import atexit
import math
import pickle
import shutil
import tempfile
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from checkpoints import HEADS, KINDS, make_checkpoint
from more_checkpoints import MORE, make_trill
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import FeatureSet, TextFeatureSet, features
from nkululeko.testing.speech import SENTENCES, VOICES, style, synthesise

RATE = 16000


def speech(seconds: float = 1.0, seed: int = 0) -> np.ndarray:
    """Pulses of gliding pitch and some noise through three resonances, four syllables a second."""
    from scipy.signal import lfilter

    rng = np.random.default_rng(seed)
    time = np.arange(int(seconds * RATE)) / RATE
    phase = np.cumsum(130 + 30 * np.sin(2 * np.pi * time)) / RATE
    source = np.diff(np.floor(phase), prepend=0) + 0.01 * rng.normal(size=len(time))
    for frequency, bandwidth in ((600, 80), (1300, 100), (2500, 150)):
        radius = math.exp(-math.pi * bandwidth / RATE)
        source = lfilter([1], [1, -2 * radius * math.cos(2 * math.pi * frequency / RATE), radius**2], source)
    envelope = 0.05 + np.sin(4 * np.pi * time) ** 2
    signal = source * envelope
    return (0.5 * signal / np.abs(signal).max()).astype(np.float32)


def noise(seconds: float = 1.0) -> np.ndarray:
    return 0.1 * np.random.default_rng(1).normal(size=int(seconds * RATE)).astype(np.float32)


def impulse() -> np.ndarray:
    signal = np.zeros(RATE, dtype=np.float32)
    signal[RATE // 2] = 1
    return signal


ODD_SIGNALS = {
    "silence": np.zeros(RATE, dtype=np.float32),
    "offset": np.full(RATE, 0.5, dtype=np.float32),
    "noise": noise(),
    "hardly any noise": noise() * np.float32(1e-6),
    "impulse": impulse(),
    "clipped speech": np.clip(20 * speech(), -1, 1),
    "speech after silence": np.concatenate([np.zeros(RATE, dtype=np.float32), speech(0.4)]),
    "0.3 s": speech()[2000:6800],
    "0.05 s": speech()[2000:2800],
    "one sample": np.ones(1, dtype=np.float32),
    "nothing": np.empty(0, dtype=np.float32),
}


#: those that override ``fetch`` read their values from elsewhere
FROM_TEXT = [name for name in features.names() if issubclass(features.load(name), TextFeatureSet)]
FROM_AUDIO = [
    name
    for name in features.names()
    if features.load(name).fetch is FeatureSet.fetch and name not in FROM_TEXT
]

#: what makes a network for these
NEEDED = {"audmodel": ("onnx", "onnxruntime"), "trill": ("tensorflow",)}


@cache
def checkpoint(name: str) -> str:
    """A tiny network for a feature set that needs one; the defaults would have to be fetched."""
    for package in NEEDED.get(name, ("transformers",)):
        pytest.importorskip(package, reason=f"NOT TESTED: {name} needs {package}")
    folder = tempfile.mkdtemp(prefix="checkpoint-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return str(make_trill(Path(folder)) if name == "trill" else make_checkpoint(name, Path(folder)))


def make(name: str) -> FeatureSet:
    """The plug-in with its defaults; skips where an optional package is missing."""
    plugin = features.load(name)
    extractor = plugin(
        plugin.Options(model=checkpoint(name)) if name in (*KINDS, *HEADS, *MORE, *NEEDED) else None
    )
    try:
        extractor.version()
    except NkululekoError as missing:
        pytest.skip(f"{name}: {missing}")
    return extractor


def rate_of(extractor: FeatureSet) -> int:
    return extractor.sampling_rate or RATE


def test_there_is_something_to_check() -> None:
    assert FROM_AUDIO and FROM_TEXT


@pytest.mark.parametrize("name", FROM_AUDIO)
class TestFeatureSet:
    def test_names_are_unique_and_as_many_as_values(self, name: str) -> None:
        extractor = make(name)
        names = extractor.names()
        assert names and all(
            isinstance(column, str) and column.strip() == column and column for column in names
        )
        assert len(set(names)) == len(names)
        vector = extractor.extract(speech(), rate_of(extractor))
        assert vector.shape == (len(names),)
        assert vector.dtype in (np.float32, np.float64)

    def test_speech_has_values(self, name: str) -> None:
        extractor = make(name)
        vector = extractor.extract(speech(2.0), rate_of(extractor))
        if shape := extractor.shape():  # beyond the end of a sequence there is nothing
            vector = vector[: np.flatnonzero(np.isfinite(vector)).max(initial=-1) + 1]
            assert len(vector) > 100 * shape[1]
        assert np.mean(np.isfinite(vector)) > 0.9

    def test_sequences_say_their_shape_and_end_in_missing_values(self, name: str) -> None:
        extractor = make(name)
        shape = extractor.shape()
        if shape is None:
            return
        frames, columns = shape
        assert frames * columns == len(extractor.names())
        ends = []
        for seconds in (0.5, 1.0, 100.0):
            present = np.isfinite(extractor.extract(speech(seconds), rate_of(extractor)).reshape(shape))
            ends.append(present.any(axis=1).sum())
            assert not present[ends[-1] :].any() and present[: ends[-1]].all(axis=1).mean() > 0.9
        assert 0 < ends[0] < ends[1] < ends[2] <= frames

    def test_different_signals_differ(self, name: str) -> None:
        extractor = make(name)
        # a voice that all take for speech, the detector of speech included
        voice = synthesise(VOICES[0], style("neutral"), SENTENCES[0], seed=1)
        one, other = (extractor.extract(signal, rate_of(extractor)) for signal in (voice, noise()))
        assert not np.array_equal(one, other, equal_nan=True)

    def test_same_signal_same_values(self, name: str) -> None:
        first, second = make(name), make(name)
        signal = speech()
        once = first.extract(signal, rate_of(first))
        first.extract(noise(), rate_of(first))  # what came before leaves no trace
        for again in (
            first.extract(signal, rate_of(first)),
            second.extract(signal, rate_of(second)),
            first.extract(signal.copy(), rate_of(first)),
            first.extract(np.repeat(signal, 2)[::2], rate_of(first)),  # not contiguous
        ):
            np.testing.assert_array_equal(again, once)

    def test_the_input_is_left_alone(self, name: str) -> None:
        extractor = make(name)
        signal = speech()
        signal.setflags(write=False)
        extractor.extract(signal, rate_of(extractor))
        np.testing.assert_array_equal(signal, speech())

    @pytest.mark.parametrize("odd", ODD_SIGNALS)
    def test_odd_signals_give_a_vector_or_a_clear_error(self, name: str, odd: str) -> None:
        extractor = make(name)
        try:
            vector = extractor.extract(ODD_SIGNALS[odd], rate_of(extractor))
        except NkululekoError as error:
            assert str(error).strip() and "\n" not in str(error)
        else:
            assert vector.shape == (len(extractor.names()),)
            assert not np.any(np.isinf(vector))

    def test_it_says_what_it_is(self, name: str) -> None:
        extractor = make(name)
        assert isinstance(extractor.version(), str) and extractor.version()
        assert extractor.version() == make(name).version()
        assert extractor.summary and extractor.workers in ("threads", "processes")
        assert all(field.description for field in type(extractor.options).model_fields.values())

    def test_it_travels_to_worker_processes(self, name: str) -> None:
        extractor = make(name)
        there = pickle.loads(pickle.dumps(extractor))
        assert there.names() == extractor.names()
        np.testing.assert_array_equal(
            there.extract(speech(), rate_of(there)), extractor.extract(speech(), rate_of(extractor))
        )


ODD_TEXTS = ["a dog barks.", "???", "\N{SNOWMAN} caf\u00e9", "word " * 3000, "\x00", "a" * 5000]


@pytest.mark.parametrize("name", FROM_TEXT)
class TestTextFeatureSet:
    def test_any_text_has_values(self, name: str) -> None:
        extractor = make(name)
        names, vectors = extractor.names(), extractor.extract_texts(ODD_TEXTS)
        assert vectors.shape == (len(ODD_TEXTS), len(names)) and len(set(names)) == len(names)
        assert np.isfinite(vectors).all()
        assert not np.array_equal(vectors[0], vectors[1])

    def test_each_is_the_same_in_any_company(self, name: str) -> None:
        extractor = make(name)
        alone = [extractor.extract_texts([text])[0] for text in ODD_TEXTS]
        np.testing.assert_allclose(extractor.extract_texts(ODD_TEXTS), alone, atol=1e-5)

    def test_it_says_what_it_is(self, name: str) -> None:
        extractor = make(name)
        assert extractor.version() and extractor.version() == make(name).version() and extractor.summary
        assert all(field.description for field in type(extractor.options).model_fields.values())
        with pytest.raises(NkululekoError):
            extractor.extract(speech(), RATE)

    def test_it_names_its_column_or_says_that_there_is_none(self, name: str) -> None:
        extractor = make(name)
        assert extractor.column(["speaker", "text"]) == "text"
        with pytest.raises(NkululekoError) as problem:
            extractor.column(["speaker"])
        assert str(problem.value).strip() and "\n" not in str(problem.value)

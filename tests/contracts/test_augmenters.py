"""Every augmenter: the same for the same seed, another for another, a usable signal, nothing global is changed."""

from __future__ import annotations

import random

import numpy as np
import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import augmenters
from nkululeko.testing.speech import SENTENCES, VOICES, style, synthesise

RATE = 16000
NEEDED = {"traditional": "audiomentations", "auglib": "auglib"}


def loaded(name, **options):
    if name in NEEDED:
        pytest.importorskip(NEEDED[name], reason=f"NOT TESTED: {NEEDED[name]} is not installed")
    kind = augmenters.load(name)
    augmenter = kind(kind.Options(**options))
    augmenter.check_ready()
    return augmenter


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return synthesise(VOICES[0], style("anger"), SENTENCES[0], seed=1).astype(np.float32)


def test_all_are_here():
    assert {"traditional", "random_splice", "auglib"} <= set(augmenters.names())


@pytest.mark.parametrize("name", augmenters.names())
@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_seeds_decide_everything(name, speech, rate):
    augmenter = loaded(name)
    before = speech.copy()
    one, same, other = (augmenter.augment(speech, rate, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert len(one) != len(other) or not np.allclose(one, other)
    np.testing.assert_array_equal(speech, before)
    for copy in (one, other):
        assert copy.ndim == 1 and np.isfinite(copy).all() and np.abs(copy).max() > 0.01
        assert 0.7 < len(copy) / len(speech) < 1.4
        assert len(copy) != len(speech) or not np.allclose(copy, speech)


@pytest.mark.parametrize("name", augmenters.names())
def test_global_generators_stay_as_they_are(name, speech):
    augmenter = loaded(name)
    random.seed(3)
    np.random.seed(3)  # noqa: NPY002
    expected = random.Random(3).random(), np.random.RandomState(3).rand()
    augmenter.augment(speech, RATE, 1)
    assert (random.random(), np.random.rand()) == expected  # noqa: NPY002


@pytest.mark.parametrize("name", augmenters.names())
@pytest.mark.parametrize("length", [1, 300, RATE])
def test_nothing_worse_than_a_clear_error(name, length):
    augmenter = loaded(name)
    for signal in (np.zeros(length, np.float32), np.full(length, 0.1, np.float32)):
        try:
            copy = augmenter.augment(signal, RATE, 5)
        except NkululekoError as problem:
            assert problem.what
        else:
            assert np.isfinite(copy).all()


@pytest.mark.parametrize("name", augmenters.names())
def test_identity_is_plain(name):
    import json

    augmenter = loaded(name)
    assert json.dumps(augmenter.identity(), sort_keys=True) == json.dumps(
        loaded(name).identity(), sort_keys=True
    )
    assert augmenter.summary

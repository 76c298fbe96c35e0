"""What each augmenter does, and what it refuses."""

from __future__ import annotations

import importlib.util

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given, settings

from nkululeko.audio.augmenters import random_splice
from nkululeko.audio.augmenters._transformations import steps_of
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import augmenters

RATE = 16000


def made(name, **options):
    kind = augmenters.load(name)
    return kind(kind.Options(**options))


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), seconds=st.floats(0.31, 3.0), reverse=st.sampled_from([0.0, 0.3, 1.0]))
def test_splicing_loses_nothing(seed, seconds, reverse):
    """A ramp: each value tells where it was, so that pieces can be found again."""
    signal = np.linspace(0.1, 1.0, int(seconds * RATE)).astype(np.float32)
    spliced = made("random_splice", p_reverse=reverse).augment(signal, RATE, seed)
    steps = np.diff(spliced)
    slope = 0.9 / (len(signal) - 1)
    kept = np.abs(np.abs(steps) - slope) < slope / 10
    # all but the fades is a part of the original, forwards or backwards
    joins = round((len(signal) - len(spliced)) / round(random_splice.FADE * RATE))
    assert joins >= 1
    assert (~kept).sum() <= joins * (round(random_splice.FADE * RATE) + 1)
    forwards = (steps[kept] > 0).mean()
    assert (forwards == 1) if reverse == 0 else (forwards == 0) if reverse == 1 else True
    assert random_splice.PIECE[0] * (joins + 1) <= seconds <= random_splice.PIECE[1] * (joins + 2)
    assert not np.array_equal(np.argsort(spliced), np.arange(len(spliced)))


def test_cuts_are_put_where_it_is_quiet():
    """Bursts of 0.2 s with silence of 0.1 s between them: no cut in a burst."""
    burst = np.concatenate([np.ones(int(0.2 * RATE)), np.zeros(int(0.1 * RATE))])
    signal = np.tile(burst, 10).astype(np.float32)
    cuts = random_splice._cuts(signal, RATE, 12.0, np.random.default_rng(0))
    assert len(cuts) > 3
    # but for the last, where there may be no quiet place left
    assert all(signal[cut] == 0 for cut in cuts[:-1])
    loud = random_splice._cuts(np.ones_like(signal), RATE, 12.0, np.random.default_rng(0))
    assert len(loud) > 3


def test_splicing_refuses_what_it_cannot():
    with pytest.raises(NkululekoError, match="silent"):
        made("random_splice").augment(np.zeros(RATE, np.float32), RATE, 1)
    with pytest.raises(NkululekoError, match="too short"):
        made("random_splice").augment(np.ones(1000, np.float32), RATE, 1)


@pytest.mark.parametrize(
    "asked",
    [
        {"Gain": {"p": 1.0}, "Reverse": {}},
        "Compose([Gain(p=1.0), Reverse()])",
        "Compose([\n Gain(p=1.0),\n Reverse(),\n])",
        "[Gain(p=1.0), Reverse]",
        ["Gain(p=1.0)", "Reverse"],
        [{"Gain": {"p": 1.0}}, "Reverse"],
        "A.Compose([A.Gain(p=1.0), A.Reverse()])",
    ],
)
def test_spellings_of_the_same(asked):
    assert steps_of(asked, "x") == [("Gain", {"p": 1.0}), ("Reverse", {})]


@pytest.mark.parametrize(
    "asked",
    [
        "__import__('os').system('touch marker')",
        "Gain(p=__import__('os').getpid())",
        "Gain(1.0)",
        "Gain(**{'p': 1})",
        "[Gain for x in y]",
        "Gain(",
        {"Gain": 1.0},
        "lambda: 1",
    ],
)
def test_nothing_is_executed(asked, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NkululekoError, match="cannot read"):
        steps_of(asked, "AUGMENT.augmentations")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name, option", [("traditional", "augmentations"), ("auglib", "transformations")])
@pytest.mark.parametrize(
    "asked, match", [({"Lambda": {}}, "unknown transformation 'Lambda'"), ({"system": {}}, "unknown")]
)
def test_only_what_is_known(name, option, asked, match):
    package = "audiomentations" if name == "traditional" else name
    pytest.importorskip(package, reason=f"NOT TESTED: {package} is not installed")
    with pytest.raises(NkululekoError, match=match):
        made(name, **{option: asked}).check_ready()


def test_settings_reach_the_library():
    pytest.importorskip("audiomentations", reason="NOT TESTED: audiomentations is not installed")
    signal = np.linspace(-0.5, 0.5, RATE).astype(np.float32)
    turned = made("traditional", augmentations="Compose([Reverse(p=1.0)])")
    np.testing.assert_array_equal(turned.augment(signal, RATE, 1), signal[::-1])
    softer = made("traditional", augmentations={"Gain": {"min_gain_db": -6.0, "max_gain_db": -6.0, "p": 1.0}})
    np.testing.assert_allclose(softer.augment(signal, RATE, 1), signal * 10 ** (-6 / 20), rtol=1e-5)
    with pytest.raises(NkululekoError, match="Gain has no setting 'min_gain'; did you mean 'min_gain_db'"):
        made("traditional", augmentations={"Gain": {"min_gain": 3}}).check_ready()
    with pytest.raises(NkululekoError, match=r"TimeStretch\(min_rate=-1\): "):
        made("traditional", augmentations={"TimeStretch": {"min_rate": -1}}).check_ready()


def test_noise_has_the_level_that_is_asked_for():
    pytest.importorskip("auglib", reason="NOT TESTED: auglib is not installed")
    signal = (0.1 * np.sin(np.arange(RATE) / 5)).astype(np.float32)
    noisy = made("auglib", transformations={"WhiteNoiseGaussian": {"snr_db": 20}}).augment(signal, RATE, 1)
    noise = noisy - signal
    assert 10 * np.log10(np.mean(signal**2) / np.mean(noise**2)) == pytest.approx(20, abs=0.5)


@pytest.mark.parametrize("name, package", [("traditional", "audiomentations"), ("auglib", "auglib")])
def test_a_missing_package_names_its_extra(name, package, monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(
        NkululekoError, match=rf'needs the package {package}; pip install "nkululeko\[augment\]"'
    ):
        made(name).check_ready()
    assert importlib.util.find_spec("nkululeko.audio.augmenters." + name)

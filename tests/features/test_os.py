"""openSMILE: exactly the values of its own Python package."""

from __future__ import annotations

import itertools
import warnings

import numpy as np
import opensmile
import pytest
from pydantic import ValidationError

from nkululeko.core import engine
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features
from nkululeko.features.os import LEVELS, POOLING, SETS, OpenSmile, OsOptions

RATE = 16000
NATIVE = {
    "functionals": opensmile.FeatureLevel.Functionals,
    "lld": opensmile.FeatureLevel.LowLevelDescriptors,
    "frame": opensmile.FeatureLevel.LowLevelDescriptors,
    "lld_de": opensmile.FeatureLevel.LowLevelDescriptors_Deltas,
}


def signal(seconds: float = 0.6, seed: int = 0) -> np.ndarray:
    """A tone that rises, with overtones and noise."""
    t = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * (120 * t + 40 * t**2)
    tone = sum(np.sin(k * phase) / k for k in range(1, 12))
    return (0.1 * tone + 0.01 * np.random.default_rng(seed).normal(size=len(t))).astype(np.float32)


def directly(name: str, level: str, samples: np.ndarray, rate: int = RATE):  # type: ignore[no-untyped-def]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # older sets are the user's choice
        return opensmile.Smile(opensmile.FeatureSet[name], NATIVE[level]).process_signal(samples, rate)


def os_features(**options: object) -> OpenSmile:
    return OpenSmile(OsOptions(**options))


@pytest.mark.parametrize("name", ["eGeMAPSv02", "ComParE_2016"])
def test_functionals(name: str) -> None:
    expected = directly(name, "functionals", signal())
    found = os_features(set=name)
    assert found.names() == list(expected.columns)
    np.testing.assert_array_equal(found.extract(signal(), RATE), expected.to_numpy()[0])


@pytest.mark.parametrize(
    ("name", "level"), [("eGeMAPSv02", "lld"), ("ComParE_2016", "lld"), ("ComParE_2016", "lld_de")]
)
def test_descriptors_are_pooled_over_time(name: str, level: str) -> None:
    frames = directly(name, level, signal())
    found = os_features(set=name, level=level)
    values = dict(zip(found.names(), found.extract(signal(), RATE), strict=True))
    assert len(frames) > 20
    for column in frames:
        assert values[f"{column}_mean"] == pytest.approx(frames[column].mean(), rel=1e-4, abs=1e-6)
        assert values[f"{column}_std"] == pytest.approx(frames[column].std(ddof=0), rel=1e-4, abs=1e-6)
    assert len(values) == 2 * len(frames.columns)


def test_other_pooling() -> None:
    frames = directly("eGeMAPSv02", "lld", signal())
    found = os_features(level="frame", pooling=("max", "min", "median"))
    expected = [getattr(frames[c], how)() for how in ("max", "min", "median") for c in frames]
    np.testing.assert_allclose(found.extract(signal(), RATE), expected, rtol=1e-6)
    assert found.names()[0].endswith("_max") and found.names()[-1].endswith("_median")
    for name, function in POOLING.items():
        assert function(np.array([[1.0, 2.0, 6.0]]))[0] == {"mean": 3, "min": 1, "max": 6, "median": 2}.get(
            name, pytest.approx(np.std([1, 2, 6]))
        )


@pytest.mark.parametrize(
    ("name", "level"),
    [("eGeMAPSv02", "lld"), ("eGeMAPSv02", "frame"), ("ComParE_2016", "lld_de"), ("IS09", "lld_de")],
)
def test_without_pooling_frames_stay_a_sequence(name: str, level: str) -> None:
    """IS09 with deltas gives one frame more than there are hops: it has no room."""
    expected = directly(name, level, signal())
    found = os_features(set=name, level=level, pooling=(), max_duration=0.6)
    assert found.shape() == (60, len(expected.columns))
    row = found.extract(signal(), RATE)
    frames = row.reshape(found.shape())
    assert row.dtype == np.float32 and len(found.names()) == len(row)
    kept = min(60, len(expected))
    np.testing.assert_array_equal(frames[:kept], expected.to_numpy()[:kept])
    assert np.isnan(frames[kept:]).all() and 54 <= kept <= 60
    names = [f"{column}_t{frame:03d}" for frame in range(60) for column in expected]
    assert found.names() == names


@pytest.mark.parametrize("rate", [8000, 16000, 44100])
def test_a_sequence_is_that_of_the_first_seconds(rate: int) -> None:
    """Nothing that comes later changes it; the frames are 10 ms apart at any rate."""
    found = os_features(level="lld", pooling=(), max_duration=0.5)
    long = np.random.default_rng(0).normal(size=rate).astype(np.float32) / 10
    changed = long.copy()
    changed[round(0.5 * rate) :] = 0
    once = found.extract(long, rate)
    np.testing.assert_array_equal(found.extract(changed, rate), once)
    frames = once.reshape(found.shape())
    assert frames.shape == (50, 25)
    assert np.isfinite(frames[:44]).all() and np.isnan(frames[-1]).all()


def test_five_seconds_by_default() -> None:
    assert os_features(level="lld", pooling=()).shape() == (500, 25)


@pytest.mark.parametrize("spelling", [(), ("none",), ("None",)])
def test_spellings_of_no_pooling(spelling: tuple[str, ...]) -> None:
    options = OsOptions(level="lld", pooling=spelling)
    assert options.pooling == () and options.is_sequence


@pytest.mark.parametrize("options", [{}, {"pooling": ()}, {"level": "lld"}])
def test_vectors_have_no_shape_and_any_length(options: dict) -> None:
    found = os_features(**options, max_duration=0.3)
    assert found.shape() is None
    np.testing.assert_array_equal(
        found.extract(signal(), RATE), os_features(**options).extract(signal(), RATE)
    )
    assert not np.array_equal(found.extract(signal(), RATE), found.extract(signal()[: RATE // 3], RATE))


def test_what_the_feature_store_knows_vectors_by_stays_as_it_was() -> None:
    """``max_duration`` came later: rows that were stored before it must be found again."""
    before = {"set": "eGeMAPSv02", "level": "lld", "pooling": ["mean", "std"]}
    assert OsOptions(level="lld").model_dump(mode="json") == before
    assert OsOptions(level="lld", max_duration=3).model_dump(mode="json") == before
    sequence = before | {"pooling": [], "max_duration": 5.0}
    for given in ({}, {"max_duration": 5}):
        assert OsOptions(level="lld", pooling=(), **given).model_dump(mode="json") == sequence
    again = OsOptions(**sequence)
    assert again.model_dump(mode="json") == sequence and again.seconds == 5


@pytest.mark.parametrize(("name", "level"), [*itertools.product(SETS, LEVELS)])
def test_every_set_and_level(name: str, level: str) -> None:
    if level == "lld_de" and "GeMAPS" in name:
        with pytest.raises(
            ValidationError, match="has no level 'lld_de'; expected one of: functionals, lld, frame"
        ):
            OsOptions(set=name, level=level)
        return
    found = os_features(set=name, level=level)
    vector = found.extract(signal(0.3), RATE)
    assert vector.shape == (len(found.names()),) == (len(set(found.names())),)
    assert vector.dtype == np.float32 and np.isfinite(vector).all()


def test_all_sets_of_the_library_can_be_asked_for() -> None:
    assert set(SETS) == set(opensmile.FeatureSet.__members__)


@pytest.mark.parametrize(
    "options", [{"level": "functionals"}, {"level": "lld"}, {"level": "lld", "pooling": ()}]
)
@pytest.mark.parametrize("samples", [0, 1, 400])
def test_too_short(options: dict, samples: int) -> None:
    with pytest.raises(NkululekoError, match=rf"too short for openSMILE \({samples / RATE:.3f} s\)"):
        os_features(**options).extract(signal()[:samples], RATE)


@pytest.mark.parametrize("rate", [8000, 22050, 48000])
def test_any_sampling_rate(rate: int) -> None:
    expected = directly("eGeMAPSv02", "functionals", signal(), rate)
    np.testing.assert_array_equal(os_features().extract(signal(), rate), expected.to_numpy()[0])


def test_a_segment_leaves_no_trace_in_the_next() -> None:
    found = os_features()
    alone = found.extract(signal(), RATE)
    found.extract(signal(0.9, 5), RATE)
    with pytest.raises(NkululekoError):
        found.extract(signal()[:100], RATE)
    np.testing.assert_array_equal(found.extract(signal(), RATE), alone)


def test_threads_do_not_disturb_each_other() -> None:
    """Workers share the plug-in; openSMILE itself keeps state while it works."""
    found = os_features()
    signals = [signal(0.3 + 0.02 * n, n) for n in range(12)]
    expected = {n: found.extract(s, RATE) for n, s in enumerate(signals)}
    results = dict(
        engine.unordered(lambda n: (n, found.extract(signals[n], RATE)), range(12), workers="threads", jobs=4)
    )
    for n, vector in results.items():
        np.testing.assert_array_equal(vector, expected[n])


def test_silence_has_features() -> None:
    assert np.isfinite(os_features().extract(np.zeros(RATE, np.float32), RATE)).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"set": "eGeMAPSv2"}, "unknown openSMILE set 'eGeMAPSv2'; did you mean 'eGeMAPSv02'"),
        ({"level": "functional"}, "unknown level 'functional'; did you mean 'functionals'"),
        ({"pooling": ("mena",)}, "unknown pooling 'mena'; did you mean 'mean'"),
        ({"level": "lld", "pooling": ("nane",)}, "unknown pooling 'nane'; did you mean '.*none'"),
        ({"level": "lld", "pooling": ("none", "mean")}, "unknown pooling 'none'"),
        ({"max_duration": 0}, "greater than 0"),
    ],
)
def test_mistakes(options: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        OsOptions(**options)


def test_it_says_its_version_and_its_licence() -> None:
    plugin = features.load("os")
    assert opensmile.__version__ in plugin().version()
    assert "research" in plugin.licence

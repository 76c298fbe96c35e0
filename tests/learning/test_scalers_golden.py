"""Each scaler against scikit-learn's, and against the formula where it has none."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import scalers
from nkululeko.learning.scalers._moments import moments


def data() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    scale = np.array([1e-4, 1.0, 1e3, 1.0, 1.0, 2.0])
    train, test = rng.normal(1, 1, size=(50, 6)) * scale, rng.normal(1, 2, size=(20, 6)) * scale
    train[:, 3] = 0.1  # constant, and not exactly representable
    train[:, 4] = 0.0
    return train, test


def golden(name: str):
    from sklearn import preprocessing

    return {
        "standard": preprocessing.StandardScaler(),
        "robust": preprocessing.RobustScaler(),
        "minmax": preprocessing.MinMaxScaler(),
        "maxabs": preprocessing.MaxAbsScaler(),
        "normalizer": preprocessing.Normalizer(),
        "powertransformer": preprocessing.PowerTransformer(),
        "quantiletransformer": preprocessing.QuantileTransformer(n_quantiles=50),
    }[name]


@pytest.mark.parametrize(
    "name",
    ["standard", "robust", "minmax", "maxabs", "normalizer", "powertransformer", "quantiletransformer"],
)
@pytest.mark.parametrize("gaps", [False, True])
def test_equals_scikit_learn(name, gaps):
    train, test = data()
    if gaps and name != "normalizer":  # scikit-learn's takes no missing values
        train[::7, 0] = test[3, 1] = np.nan
    scaler, twin = scalers.load(name)(), golden(name)
    scaler.fit(train)
    np.testing.assert_allclose(
        scaler.transform(test), twin.fit(train).transform(test), rtol=1e-12, atol=1e-12
    )


def test_standard_equals_scikit_learn_to_the_last_bit():
    from sklearn.preprocessing import StandardScaler

    train, test = data()
    scaler = scalers.load("standard")()
    scaler.fit(train)
    np.testing.assert_array_equal(scaler.transform(test), StandardScaler().fit(train).transform(test))


@settings(max_examples=50, deadline=None)
@given(arrays(np.float64, (7, 3), elements=st.floats(-1e6, 1e6, width=32)))
def test_moments_equal_numpy(features):
    mean, scale = moments(features)
    np.testing.assert_allclose(mean, features.mean(axis=0), atol=1e-9)
    spread = features.std(axis=0)
    real = spread > 1e-6
    np.testing.assert_allclose(scale[real], spread[real], rtol=1e-6)
    assert (scale > 0).all()
    assert (scale[np.ptp(features, axis=0) == 0] == 1).all()


def test_speaker_standardises_each_speaker_by_itself():
    rng = np.random.default_rng(1)
    features = rng.normal(size=(9, 2)) * 5 + 100
    groups = np.array(["anna", "bert"] * 4 + ["carl"], dtype=object)
    scaler = scalers.load("speaker")()
    scaler.fit(features[:2], groups[:2])
    scaled = scaler.transform(features, groups)
    for name in ("anna", "bert"):
        own = features[groups == name]
        np.testing.assert_allclose(scaled[groups == name], (own - own.mean(axis=0)) / own.std(axis=0))
    assert (scaled[8] == 0).all()


@pytest.mark.parametrize("groups", [None, np.array(["a", None, "b"], dtype=object), np.array(["a", "", "b"])])
def test_speaker_says_that_it_needs_speakers(groups):
    with pytest.raises(NkululekoError, match="needs the speaker of every sample"):
        scalers.load("speaker")().fit(np.ones((3, 2)), groups)


def test_bins_are_thirds():
    scaler = scalers.load("bins")()
    train = np.arange(9.0)[:, None]
    scaler.fit(train)
    assert scaler.transform(train).ravel().tolist() == [0, 0, 0, 0.5, 0.5, 0.5, 1, 1, 1]
    assert scaler.transform(np.array([[-9.0], [99.0]])).ravel().tolist() == [0, 1]


def test_minmax_reaches_both_ends_exactly():
    train, _ = data()
    scaler = scalers.load("minmax")()
    scaler.fit(train)
    scaled = scaler.transform(train)[:, :3]
    assert (scaled.min(axis=0) == 0).all()
    assert (scaled.max(axis=0) == 1).all()

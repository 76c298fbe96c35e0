"""Every scaler through the common checks."""

from __future__ import annotations

import numpy as np
import pytest

from nkululeko.core.families import Scaler, scalers

NAMES = scalers.names()
rng = np.random.default_rng(7)
TRAIN = rng.normal(5, 3, size=(40, 4))
TEST = rng.normal(5, 3, size=(15, 4))
TRAIN_GROUPS = np.array([f"s{number % 4}" for number in range(40)])
TEST_GROUPS = np.array([f"t{number % 3}" for number in range(15)])


def fitted(name: str, features: np.ndarray = TRAIN, groups: np.ndarray = TRAIN_GROUPS) -> Scaler:
    scaler = scalers.load(name)()
    scaler.fit(features, groups[: len(features)])
    return scaler


def test_the_scalers_of_the_manual_are_there():
    expected = (
        "standard robust speaker bins minmax maxabs normalizer powertransformer quantiletransformer none"
    )
    assert set(expected.split()) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_it_is_named_and_described(name):
    assert scalers.load(name).plugin_name() == name
    assert scalers.load(name).summary


@pytest.mark.parametrize("name", NAMES)
def test_the_shape_stays_and_the_input_too(name):
    train, test = TRAIN.copy(), TEST.copy()
    scaler = fitted(name, train)
    scaled = scaler.transform(test, TEST_GROUPS)
    assert scaled.shape == TEST.shape
    assert scaled.dtype == np.float64
    assert np.isfinite(scaled).all()
    np.testing.assert_array_equal(train, TRAIN)
    np.testing.assert_array_equal(test, TEST)


@pytest.mark.parametrize("name", NAMES)
def test_state_is_plain_and_restores_to_the_last_bit(name):
    scaler = fitted(name)
    state = scaler.state()
    assert all(isinstance(array, np.ndarray) and array.dtype.kind in "biufU" for array in state.values())
    twin = scalers.load(name)()
    twin.restore(state)
    expected = scaler.transform(TEST, TEST_GROUPS)
    np.testing.assert_array_equal(twin.transform(TEST, TEST_GROUPS), expected)
    for key, array in twin.state().items():
        np.testing.assert_array_equal(array, state[key])


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_feature_does_no_harm(name):
    train, test = TRAIN.copy(), TEST.copy()
    train[:, 1] = test[:, 1] = 3.0
    train[:, 2] = test[:, 2] = 0.0
    assert np.isfinite(fitted(name, train).transform(test, TEST_GROUPS)).all()


@pytest.mark.parametrize("name", NAMES)
def test_one_feature_and_few_rows(name):
    scaled = fitted(name, TRAIN[:3, :1]).transform(TEST[:1, :1], TEST_GROUPS[:1])
    assert scaled.shape == (1, 1)
    assert np.isfinite(scaled).all()


@pytest.mark.parametrize("name", NAMES)
def test_missing_values_stay_missing_and_touch_no_other_feature(name):
    train, test = TRAIN.copy(), TEST.copy()
    train[::5, 0] = np.nan
    train[:, 3] = np.nan
    test[2, 0] = np.nan
    test[:, 3] = np.nan
    scaled = fitted(name, train).transform(test, TEST_GROUPS)
    np.testing.assert_array_equal(np.isnan(scaled), np.isnan(test))
    if name != "normalizer":  # there a row's other features do depend on it
        others = fitted(name).transform(TEST, TEST_GROUPS)[:, 1:3]
        np.testing.assert_allclose(scaled[:, 1:3], others, rtol=0, atol=1e-12)


@pytest.mark.parametrize("name", NAMES)
def test_a_test_row_has_no_influence_on_other_speakers(name):
    before = fitted(name).transform(TEST, TEST_GROUPS)
    changed = TEST.copy()
    changed[TEST_GROUPS == "t0"] *= 1000
    after = fitted(name).transform(changed, TEST_GROUPS)
    others = TEST_GROUPS != "t0"
    np.testing.assert_array_equal(after[others], before[others])


@pytest.mark.parametrize("name", NAMES)
def test_labels_of_groups_play_no_part(name):
    renamed = np.char.add("x", TEST_GROUPS)
    scaler = fitted(name)
    np.testing.assert_array_equal(scaler.transform(TEST, renamed), scaler.transform(TEST, TEST_GROUPS))

"""The numbers behind the pictures of an exploration, against independent implementations."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nkululeko.plots import _numbers

VALUES = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=60)


@pytest.mark.parametrize("seed", range(4))
def test_density_is_that_of_scipy(seed):
    values = np.random.default_rng(seed).normal(-50, 4, 400)
    places, curve = _numbers.density(values)
    width = _numbers.bandwidth(values)
    expected = stats.gaussian_kde(values, bw_method=width / values.std(ddof=1))(places)
    np.testing.assert_allclose(curve, expected, atol=0.005 * expected.max())


def test_bandwidth_is_silverman_s():
    values = np.random.default_rng(1).normal(0, 2, 500)
    spread = min(values.std(ddof=1), stats.iqr(values) / 1.34)
    assert _numbers.bandwidth(values) == pytest.approx(0.9 * spread * 500**-0.2)


def test_density_of_what_is_never_negative_is_not_negative():
    places, _ = _numbers.density(np.random.default_rng(1).exponential(1, 100))
    assert places[0] == 0


@settings(max_examples=60, deadline=None)
@given(VALUES)
def test_density_is_defined_and_adds_up_to_one(values):
    array = np.array(values) - max(values) - 1  # below zero: nothing is cut off there
    if _numbers.constant(array):
        return
    places, curve = _numbers.density(array, beyond=5)
    assert np.isfinite(curve).all() and (curve >= 0).all()
    assert np.trapezoid(curve, places) == pytest.approx(1, abs=0.03)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.floats(-1e9, 1e9), max_size=60))
def test_all_values_fall_into_bins(values):
    array = np.array(values)
    borders = _numbers.edges(array)
    assert (np.diff(borders) > 0).all()
    assert len(borders) <= 42
    assert np.histogram(array, borders)[0].sum() == len(array)


def test_few_whole_numbers_have_a_bin_each():
    assert _numbers.edges(np.array([1.0, 2, 2, 5])).tolist() == [0.5, 1.5, 2.5, 3.5, 4.5, 5.5]


@pytest.mark.parametrize("count", [3, 4, 30])
def test_line_and_band(count):
    random = np.random.default_rng(count)
    x = random.normal(5, 2, count)
    y = 3 * x + random.normal(0, 2, count)
    found = _numbers.line(x, y)
    fit = stats.linregress(x, y)
    np.testing.assert_allclose(found.y, fit.intercept + fit.slope * found.x)
    # at x = 0 the line's error is that of the intercept, so the data are moved to each place in turn
    for place, half in zip(found.x[::10], found.half[::10], strict=True):
        moved = stats.linregress(x - place, y)
        assert half == pytest.approx(stats.t.ppf(0.975, count - 2) * moved.intercept_stderr)


@pytest.mark.parametrize(("x", "y"), [([1.0, 2.0], [1.0, 2.0]), ([3.0] * 5, [1.0, 2, 3, 4, 5]), ([], [])])
def test_line_that_is_not_defined(x, y):
    assert _numbers.line(np.array(x), np.array(y)) is None


def test_interval_of_a_mean():
    values = np.random.default_rng(3).normal(10, 3, 12)
    low, high = stats.t.interval(0.95, 11, loc=values.mean(), scale=stats.sem(values))
    mean, half = _numbers.mean_interval(values)
    assert (mean - half, mean + half) == pytest.approx((low, high))
    assert np.isnan(_numbers.mean_interval(np.array([1.0]))[1])
    assert np.isnan(_numbers.mean_interval(np.array([]))).all()


def test_what_is_constant():
    assert _numbers.constant(np.array([]))
    assert _numbers.constant(np.array([0.1 + 0.2, 0.3]))
    assert _numbers.constant(np.array([0.0, 5e-324]))
    assert not _numbers.constant(np.array([0.0, 1e-9]))


def test_some_are_the_same_each_time_and_in_order():
    once, again = _numbers.some(1000, 50), _numbers.some(1000, 50)
    assert once.tolist() == again.tolist() == sorted(set(once.tolist()))
    assert len(once) == 50
    assert _numbers.some(5, 50).tolist() == [0, 1, 2, 3, 4]

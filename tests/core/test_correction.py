"""P-values of many tests against their definitions and scipy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from nkululeko.core.correction import benjamini_hochberg, holm

P = st.lists(st.floats(0, 1), max_size=30)


def test_holm_equals_the_definition():
    p = [0.01, 0.2, 0.012, 0.9, 0.5]
    rejected = {}
    for level in np.arange(0, 1.0005, 0.0005):  # step down: stop at the first that does not fall below
        for rank, i in enumerate(np.argsort(p)):
            if p[i] > level / (len(p) - rank) + 1e-12:
                break
            rejected.setdefault(int(i), level)
    expected = [rejected.get(i, 1.0) for i in range(len(p))]
    assert holm(p) == pytest.approx(expected, abs=0.0006)
    assert holm([0.01, np.nan, 0.02])[::2] == [0.02, 0.02]
    assert holm([0.01, 0.02], tests=10) == pytest.approx([0.1, 0.18])
    assert holm([]) == []


@given(P)
def test_benjamini_hochberg_equals_scipy(p):
    expected = false_discovery_control(p) if p else []
    assert benjamini_hochberg(p) == pytest.approx(list(expected))


def test_missing_p_values_do_not_count():
    corrected = benjamini_hochberg([0.01, np.nan, 0.02, 0.5])
    assert np.isnan(corrected[1])
    assert [corrected[0], *corrected[2:]] == pytest.approx(list(false_discovery_control([0.01, 0.02, 0.5])))
    assert benjamini_hochberg([]) == []
    assert np.isnan(benjamini_hochberg([np.nan])).all()


@given(P)
def test_holm_is_the_stricter_one_and_neither_makes_p_smaller(p):
    for raw, strict, mild in zip(p, holm(p), benjamini_hochberg(p), strict=True):
        assert raw <= mild + 1e-12
        assert mild <= strict + 1e-12 <= 1 + 1e-9

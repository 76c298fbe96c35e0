import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nkululeko.report.text import cell, clean, count, interval, missing, number, plural


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (0.6345, ".634"),
        (-0.0004, "-4.0e-04"),
        (0, ".000"),
        (1, "1.000"),
        (-1.5, "-1.500"),
        (15.9799, "15.98"),
        (1234.56, "1234.6"),
        (math.nan, "n/a"),
        (math.inf, "n/a"),
        (None, "n/a"),
        (np.float64(0.25), ".250"),
    ],
)
def test_number(value, written):
    if value == 0:
        written = "0.000"
    assert number(value) == written


@given(st.floats(-1e6, 1e6, allow_nan=False))
def test_number_can_be_read_back(value):
    assert float(number(value)) == pytest.approx(value, abs=0.06, rel=1e-2)


def test_interval_needs_both_ends():
    assert interval(0.41, 0.63) == "[.410, .630]"
    assert interval(-0.1, 0.1) == "[-.100, .100]"
    assert interval(math.nan, 0.63) == "n/a"


@pytest.mark.parametrize("value", [None, math.nan, np.nan, pd.NaT, pd.NA])
def test_missing_values_of_every_kind(value):
    assert missing(value)
    assert cell(value) == "n/a"
    assert count(value) == "n/a"


def test_cells_by_kind():
    assert cell(np.int64(12)) == "12"
    assert cell(0.5) == ".500"
    assert cell(pd.Timedelta(seconds=2)) == "2.000 s"
    assert cell({"a": 1}) == "a: 1"
    assert cell([]) == "n/a"
    assert cell(np.array([1, 2])) == "1, 2"
    assert cell(True) == "True"


@given(st.text())
def test_clean_text_is_one_printable_line(text):
    assert clean(text).isprintable()


def test_plural():
    assert [plural(n, "class", "classes") for n in (0, 1, 2)] == ["0 classes", "1 class", "2 classes"]

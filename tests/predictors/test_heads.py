"""Targets that are columns of a feature set: which column, and what becomes of it."""

import numpy as np
import pandas as pd
import pytest

from nkululeko.core.families import predictors
from nkululeko.predictors._classes import likeliest


@pytest.mark.parametrize(
    ("name", "columns", "values", "expected"),
    [
        ("snr", ["snr", "snr_wada"], [12.5, 3.0], 12.5),
        ("age", ["age", "female", "male", "child"], [61.0, 0.2, 0.7, 0.1], 61.0),
        ("gender", ["age", "female", "male", "child"], [61.0, 0.2, 0.7, 0.1], "male"),
        ("valence", ["arousal", "dominance", "valence"], [0.1, 0.2, 0.3], 0.3),
        ("arousal", ["arousal", "dominance", "valence"], [0.1, 0.2, 0.3], 0.1),
        ("dominance", ["arousal", "dominance", "valence"], [0.1, 0.2, 0.3], 0.2),
        ("pesq", ["pesq"], [2.5], 2.5),
    ],
)
def test_the_right_column(name, columns, values, expected):
    found = predictors.load(name)().convert(pd.DataFrame([values], columns=columns))
    assert found["pred"].tolist() == [expected]


def test_probabilities_stand_beside_a_class():
    frame = pd.DataFrame({"female": [0.2, 0.6], "male": [0.7, 0.3], "child": [0.1, 0.1]})
    found = likeliest(frame)
    assert list(found) == ["pred", "p_female", "p_male", "p_child", "confidence"]
    assert found["confidence"].tolist() == [0.7, 0.6]


def test_what_is_missing_stays_missing():
    found = likeliest(pd.DataFrame({"a": [0.2, np.nan], "b": [0.8, 0.9]}))
    assert found["pred"].isna().tolist() == [False, True]
    assert np.isnan(found["confidence"].iloc[1])

"""The contract of every target of predict: features in, the same rows out, with a prediction each."""

import numpy as np
import pandas as pd
import pytest

from nkululeko.config.schema.predict import TARGETS
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import features, predictors
from nkululeko.core.samples import segmented_index

ROWS = segmented_index([f"{place}.wav" for place in range(5)])


def columns_of(name):
    """What the feature set of a target gives; those whose names a network says are for tests of their own."""
    predictor = predictors.load(name)()
    if not predictor.feature_set_name or predictor.feature_set_name == "spkrec":
        pytest.skip(f"NOT TESTED: {name} starts from a network of its own, see tests/predictors")
    return features.load(predictor.feature_set_name)().names()


@pytest.mark.parametrize("name", predictors.names())
def test_described_and_known(name):
    kind = predictors.load(name)
    assert kind.summary and kind.__doc__
    assert name in TARGETS


@pytest.mark.parametrize("name", predictors.names())
def test_rows_stay_as_they_are(name):
    columns = columns_of(name)
    values = np.random.default_rng(1).uniform(0, 1, (len(ROWS), len(columns)))
    frame = pd.DataFrame(values, index=ROWS, columns=columns)
    found = predictors.load(name)().convert(frame)
    assert found.index.equals(ROWS)
    assert next(iter(found)) == "pred" and found["pred"].notna().all()
    one = predictors.load(name)().convert(frame.iloc[[3]])
    pd.testing.assert_frame_equal(one, found.iloc[[3]])


@pytest.mark.parametrize("name", predictors.names())
def test_an_option_that_it_does_not_have(name):
    if predictors.load(name).feature_set_name:
        with pytest.raises(NkululekoError, match="has no option 'colour'"):
            predictors.load(name)().feature_set({"colour": "red"})

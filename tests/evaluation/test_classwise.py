"""Confusion matrix and figures by class, against scikit-learn."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as golden
from hypothesis import given, settings
from hypothesis import strategies as st

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Scored, metrics
from nkululeko.evaluation.classwise import confusion, per_class

LABELS = ["b", "a", "d", "c"]  # not sorted: the order is the caller's
PAIRS = st.lists(st.tuples(st.sampled_from(LABELS), st.sampled_from(LABELS)), min_size=1, max_size=25)


@settings(max_examples=40, deadline=None)
@given(PAIRS)
def test_equals_scikit_learn(pairs: list[tuple[str, str]]) -> None:
    truth, prediction = (np.array(column, dtype=object) for column in zip(*pairs, strict=True))
    table = confusion(truth, prediction, LABELS)
    expected = golden.confusion_matrix(truth.tolist(), prediction.tolist(), labels=LABELS)
    np.testing.assert_array_equal(table.to_numpy(), expected)
    assert list(table.index) == list(table.columns) == LABELS

    found = per_class(table)
    names = ["precision", "recall", "f1", "support"]
    figures = golden.precision_recall_fscore_support(
        truth.tolist(), prediction.tolist(), labels=LABELS, zero_division=0
    )
    for name, figure in zip(names, figures, strict=True):
        np.testing.assert_allclose(found[name].fillna(0), figure, err_msg=name)
    assert list(found.columns) == ["recall", "precision", "f1", "support"]


@settings(max_examples=40, deadline=None)
@given(PAIRS)
def test_means_of_the_columns_are_the_metrics(pairs: list[tuple[str, str]]) -> None:
    truth, prediction = (np.array(column, dtype=object) for column in zip(*pairs, strict=True))
    found = per_class(confusion(truth, prediction, LABELS))
    scored = Scored(truth, prediction, LABELS)
    assert found["recall"].mean() == pytest.approx(metrics.load("uar")().value(scored))
    assert found["f1"].mean() == pytest.approx(metrics.load("f1")().value(scored))


def test_undefined_is_nan_never_found_is_zero() -> None:
    truth, prediction = np.array(["a", "a"]), np.array(["b", "b"])
    found = per_class(confusion(truth, prediction, ["a", "b", "c"]))
    expected = pd.DataFrame(
        {
            "recall": [0, np.nan, np.nan],
            "precision": [0, 0, np.nan],
            "f1": [0, 0, np.nan],
            "support": [2, 0, 0],
        },
        index=pd.Index(["a", "b", "c"], name="class"),
    )
    pd.testing.assert_frame_equal(found, expected, check_dtype=False)
    assert found["support"].dtype.kind == "i"


def test_stranger() -> None:
    with pytest.raises(NkululekoError, match="'x'"):
        confusion(np.array(["a"]), np.array(["x"]), ["a"])

from dataclasses import replace

import numpy as np
import pandas as pd

from nkululeko.report import tables
from result_factory import classification, regression
from sheet_factory import made_sheet


def test_headline_comes_first_with_its_interval():
    result = regression(samples=30)
    table = tables.scores(result)
    assert table.rows[0][0] == "CCC"
    assert table.rows[0][2].startswith("[")
    assert {row[0]: row[3] for row in table.rows} == {
        "CCC": "higher",
        "PCC": "higher",
        "MAE": "lower",
        "MSE": "lower",
    }


def test_confusion_shades_are_shares_of_the_row():
    frame = pd.DataFrame([[9, 1], [0, 0]], index=["a", "b"], columns=["a", "b"])
    table = tables.confusion(frame)
    assert table.rows == [["a", "9", "1"], ["b", "0", "0"]]
    assert table.shades == [[9, 1], [0, 0]]


def test_class_that_never_occurs_is_undefined():
    result = classification(("a", "b", "never"), samples=20)
    frame = result.per_class.copy()
    frame.loc["never"] = [np.nan, np.nan, np.nan, 0]
    row = tables.per_class(frame).rows[2]
    assert row == ["never", "n/a", "n/a", "n/a", "0"]


def test_groups():
    table = tables.groups(classification(samples=50))
    assert table.rows[0][0] == "gender: female"
    assert table.rows[3][2] == "n/a"
    assert tables.groups(classification(samples=50, speakers=False)) is None


def test_group_without_known_speakers():
    result = classification(samples=50)
    result.groups["speakers"] = pd.array([pd.NA] * 4, dtype="Int64")
    assert tables.groups(result).rows[0][4] == "n/a"


def test_importance_has_the_first_only():
    result = classification(samples=50)
    assert len(tables.importance(result.importance).rows) == 20


def test_training_rows_are_summed_over_databases():
    result = classification(samples=50)
    assert tables.training_rows(result) == 150
    two = made_sheet(("a", "b"), databases=["x", "y"], train=20)
    assert tables.training_rows(replace(result, sheet=two)) == 40
    assert tables.training_rows(replace(result, sheet=None)) is None


def test_provenance_keeps_values_as_they_are():
    parts = tables.provenance(
        {
            "seed": 42,
            "rate": 0.123456789,
            "licences": ["x"],
            "config": "a\nb",
            "more": {"deep": {"x": 1}, "y": None},
        }
    )
    assert [part.title for part in parts] == ["", "config", "more"]
    assert parts[0].pairs == [("seed", "42"), ("rate", "0.123456789")]
    assert parts[1].text == "a\nb"
    assert parts[2].pairs == [("deep.x", "1"), ("y", "n/a")]

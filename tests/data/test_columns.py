"""Column names: the user's, and ``sex``."""

from __future__ import annotations

import pandas as pd
import pytest

from nkululeko.core.errors import NkululekoError
from nkululeko.data.columns import orient, own_name, rename


def frame(*names: str) -> pd.DataFrame:
    return pd.DataFrame([range(len(names))], columns=list(names))


@pytest.mark.parametrize(
    ("columns", "colnames", "expected"),
    [
        (["a", "b"], {}, ["a", "b"]),
        (
            ["Participant ID", "sex", "Age"],
            {"Participant ID": "speaker", "Age": "age"},
            ["speaker", "gender", "age"],
        ),
        (["sex"], {}, ["gender"]),
        (["sex", "gender"], {}, ["sex", "gender"]),
        (["sex", "f0"], {"f0": "gender"}, ["sex", "gender"]),
        (["sex"], {"sex": "emotion"}, ["emotion"]),
        (["a", "b"], {"a": "b", "b": "a"}, ["b", "a"]),
        (["a"], {"a": "a"}, ["a"]),
    ],
)
def test_rename(columns: list[str], colnames: dict[str, str], expected: list[str]) -> None:
    renamed, notes = rename(frame(*columns), colnames, "my.csv")
    assert list(renamed.columns) == expected
    assert renamed.iloc[0].tolist() == list(range(len(columns)))
    assert notes == []


def test_a_column_that_already_has_the_name_gives_way() -> None:
    renamed, notes = rename(frame("id", "speaker"), {"id": "speaker"}, "my.csv")
    assert renamed.iloc[0].to_dict() == {"speaker": 0}
    assert notes == ["my.csv: colnames replaces the column(s) speaker"]


def test_the_other_direction() -> None:
    """Tutorials show both; the data tell which is meant."""
    renamed, notes = rename(frame("Participant ID", "x"), {"speaker": "Participant ID"}, "my.csv")
    assert list(renamed.columns) == ["speaker", "x"]
    assert notes == [
        "my.csv: colnames is read as new name to old name: its keys are no columns, its values are"
    ]


@pytest.mark.parametrize(
    ("colnames", "message"),
    [
        (
            {"participant": "speaker"},
            r"my\.csv: colnames: no column 'participant'; did you mean 'Participant'\?",
        ),
        ({"Participant": "speaker", "feling": "emotion"}, "no column 'feling'"),
        ({"speaker": "Participant", "emotion": "feling"}, r"no column 'feling'; did you mean 'feeling'\?"),
        ({"Participant": "x", "feeling": "x"}, "column 'x' stands twice"),
    ],
)
def test_mistakes(colnames: dict[str, str], message: str) -> None:
    with pytest.raises(NkululekoError, match=message):
        rename(frame("Participant", "feeling"), colnames, "my.csv")


def test_orient_leaves_the_users_mapping_alone() -> None:
    colnames = {"a": "b"}
    found, _ = orient(colnames, ["a"], "x")
    found["c"] = "d"
    assert colnames == {"a": "b"}


def test_own_name() -> None:
    assert own_name("emotion", {}) == ["emotion"]
    assert own_name("emotion", {"feeling": "emotion"}) == ["feeling", "emotion"]
    assert own_name("emotion", {"emotion": "feeling"}) == ["feeling", "emotion"]

"""The headline metric by groups."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from nkululeko.core.families import Scored, metrics
from nkululeko.evaluation.groups import COLUMNS, binned, group_scores
from nkululeko.evaluation.intervals import bootstrap_scores


def sample(n: int = 120) -> tuple[Scored, np.ndarray, np.ndarray]:
    """A classification with 12 speakers, the odd ones female."""
    generator = np.random.default_rng(0)
    truth = np.array(["a", "b"], dtype=object)[generator.integers(2, size=n)]
    flip = {"a": "b", "b": "a"}
    prediction = np.array([flip[x] if generator.random() < 0.3 else x for x in truth], dtype=object)
    number = np.arange(n) % 12
    speakers = np.array([f"s{i}" for i in number], dtype=object)
    return Scored(truth, prediction, ["a", "b"]), speakers, np.where(number % 2, "female", "male")


def test_each_row_is_the_score_of_that_group_alone() -> None:
    scored, speakers, gender = sample()
    metric = metrics.load("uar")()
    table = group_scores(metric, scored, speakers, {"gender": pd.Series(gender)}, seed=5)
    assert list(table.columns) == COLUMNS
    assert table[["variable", "group", "n", "speakers"]].to_numpy().tolist() == [
        ["gender", "female", 60, 6],
        ["gender", "male", 60, 6],
    ]
    for _, row in table.iterrows():
        chosen = gender == row["group"]
        part = Scored(scored.truth[chosen], scored.prediction[chosen], ["a", "b"])
        score = bootstrap_scores({"uar": metric}, part, speakers[chosen], seed=5)[0]["uar"]
        assert (row["value"], row["low"], row["high"]) == (score.value, score.low, score.high)


def test_regression_and_several_variables() -> None:
    generator = np.random.default_rng(1)
    truth = generator.normal(size=60)
    scored = Scored(truth, truth + generator.normal(size=60))
    ages = np.where(np.arange(60) % 3 == 0, np.nan, 20.0 + np.arange(60) % 20)
    speakers = np.arange(60) % 10
    variables = {"gender": ["f", "m", None] * 20, "age": ages}
    table = group_scores(metrics.load("mae")(), scored, speakers, variables, seed=1)
    assert table["group"].tolist() == ["f", "m", "20-29", "30-39"]
    assert table.loc[table["variable"] == "gender", "n"].tolist() == [20, 20]
    assert table["n"].sum() == 80  # the missing ones are in no group
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()


def test_scores_are_split_too() -> None:
    truth = np.array(["a", "b", "a", "b"])
    scores = np.array([[1, 0], [0, 1], [0, 1], [1, 0]], dtype=float)
    scored = Scored(truth, truth, ["a", "b"], scores)
    table = group_scores(metrics.load("eer")(), scored, None, {"gender": ["f", "f", "m", "m"]}, seed=1)
    assert table["value"].tolist() == [0.0, 1.0]


def test_one_speaker_has_a_value_and_no_interval() -> None:
    scored, _, gender = sample()
    speakers = np.where(gender == "female", "anna", "bert")
    table = group_scores(metrics.load("acc")(), scored, speakers, {"gender": gender}, seed=1)
    assert table["speakers"].tolist() == [1, 1]
    assert table["value"].notna().all()
    assert table[["low", "high"]].isna().all(axis=None)


@pytest.mark.parametrize("speakers", [None, np.full(120, None)])
def test_unknown_speakers_resample_samples(speakers: np.ndarray | None) -> None:
    scored, _, gender = sample()
    table = group_scores(metrics.load("acc")(), scored, speakers, {"gender": gender}, seed=1)
    assert table["speakers"].isna().all()
    assert (table["low"] < table["high"]).all()


@pytest.mark.parametrize("variables", [{}, {"gender": [None] * 120}, {"age": [np.nan] * 120}])
def test_nothing_known_gives_an_empty_table(variables: dict) -> None:
    scored, speakers, _ = sample()
    table = group_scores(metrics.load("acc")(), scored, speakers, variables, seed=1)
    assert list(table.columns) == COLUMNS
    assert table.empty


def test_ages_are_decades() -> None:
    found = binned("age", ["9.5", 10, 29.9, 30, 80, 101, -1, None, np.nan, ""])
    expected = ["0-9", "10-19", "20-29", "30-39", "80+", "80+"]
    assert found.tolist()[:6] == expected
    assert pd.isna(found[6:]).all()
    assert list(found.categories) == ["0-9", "10-19", "20-29", "30-39", "80+"]


def test_few_numbers_are_groups_as_they_are() -> None:
    found = binned("year", [2, 1, 10, None, 2.0])
    assert found.tolist()[:3] == ["2", "1", "10"]
    assert list(found.categories) == ["1", "2", "10"]


def test_many_numbers_are_quartiles() -> None:
    found = binned("snr", [*range(1, 41), None])
    assert [len(found[found == name]) for name in found.categories] == [10, 10, 10, 10]
    assert found.categories[0] == "1 to 10.75"
    assert pd.isna(found[-1])


def test_quartiles_of_mostly_one_value() -> None:
    values = [0] * 50 + [1, 2, 3, 4, 5, 6]
    found = binned("count", values)
    assert not pd.isna(found).any()
    assert len(found[found == found.categories[0]]) >= 50


@pytest.mark.parametrize("values", [["m", " m ", "f", "", None], [True, True, False, None, None]])
def test_texts_and_truth_values(values: list) -> None:
    found = binned("gender", values)
    assert found[0] == found[1] != found[2]
    assert pd.isna(found[3:]).all()

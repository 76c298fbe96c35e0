import dataclasses

import pytest

from nkululeko.core.families import metrics
from nkululeko.core.result import Interval, Score
from nkululeko.report import words
from result_factory import classification, regression


def with_measure(result, name, low, high, higher_is_better=True):
    score = Score(name, name.upper(), (low + high) / 2, low, high, higher_is_better)
    return dataclasses.replace(result, measure=name, scores={name: score})


def test_every_measure_is_explained():
    for name in metrics.names():
        score = Score(name, metrics.load(name).label, 0.5, 0.4, 0.6)
        assert len(words.measure(score)) > 20, f"say what {name} is in report/words.py"


def test_an_unknown_measure_has_no_words():
    result = with_measure(regression(samples=20), "made_up", 0.1, 0.2)
    assert words.measure(result.headline) == ""
    assert words.chance(result) is None
    assert words.judgement(result.headline, None) == ""


@pytest.mark.parametrize(("classes", "text"), [(("a", "b"), "1/2 = .500"), (tuple("abcdefg"), "1/7 = .143")])
def test_chance_of_uar(classes, text):
    result = classification(classes, samples=100)
    guess = words.chance(result)
    assert guess.value == pytest.approx(1 / len(classes))
    assert text in guess.text


def test_chance_of_uar_counts_the_classes_of_the_test_set_only():
    result = classification(("a", "b", "never"), samples=60)
    keep = result.predictions[result.predictions["truth"] != "never"]
    assert words.chance(dataclasses.replace(result, predictions=keep)).value == 0.5


def test_chance_of_accuracy_is_the_most_frequent_class():
    result = with_measure(classification(("a", "b"), samples=50), "acc", 0.1, 0.2)
    share = result.predictions["truth"].value_counts().max() / 50
    assert words.chance(result).value == pytest.approx(share)


def test_chance_of_errors_is_the_spread_of_the_truth():
    result = regression(samples=40)
    truth = result.predictions["truth"]
    mse = words.chance(with_measure(result, "mse", 1, 2, False))
    assert mse.value == pytest.approx(truth.var(ddof=0))
    assert words.chance(with_measure(result, "rmse", 1, 2, False)).value == pytest.approx(truth.std(ddof=0))


@pytest.mark.parametrize(
    ("low", "high", "higher_is_better", "expected"),
    [
        (0.6, 0.7, True, "better"),
        (0.4, 0.6, True, "unclear"),
        (0.2, 0.3, True, "worse"),
        (0.2, 0.3, False, "better"),
        (0.6, 0.7, False, "worse"),
        (float("nan"), float("nan"), True, "unknown"),
    ],
)
def test_verdict(low, high, higher_is_better, expected):
    score = Score("x", "x", 0.5, low, high, higher_is_better)
    assert words.verdict(score, words.Chance(0.5, "")) == expected


def test_how_the_interval_was_made():
    score = Score("uar", "UAR", 0.5, 0.4, 0.6)
    assert "12 test speakers" in words.how_made(Interval("speakers", 12, 1000), score)[0]
    assert "rough" in words.how_made(Interval("speakers", 3, 1000), score)[1]
    assert (
        "fewer than two test speakers are known" in words.how_made(Interval("samples", 200, 1000), score)[0]
    )
    nothing = Score("uar", "UAR", 0.5, float("nan"), float("nan"))
    assert words.how_made(Interval("speakers", 1, 0), nothing) == ["There is no interval for this score."]

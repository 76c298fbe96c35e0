"""The metrics against scikit-learn, audmetric and plain loops."""

from __future__ import annotations

import warnings

import audmetric
import numpy as np
import pytest
import sklearn.metrics as golden
from hypothesis import given, settings
from hypothesis import strategies as st

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Scored, metrics

LABELS = ["anger", "joy", "neutral", "sadness"]
QUICK = settings(max_examples=50, deadline=None)  # a busy machine is no failure
NUMBERS = st.integers(-64, 64).map(lambda number: number / 16)


def value(name: str, scored: Scored) -> float:
    return metrics.load(name)().value(scored)


@st.composite
def classified(draw: st.DrawFn, classes: int = 4) -> Scored:
    """Some truths and predictions; classes may be missing in either, scores are often tied."""
    n = draw(st.integers(1, 25))
    label = st.sampled_from(LABELS[:classes])
    truth, prediction = (
        np.array(draw(st.lists(label, min_size=n, max_size=n)), dtype=object) for _ in range(2)
    )
    row = st.lists(st.integers(0, 6), min_size=classes, max_size=classes)
    scores = np.array(draw(st.lists(row, min_size=n, max_size=n)), dtype=float) / 8
    return Scored(truth, prediction, LABELS[:classes], scores)


@st.composite
def regressed(draw: st.DrawFn, smallest: int = 1) -> Scored:
    n = draw(st.integers(smallest, 25))
    truth, prediction = (np.array(draw(st.lists(NUMBERS, min_size=n, max_size=n))) for _ in range(2))
    return Scored(truth, prediction)


@QUICK
@given(classified())
def test_classification_equals_scikit_learn(scored: Scored) -> None:
    truth, prediction = scored.truth.tolist(), scored.prediction.tolist()
    assert value("acc", scored) == pytest.approx(golden.accuracy_score(truth, prediction))
    assert value("accuracy", scored) == value("acc", scored)
    macro = golden.f1_score(truth, prediction, average="macro", zero_division=0)
    assert value("f1", scored) == pytest.approx(macro)
    present = sorted(set(truth))
    recall = golden.recall_score(truth, prediction, labels=present, average="macro")
    assert value("uar", scored) == pytest.approx(recall)


@QUICK
@given(classified())
def test_classification_equals_audmetric(scored: Scored) -> None:
    truth, prediction = scored.truth.tolist(), scored.prediction.tolist()
    recalls = audmetric.recall_per_class(truth, prediction)
    assert value("uar", scored) == pytest.approx(np.mean([recalls[label] for label in set(truth)]))
    assert value("f1", scored) == pytest.approx(audmetric.unweighted_average_fscore(truth, prediction))


@QUICK
@given(regressed())
def test_regression_equals_audmetric_and_scikit_learn(scored: Scored) -> None:
    truth, prediction = scored.truth, scored.prediction
    assert value("mse", scored) == pytest.approx(golden.mean_squared_error(truth, prediction))
    assert value("mae", scored) == pytest.approx(golden.mean_absolute_error(truth, prediction))
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        ccc = audmetric.concordance_cc(truth, prediction)
        pcc = audmetric.pearson_cc(truth, prediction)
    if np.ptp(truth) == 0 or np.ptp(prediction) == 0:
        pcc = np.nan  # audmetric misses constants whose standard deviation comes out as rounding noise
    assert value("ccc", scored) == pytest.approx(ccc, abs=1e-12, nan_ok=True)
    assert value("pcc", scored) == pytest.approx(pcc, abs=1e-12, nan_ok=True)


def test_constants() -> None:
    rising, flat = np.array([0.1, 0.2, 0.4]), np.full(3, 0.1)
    assert value("ccc", Scored(rising, flat)) == 0
    assert np.isnan(value("pcc", Scored(rising, flat)))
    assert np.isnan(value("pcc", Scored(flat, rising)))
    assert np.isnan(value("ccc", Scored(flat, flat)))
    assert value("ccc", Scored(flat, flat + 1)) == 0


def test_resamples_of_a_constant_are_constant() -> None:
    """Each speaker's values are constant; drawn alone, no variance may be left over from rounding."""
    truth = np.repeat([0.1, 0.7, 0.33, 1e3 / 7], 3)
    counts = 3 * np.eye(4)
    scored, groups = Scored(truth, truth + 0.3), np.repeat(np.arange(4), 3)
    assert np.isnan(metrics.load("pcc")().resampled(scored, groups, counts)).all()
    assert (metrics.load("ccc")().resampled(scored, groups, counts) == 0).all()


def test_large_offset_keeps_its_digits() -> None:
    generator = np.random.default_rng(0)
    truth = generator.normal(size=200)
    prediction = truth + generator.normal(size=200)
    near, far = Scored(truth, prediction), Scored(truth + 2**30, prediction + 2**30)
    for name in ("pcc", "ccc", "mse", "mae"):
        assert value(name, far) == pytest.approx(value(name, near), rel=1e-5)


@pytest.mark.parametrize("name", ["mse", "mae", "pcc", "ccc"])
@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_a_broken_prediction_is_nan_without_a_warning(name: str, bad: float) -> None:
    scored = Scored(np.array([1.0, 2.0, 3.0]), np.array([1.0, bad, 3.0]))
    found = value(name, scored)
    assert np.isnan(found) or found == np.inf


def by_hand(positive: np.ndarray, scores: np.ndarray) -> float:
    """Equal error rate by the definition, one threshold after the other, the last above all scores."""
    if positive.all() or not positive.any():
        return np.nan
    before = (1.0, 0.0)
    for threshold in [*sorted(set(scores)), np.inf]:
        far = float(np.mean(scores[~positive] >= threshold))
        frr = float(np.mean(scores[positive] < threshold))
        if far == frr:
            return far
        if far < frr:
            return min(sum(before), far + frr) / 2
        before = (far, frr)
    raise AssertionError("the curves must cross")


@QUICK
@given(classified(classes=2))
def test_eer_of_two_classes_equals_audmetric(scored: Scored) -> None:
    positive = scored.truth == LABELS[1]
    assert scored.scores is not None
    found = value("eer", scored)
    assert found == pytest.approx(by_hand(positive, scored.scores[:, 1]), nan_ok=True)
    if positive.all() or not positive.any():
        assert np.isnan(found)
        return
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        expected, _ = audmetric.equal_error_rate(positive.astype(int), scored.scores[:, 1])
    if caught:  # no crossing for audmetric: the documented difference
        assert expected == 1.0
        assert found <= 0.5
    else:
        assert found == pytest.approx(expected)


def test_eer_equals_audmetric_on_many_samples() -> None:
    generator = np.random.default_rng(1)
    truth = generator.random(5000) < 0.3
    scores = generator.normal(size=5000) + truth
    scored = Scored(
        np.where(truth, "b", "a"), np.where(truth, "b", "a"), ["a", "b"], np.stack([-scores, scores], axis=1)
    )
    expected, _ = audmetric.equal_error_rate(truth.astype(int), scores)
    assert value("eer", scored) == expected


@QUICK
@given(classified())
def test_eer_of_many_classes_is_the_mean_against_the_rest(scored: Scored) -> None:
    assert scored.scores is not None
    rates = np.array([by_hand(scored.truth == name, scored.scores[:, c]) for c, name in enumerate(LABELS)])
    expected = rates[~np.isnan(rates)].mean() if (~np.isnan(rates)).any() else np.nan
    assert value("eer", scored) == pytest.approx(expected, nan_ok=True)


def test_eer_of_equal_scores_is_chance() -> None:
    truth = np.array(["a", "b", "b"])
    assert value("eer", Scored(truth, truth, ["a", "b"], np.full((3, 2), 0.5))) == 0.5


def test_eer_where_the_rates_cross_above_all_scores() -> None:
    truth, scores = np.array(list("aaaaabb")), np.array([0.9, 0.9, 0.9, 0.1, 0.1, 0.9, 0.3])
    scored = Scored(truth, truth, ["a", "b"], np.stack([1 - scores, scores], axis=1))
    # at 0.9: 60 % false alarms, 50 % misses; above: 0 % and 100 %, the smaller sum
    assert value("eer", scored) == by_hand(truth == "b", scores) == 0.5


def test_eer_without_scores_says_what_to_do() -> None:
    truth = np.array(["a", "b"])
    with pytest.raises(NkululekoError, match="choose another measure"):
        value("eer", Scored(truth, truth, ["a", "b"]))


def test_eer_with_a_score_missing_is_nan() -> None:
    truth = np.array(["a", "b"])
    assert np.isnan(value("eer", Scored(truth, truth, ["a", "b"], np.array([[1, np.nan], [0, 1]]))))


@QUICK
@given(classified(), st.integers(0, 2**32 - 1))
def test_resampled_classification_equals_repeated_rows(scored: Scored, seed: int) -> None:
    check_resampled(["acc", "uar", "f1", "eer"], scored, seed)


@QUICK
@given(regressed(), st.integers(0, 2**32 - 1))
def test_resampled_regression_equals_repeated_rows(scored: Scored, seed: int) -> None:
    check_resampled(["mse", "mae", "pcc", "ccc"], scored, seed)


def check_resampled(names: list[str], scored: Scored, seed: int) -> None:
    generator = np.random.default_rng(seed)
    n = len(scored.truth)
    k = int(generator.integers(1, n + 1))
    groups = generator.integers(k, size=n)
    counts = generator.multinomial(k, np.full(k, 1 / k), size=6)
    for name in names:
        found = metrics.load(name)().resampled(scored, groups, counts)
        expected = [value(name, repeated(scored, row[groups])) for row in counts]
        np.testing.assert_allclose(found, expected, atol=1e-9, err_msg=name)


def repeated(scored: Scored, times: np.ndarray) -> Scored:
    rows = np.repeat(np.arange(len(times)), times)
    scores = None if scored.scores is None else scored.scores[rows]
    return Scored(scored.truth[rows], scored.prediction[rows], scored.labels, scores)


def test_eer_in_chunks_equals_eer_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(2)
    truth = np.array(LABELS)[generator.integers(4, size=50)]
    scored = Scored(truth, truth, LABELS, generator.random((50, 4)))
    counts = generator.multinomial(50, np.full(50, 0.02), size=23)
    at_once = metrics.load("eer")().resampled(scored, np.arange(50), counts)
    monkeypatch.setattr("nkululeko.evaluation.metrics._detection.CHUNK", 200)
    np.testing.assert_array_equal(metrics.load("eer")().resampled(scored, np.arange(50), counts), at_once)


def test_an_unknown_label_is_named() -> None:
    with pytest.raises(NkululekoError, match="'fear' is none of the classes"):
        value("uar", Scored(np.array(["anger", "fear"]), np.array(["anger", "anger"]), LABELS))

"""Entropy, risk and coverage against their definitions, worked out sample by sample."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Scored, metrics
from nkululeko.evaluation.intervals import bootstrap_scores
from nkululeko.evaluation.uncertainty import aurc, entropy, risk_coverage, threshold_table

#: few different certainties, so that many are equal
ANSWERS = st.lists(
    st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.5, 0.6, 1.0])), min_size=1, max_size=25
)


def test_entropy_equals_scipy():
    from scipy.stats import entropy as shannon

    random = np.random.default_rng(1)
    for classes in (2, 3, 7):
        p = random.dirichlet(np.full(classes, 0.3), 50)
        p[0] = np.eye(classes)[0]
        np.testing.assert_allclose(entropy(p), shannon(p, axis=1, base=classes), atol=1e-12)


@pytest.mark.parametrize("classes", [2, 4, 20])
def test_entropy_goes_from_certain_to_undecided_whatever_the_number_of_classes(classes):
    p = np.stack([np.eye(classes)[1], np.full(classes, 1 / classes)])
    assert entropy(p).tolist() == pytest.approx([0.0, 1.0])
    assert entropy(p).max() <= 1
    assert not np.signbit(entropy(p)).any()


def test_entropy_of_one_class_is_zero():
    assert entropy(np.ones((3, 1))).tolist() == [0, 0, 0]


@pytest.mark.parametrize("wrong", [[[2.0, -1.0]], [[0.9, 0.9]], [[-3.0, 1.2]], [[np.nan, 1.0]]])
def test_other_scores_are_no_probabilities(wrong):
    with pytest.raises(NkululekoError, match="no probabilities"):
        entropy(np.array(wrong))
    with pytest.raises(ValueError, match="shape"):
        entropy(np.array([0.5, 0.5]))


@settings(deadline=None, max_examples=80)
@given(ANSWERS, st.randoms())
def test_risk_coverage_equals_counting(answers, random):
    correct, certainty = (np.array(column) for column in zip(*answers, strict=True))
    table = risk_coverage(correct, certainty)
    assert table["threshold"].tolist() == sorted(set(certainty.tolist()), reverse=True)
    for coverage, risk, threshold in table.itertuples(index=False):
        kept = [right for right, sure in answers if sure >= threshold]
        assert coverage == pytest.approx(len(kept) / len(answers))
        assert risk == pytest.approx(1 - sum(kept) / len(kept))
    assert table["coverage"].iloc[-1] == 1
    random.shuffle(answers)
    correct, certainty = (np.array(column) for column in zip(*answers, strict=True))
    assert risk_coverage(correct, certainty).equals(table)


@settings(deadline=None, max_examples=50)
@given(ANSWERS)
def test_aurc_is_the_mean_over_random_orders_of_equal_certainties(answers):
    correct, certainty = (np.array(column) for column in zip(*answers, strict=True))
    random, found = np.random.default_rng(1), []
    for _ in range(400):
        order = np.lexsort([random.random(len(correct)), -certainty])
        found.append(np.mean(np.cumsum(~correct[order]) / np.arange(1, len(order) + 1)))
    assert aurc(correct, certainty) == pytest.approx(np.mean(found), abs=4.5 * np.std(found) / 20 + 1e-9)


def test_aurc_without_ties_is_the_mean_of_the_risks():
    random = np.random.default_rng(2)
    correct, certainty = random.random(40) < 0.7, random.permutation(40) / 40
    assert aurc(correct, certainty) == pytest.approx(risk_coverage(correct, certainty)["risk"].mean())
    best = aurc(correct, correct.astype(float))
    worst = aurc(correct, -correct.astype(float))
    blind = aurc(correct, np.zeros(40))
    assert blind == pytest.approx(1 - correct.mean())
    assert best < blind < worst


def test_nothing_and_nonsense():
    assert risk_coverage(np.array([]), np.array([])).empty
    assert np.isnan(aurc(np.array([]), np.array([])))
    with pytest.raises(ValueError, match="NaN"):
        risk_coverage(np.array([True]), np.array([np.nan]))
    with pytest.raises(ValueError, match="2 answers, but 1"):
        aurc(np.array([True, False]), np.array([0.5]))


def scored() -> tuple[Scored, np.ndarray, np.ndarray]:
    random = np.random.default_rng(4)
    labels, names = ["a", "b", "rare"], np.array(["a", "b", "rare"], dtype=object)
    codes = random.choice(3, 120, p=[0.6, 0.35, 0.05])
    logits = 1.5 * np.eye(3)[codes] + random.normal(size=(120, 3))
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return Scored(names[codes], names[p.argmax(axis=1)], labels, p), 1 - entropy(p), np.arange(120) % 8


@pytest.mark.parametrize("name", ["uar", "acc", "eer"])
def test_threshold_table_is_the_metric_of_what_is_kept(name):
    test, certainty, groups = scored()
    thresholds = [0.0, 0.2, 0.4, 2.0]
    table = threshold_table(metrics.load(name)(), test, certainty, groups, thresholds, seed=5)
    assert table["threshold"].tolist() == thresholds
    for row in table.iloc[:3].itertuples():
        keep = certainty >= row.threshold
        part = Scored(test.truth[keep], test.prediction[keep], test.labels, test.scores[keep])
        expected, _ = bootstrap_scores({name: metrics.load(name)()}, part, groups[keep], seed=5)
        found = (row.kept, row.samples, row.speakers, row.value, row.low, row.high)
        score = expected[name]
        assert found == pytest.approx(
            (keep.mean(), keep.sum(), len(set(groups[keep])), score.value, score.low, score.high)
        )
    assert table.loc[0, "kept"] == 1 and (table["kept"].diff().dropna() < 0).all()
    assert table.loc[3, "samples"] == 0 and np.isnan(table.loc[3, "value"])


def test_classes_that_are_left_out_altogether_are_named():
    test, certainty, _ = scored()
    rare = test.truth == "rare"
    assert rare.any()
    certainty = np.where(rare, 0.1, 0.9)
    table = threshold_table(metrics.load("uar")(), test, certainty, None, [0.0, 0.5], seed=5)
    assert table["lost"].tolist() == ["", "rare"]
    assert table["speakers"].isna().all()


def test_speakers_that_are_missing_do_not_count():
    test, certainty, groups = scored()
    keys = groups.astype(object)
    keys[keys == 3] = None
    table = threshold_table(metrics.load("uar")(), test, certainty, keys, [0.0], seed=5)
    assert table.loc[0, "speakers"] == 7
    assert pd.api.types.is_integer_dtype(table["speakers"])


def test_regression_can_be_judged_too():
    truth = np.arange(20.0)
    test = Scored(truth, truth + np.repeat([0.1, 5.0], 10))
    table = threshold_table(metrics.load("mae")(), test, np.repeat([0.9, 0.2], 10), None, [0, 0.5], seed=1)
    assert table["value"].tolist() == pytest.approx([2.55, 0.1])
    assert table["lost"].tolist() == ["", ""]

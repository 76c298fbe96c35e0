"""Late fusion: against computations by others, and what must hold for any probabilities."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkululeko.core.errors import NkululekoError
from nkululeko.evaluation.fusion import OF_PROBABILITIES, fuse, fuse_numbers, vote

LABELS = ["a", "b", "c"]


def drawn(seed: int, systems: int = 3, samples: int = 40, classes: int = 3) -> list[np.ndarray]:
    """Probabilities of some systems."""
    return list(np.random.default_rng(seed).dirichlet(np.ones(classes), (systems, samples)))


def weighted_by_hand(parts: list[np.ndarray], weight) -> np.ndarray:
    """Sample by sample, system by system; ``weight`` of (system, its probabilities of the sample)."""
    rows = []
    for sample in range(len(parts[0])):
        weights = [weight(number, part[sample]) for number, part in enumerate(parts)]
        rows.append(np.average([part[sample] for part in parts], axis=0, weights=weights))
    return np.array(rows)


def test_mean_is_that_of_soft_voting_in_scikit_learn():
    from sklearn.ensemble import VotingClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.naive_bayes import GaussianNB

    random = np.random.default_rng(3)
    features, target = random.normal(size=(60, 4)), random.choice(LABELS, 60)
    voting = VotingClassifier([("lr", LogisticRegression()), ("nb", GaussianNB())], voting="soft")
    voting.fit(features, target)
    parts = [model.predict_proba(features) for model in voting.estimators_]
    for method in ("mean", "sum"):
        np.testing.assert_allclose(fuse(parts, method), voting.predict_proba(features), atol=1e-12)
    weights = [0.7, 0.2]
    weighted = VotingClassifier(voting.estimators, voting="soft", weights=weights).fit(features, target)
    np.testing.assert_allclose(fuse(parts, "dev", weights), weighted.predict_proba(features), atol=1e-12)


def test_vote_is_that_of_hard_voting_in_scikit_learn():
    from sklearn.ensemble import VotingClassifier
    from sklearn.naive_bayes import GaussianNB
    from sklearn.neighbors import KNeighborsClassifier
    from sklearn.tree import DecisionTreeClassifier

    random = np.random.default_rng(4)
    features, target = random.normal(size=(80, 2)), random.choice(["a", "b"], 80)
    models = [
        ("nb", GaussianNB()),
        ("knn", KNeighborsClassifier()),
        ("tree", DecisionTreeClassifier(max_depth=2)),
    ]
    voting = VotingClassifier(models, voting="hard").fit(features, target)
    answers = [voting.le_.inverse_transform(model.predict(features)) for model in voting.estimators_]
    winners, _ = vote(answers, ["a", "b"])  # three votes for two classes: no ties
    assert winners.tolist() == voting.predict(features).tolist()


def test_uncertainty_weighs_by_the_entropy_of_scipy():
    from scipy.stats import entropy

    parts = drawn(1)
    by_hand = weighted_by_hand(parts, lambda _, p: 1 - entropy(p, base=len(p)))
    np.testing.assert_allclose(fuse(parts, "uncertainty"), by_hand, atol=1e-12)


def test_confidence_weighs_by_the_largest_probability():
    parts = drawn(2)
    np.testing.assert_allclose(
        fuse(parts, "confidence"), weighted_by_hand(parts, lambda _, p: max(p)), atol=1e-12
    )


def test_max_takes_the_largest_of_each_class():
    parts = [np.array([[0.9, 0.1, 0.0]]), np.array([[0.2, 0.5, 0.3]])]
    np.testing.assert_allclose(fuse(parts, "max"), np.array([[0.9, 0.5, 0.3]]) / 1.7)


def test_a_sure_system_outweighs_two_that_guess():
    sure, guess = np.array([[0.02, 0.98]]), np.array([[0.6, 0.4]])
    assert fuse([sure, guess, guess], "uncertainty")[0, 1] > 0.9
    assert fuse([sure, guess, guess], "uncertainty")[0, 1] > fuse([sure, guess, guess], "mean")[0, 1]


def test_where_nobody_knows_anything_all_count_the_same():
    flat = np.full((2, 4), 0.25)
    np.testing.assert_allclose(fuse([flat, flat], "uncertainty"), flat)


def test_ties_go_to_the_higher_mean_probability_else_to_the_first_system():
    answers = [np.array(["a"]), np.array(["b"])]
    p = [np.array([[0.5, 0.4, 0.1]]), np.array([[0.1, 0.8, 0.1]])]
    assert vote(answers, LABELS, p)[0].tolist() == ["b"]
    assert vote(answers, LABELS)[0].tolist() == ["a"]
    assert vote(answers[::-1], LABELS)[0].tolist() == ["b"]
    # c is likelier than both, but nobody voted for it
    p = [np.array([[0.1, 0.1, 0.8]])] * 2
    assert vote(answers, LABELS, p)[0].tolist() != ["c"]


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from(LABELS), min_size=5, max_size=5), min_size=1, max_size=6))
def test_a_vote_is_won_by_a_most_frequent_answer(given):
    winners, shares = vote([np.array(answer, dtype=object) for answer in given], LABELS)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    for sample, winner in enumerate(winners):
        counts = Counter(answer[sample] for answer in given)
        best = max(counts.values())
        first = next(answer[sample] for answer in given if counts[answer[sample]] == best)
        assert winner == first


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(OF_PROBABILITIES), st.integers(0, 1000), st.integers(1, 5), st.integers(2, 4))
def test_probabilities_stay_probabilities_whatever_the_order_of_the_systems(method, seed, systems, classes):
    parts = drawn(seed, systems, 7, classes)
    weights = list(np.linspace(0.2, 0.9, systems))
    fused = fuse(parts, method, weights)
    assert ((fused >= 0) & (fused <= 1)).all()
    np.testing.assert_allclose(fused.sum(axis=1), 1)
    np.testing.assert_allclose(fuse(parts[::-1], method, weights[::-1]), fused, atol=1e-12)
    np.testing.assert_allclose(fuse([parts[0]] * 3, method, [1, 1, 1]), parts[0], atol=1e-12)


def test_numbers():
    parts = [np.array([1.0, 5.0]), np.array([2.0, 5.0]), np.array([9.0, 5.0])]
    assert fuse_numbers(parts, "mean").tolist() == [4.0, 5.0]
    assert fuse_numbers(parts, "median").tolist() == [2.0, 5.0]
    with pytest.raises(NkululekoError, match="'vote' does not combine numbers"):
        fuse_numbers(parts, "vote")


@pytest.mark.parametrize(
    "weights", [None, [1.0], [1.0, -0.1, 1.0], [0.0, 0.0, 0.0], [1.0, float("nan"), 1.0]]
)
def test_weights_must_be_some(weights):
    with pytest.raises(NkululekoError, match="expected a weight for each of the 3 systems"):
        fuse(drawn(1), "dev", weights)


def test_mistakes():
    with pytest.raises(NkululekoError, match="'median' does not combine probabilities"):
        fuse(drawn(1), "median")
    with pytest.raises(ValueError, match="one shape"):
        fuse([np.ones((2, 2)) / 2, np.ones((3, 2)) / 2], "mean")
    with pytest.raises(NkululekoError, match="no probabilities"):
        fuse([np.array([[3.0, 1.0]])], "uncertainty")

"""Bootstrap intervals against explicit loops, theory and shuffling."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nkululeko.core.families import Metric, Scored, metrics
from nkululeko.core.result import Score
from nkululeko.evaluation import intervals
from nkululeko.evaluation.intervals import bootstrap_scores

LABELS = ["a", "b", "c"]
CLASSIFICATION = {name: metrics.load(name)() for name in ("uar", "acc", "f1", "eer")}
REGRESSION = {name: metrics.load(name)() for name in ("mse", "mae", "pcc", "ccc")}


def sample(seed: int, n: int = 60, speakers: int = 7) -> tuple[Scored, Scored, np.ndarray]:
    """A classification, a regression and their speakers."""
    generator = np.random.default_rng(seed)
    truth = generator.integers(3, size=n)
    prediction = np.where(generator.random(n) < 0.6, truth, generator.integers(3, size=n))
    scores = generator.integers(5, size=(n, 3)) / 4.0
    names = np.array(LABELS, dtype=object)
    classes = Scored(names[truth], names[prediction], LABELS, scores)
    numbers = generator.normal(size=n)
    keys = np.array([f"s{number}" for number in generator.integers(speakers, size=n)], dtype=object)
    return classes, Scored(numbers, numbers + generator.normal(size=n)), keys


def take(scored: Scored, rows: np.ndarray) -> Scored:
    scores = None if scored.scores is None else scored.scores[rows]
    return replace(scored, truth=scored.truth[rows], prediction=scored.prediction[rows], scores=scores)


def slowly(
    family: dict[str, Metric], scored: Scored, groups: np.ndarray, seed: int
) -> dict[str, list[float]]:
    """The same speakers drawn, their rows repeated one by one, the metric's plain value of them."""
    speakers = sorted(set(groups))
    generator = np.random.default_rng(seed)
    ends = {}
    values: dict[str, list[float]] = {name: [] for name in family}
    for _ in range(50):
        drawn = generator.integers(len(speakers), size=len(speakers))
        rows = np.concatenate([np.flatnonzero(groups == speakers[i]) for i in drawn])
        for name, metric in family.items():
            values[name].append(metric.value(take(scored, rows)))
    for name in family:
        ends[name] = [float(np.nanpercentile(values[name], q)) for q in (5, 95)]
    return ends


@pytest.mark.parametrize("seed", range(3))
def test_equals_an_explicit_loop(seed: int) -> None:
    classes, numbers, keys = sample(seed)
    for family, scored in ((CLASSIFICATION, classes), (REGRESSION, numbers)):
        found, interval = bootstrap_scores(family, scored, keys, resamples=50, level=0.9, seed=seed)
        assert (interval.unit, interval.groups, interval.resamples) == ("speakers", len(set(keys)), 50)
        expected = slowly(family, scored, keys, seed)
        for name, score in found.items():
            assert score.value == pytest.approx(family[name].value(scored))
            assert [score.low, score.high] == pytest.approx(expected[name]), name


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.booleans(), st.sampled_from(["speakers", "some missing", "none"]))
def test_shuffled_rows_give_the_same(seed: int, regression: bool, kind: str) -> None:
    classes, numbers, keys = sample(seed)
    scored, family = (numbers, REGRESSION) if regression else (classes, CLASSIFICATION)
    if kind == "some missing":
        keys[::5] = None
    order = np.random.default_rng(seed).permutation(len(keys))
    once = bootstrap_scores(family, scored, None if kind == "none" else keys, resamples=30, seed=1)
    again = bootstrap_scores(
        family, take(scored, order), None if kind == "none" else keys[order], resamples=30, seed=1
    )
    assert once == again


def test_same_seed_same_interval_other_seed_another() -> None:
    classes, _, keys = sample(0)
    one, two, three = (bootstrap_scores(CLASSIFICATION, classes, keys, seed=seed)[0] for seed in (1, 1, 2))
    assert one == two
    assert one["uar"].low != three["uar"].low
    assert one["uar"].value == three["uar"].value


def test_score_carries_the_metrics_name_label_and_direction() -> None:
    classes, _, keys = sample(0)
    found, _ = bootstrap_scores(CLASSIFICATION, classes, keys, seed=1)
    assert found["eer"] == Score(
        "eer", "EER", found["eer"].value, found["eer"].low, found["eer"].high, higher_is_better=False
    )
    assert found["uar"].label == "UAR"
    assert found["uar"].higher_is_better


def test_draws_are_multinomial_whatever_the_chunk(monkeypatch: pytest.MonkeyPatch) -> None:
    at_once = np.concatenate(list(intervals.draws(20, 5000, seed=3)))
    assert (at_once.sum(axis=1) == 20).all()
    np.testing.assert_allclose(at_once.mean(axis=0), 1, atol=0.06)
    np.testing.assert_allclose(at_once.var(axis=0), 1 - 1 / 20, atol=0.1)
    monkeypatch.setattr(intervals, "CHUNK", 700)
    chunks = list(intervals.draws(20, 5000, seed=3))
    assert len(chunks) > 100
    np.testing.assert_array_equal(np.concatenate(chunks), at_once)


@pytest.mark.parametrize("groups", [None, np.array(["one"] * 400), np.full(400, np.nan)])
def test_without_speakers_samples_are_resampled_as_theory_has_it(groups: np.ndarray | None) -> None:
    truth = np.array(["a", "b"] * 200)
    prediction = truth.copy()
    prediction[:80] = np.where(truth[:80] == "a", "b", "a")
    scored = Scored(truth, prediction, ["a", "b"])
    found, interval = bootstrap_scores({"acc": CLASSIFICATION["acc"]}, scored, groups, seed=1)
    assert (interval.unit, interval.groups) == ("samples", 400)
    half = 1.96 * np.sqrt(0.8 * 0.2 / 400)  # normal approximation of the binomial
    assert found["acc"].low == pytest.approx(0.8 - half, abs=0.01)
    assert found["acc"].high == pytest.approx(0.8 + half, abs=0.01)


def test_samples_without_a_speaker_stand_alone() -> None:
    classes, _, keys = sample(0)
    known = len(set(keys[10:]))
    keys[:10] = [None, np.nan] * 5
    _, interval = bootstrap_scores(CLASSIFICATION, classes, keys, resamples=5, seed=1)
    assert (interval.unit, interval.groups) == ("speakers", known + 10)


def test_keys_of_any_hashable_kind() -> None:
    classes, _, keys = sample(0)
    several: list[object] = [1, "1", ("db", 1), ("db", 2), 2.5]
    mixed = np.empty(len(keys), dtype=object)
    mixed[:] = [several[i % 5] for i in range(len(keys))]
    _, interval = bootstrap_scores(CLASSIFICATION, classes, mixed, resamples=5, seed=1)
    assert (interval.unit, interval.groups) == ("speakers", 5)


@pytest.mark.parametrize("n", [0, 1])
def test_no_interval_for_less_than_two_samples(n: int) -> None:
    scored = Scored(np.ones(n), np.ones(n))
    found, interval = bootstrap_scores(REGRESSION, scored, None, seed=1)
    assert (interval.unit, interval.groups) == ("samples", n)
    assert all(np.isnan([score.low, score.high]).all() for score in found.values())
    assert found["mse"].value == pytest.approx(np.nan if n == 0 else 0, nan_ok=True)


def test_undefined_resamples_are_left_out() -> None:
    """PCC of two speakers, each constant: defined only where both are drawn."""
    truth = np.array([0.0, 0.0, 1.0, 1.0])
    found, _ = bootstrap_scores(REGRESSION, Scored(truth, truth), np.array(["a", "a", "b", "b"]), seed=1)
    assert [found["pcc"].low, found["pcc"].high] == pytest.approx([1, 1])


def test_nan_prediction_has_no_interval() -> None:
    truth = np.arange(4.0)
    found, _ = bootstrap_scores(REGRESSION, Scored(truth, np.array([0, 1, np.nan, 3])), None, seed=1)
    assert all(np.isnan([score.value, score.low, score.high]).all() for score in found.values())


def test_coverage_over_speakers() -> None:
    """Where speakers differ, only intervals over speakers hold the truth as often as they say."""
    generator = np.random.default_rng(4)
    metric = {"acc": CLASSIFICATION["acc"]}
    covered = {"speakers": 0, "samples": 0}
    speaker = np.repeat(np.arange(40), 20)
    truth = np.full(len(speaker), "a")
    for seed in range(200):
        skill = generator.beta(3, 1.5, size=40)  # mean 2/3
        prediction = np.where(generator.random(len(speaker)) < skill[speaker], "a", "b")
        scored = Scored(truth, prediction, ["a", "b"])
        for unit, groups in (("speakers", speaker), ("samples", None)):
            score = bootstrap_scores(metric, scored, groups, resamples=200, seed=seed)[0]["acc"]
            covered[unit] += score.low <= 2 / 3 <= score.high
    assert 0.88 <= covered["speakers"] / 200 <= 0.99
    assert covered["samples"] / 200 < 0.8

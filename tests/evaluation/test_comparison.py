"""Paired comparison against slow loops that really swap and really draw, and what must not matter."""

from __future__ import annotations

import itertools
import logging
from dataclasses import replace

import numpy as np
import pytest

from nkululeko.core.correction import holm
from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Metric, Scored, metrics
from nkululeko.evaluation.comparison import COLUMNS, compare, permutation_p
from nkululeko.evaluation.intervals import bootstrap_scores

LABELS = ["a", "b", "c"]
NAMES = np.array(LABELS, dtype=object)


def metric(name: str) -> Metric:
    return metrics.load(name)()


def systems(
    noises: dict[str, float], speakers: int = 8, each: int = 6, seed: int = 0
) -> tuple[dict[str, Scored], np.ndarray]:
    """Systems that err the more the noisier they are; some samples are hard for all."""
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(speakers), each)
    codes = random.integers(0, 3, len(groups))
    shared = random.normal(size=(len(codes), 3))
    made = {}
    for name, noise in noises.items():
        scores = 2 * np.eye(3)[codes] + shared + noise * random.normal(size=shared.shape)
        made[name] = Scored(NAMES[codes], NAMES[scores.argmax(axis=1)], LABELS, scores)
    return made, groups


def numbers(
    noises: dict[str, float], speakers: int = 7, seed: int = 0
) -> tuple[dict[str, Scored], np.ndarray]:
    random = np.random.default_rng(seed)
    groups = np.repeat(np.arange(speakers), 5)
    truth = random.normal(size=len(groups))
    return {
        name: Scored(truth, truth + noise * random.normal(size=len(truth))) for name, noise in noises.items()
    }, groups


def slow_p(name: str, one: Scored, other: Scored, groups: np.ndarray) -> float:
    """All swaps, one after the other, each evaluated as if it were a system."""
    found = abs(metric(name).value(one) - metric(name).value(other))
    extreme = []
    for swap in itertools.product((False, True), repeat=len(set(groups))):
        swapped = np.array(swap)[np.unique(groups, return_inverse=True)[1]]
        first = replace(one, prediction=np.where(swapped, other.prediction, one.prediction))
        second = replace(one, prediction=np.where(swapped, one.prediction, other.prediction))
        if one.scores is not None and other.scores is not None:
            first = replace(first, scores=np.where(swapped[:, None], other.scores, one.scores))
            second = replace(second, scores=np.where(swapped[:, None], one.scores, other.scores))
        extreme.append(abs(metric(name).value(first) - metric(name).value(second)) >= found - 1e-9)
    return float(np.mean(extreme))


@pytest.mark.parametrize("name", ["uar", "acc", "f1"])
@pytest.mark.parametrize("seed", range(3))
def test_exact_p_equals_swapping_one_by_one(name, seed):
    made, groups = systems({"good": 0.5, "bad": 2.5}, seed=seed)
    found = permutation_p(metric(name), made["good"], made["bad"], groups, seed=1)
    assert found == pytest.approx(slow_p(name, made["good"], made["bad"], groups))
    assert found == permutation_p(metric(name), made["bad"], made["good"], groups, seed=99)


@pytest.mark.parametrize("name", ["mae", "mse", "ccc", "pcc"])
def test_exact_p_equals_swapping_one_by_one_for_numbers(name):
    made, groups = numbers({"good": 0.5, "bad": 0.9})
    found = permutation_p(metric(name), made["good"], made["bad"], groups, seed=1)
    assert found == pytest.approx(slow_p(name, made["good"], made["bad"], groups))


def test_scores_are_swapped_too():
    made, groups = systems({"good": 0.5, "bad": 2.5}, speakers=6)
    ranked = {}
    for name, scored in made.items():
        order = scored.scores.argsort(axis=0).argsort(axis=0)  # both on one scale, as the module has it
        ranked[name] = replace(scored, scores=order.astype(float))
    found = permutation_p(metric("eer"), made["good"], made["bad"], groups, seed=1)
    assert found == pytest.approx(slow_p("eer", ranked["good"], ranked["bad"], groups))


def test_the_scale_of_scores_does_not_matter():
    made, groups = systems({"good": 0.5, "bad": 2.5}, speakers=6)
    one, other = made["good"], made["bad"]
    stretched = replace(other, scores=np.exp(50 + other.scores))
    found = permutation_p(metric("eer"), one, other, groups, seed=1)
    assert permutation_p(metric("eer"), one, stretched, groups, seed=1) == found


def test_drawn_swaps_come_near_to_all_swaps(monkeypatch):
    made, groups = systems({"good": 0.8, "bad": 1.6}, speakers=12, seed=4)
    arguments = metric("uar"), made["good"], made["bad"], groups, 3
    exact = permutation_p(*arguments)
    assert 0.01 < exact < 0.9
    monkeypatch.setattr("nkululeko.evaluation.comparison.ALL_SWAPS", 1)
    assert permutation_p(*arguments, swaps=20_000) == pytest.approx(exact, abs=0.015)
    assert permutation_p(*arguments, swaps=500) == permutation_p(*arguments, swaps=500)
    monkeypatch.setattr("nkululeko.evaluation.comparison.CHUNK", 4 * 12 * 7)  # many chunks
    assert permutation_p(*arguments, swaps=20_000) == pytest.approx(exact, abs=0.015)


def test_a_drawn_p_is_never_zero():
    truth = np.zeros(100)
    p = permutation_p(
        metric("mae"), Scored(truth, truth), Scored(truth, truth + 1), np.arange(100), 1, swaps=99
    )
    assert p == 0.01


def test_p_is_uniform_where_there_is_no_difference():
    """Found below 5 %, 20 % and 50 % about as often as that; with a difference, much more often."""
    equal, unequal = [], []
    for seed in range(150):
        for found, noises in ((equal, {"x": 1.0, "y": 1.0}), (unequal, {"x": 0.6, "y": 2.0})):
            made, groups = systems(noises, speakers=10, seed=seed)
            found.append(permutation_p(metric("uar"), made["x"], made["y"], groups, seed))
    for level in (0.05, 0.2, 0.5):
        assert np.mean(np.array(equal) <= level) == pytest.approx(level, abs=0.05 + 0.1 * level)
    assert np.mean(np.array(unequal) <= 0.05) > 0.6


def test_one_family_of_comparisons_rarely_finds_what_is_not_there():
    """Five equal systems: the best of them looks better than the worst, but is not."""
    found = raw = 0
    for seed in range(60):
        made, groups = systems(dict.fromkeys("vwxyz", 1.5), speakers=10, seed=seed)
        table = compare(metric("uar"), made, groups, seed=seed, resamples=20)
        raw += bool((table["p"] < 0.05).any())
        found += bool((table["p_corrected"] < 0.05).any())
    assert found <= 6 < raw


def test_the_table():
    made, groups = systems({"bad": 5.0, "good": 0.3, "middle": 1.5}, speakers=12, each=12)
    table = compare(metric("uar"), made, groups, seed=1, resamples=300)
    assert list(table.columns) == COLUMNS
    assert table["system"].tolist() == ["good", "middle", "bad"]
    assert table["best"].tolist() == [True, False, False]
    assert table["value"].tolist() == [metric("uar").value(made[name]) for name in table["system"]]
    np.testing.assert_allclose(table["difference"], table["value"] - table["value"][0])
    assert (table["difference_low"] <= table["difference"]).all()
    assert (table["difference"] <= table["difference_high"]).all()
    assert table.loc[0, ["difference_low", "difference_high"]].tolist() == [0, 0]
    assert np.isnan(table.loc[0, ["p", "p_corrected"]].astype(float)).all()
    expected = [
        permutation_p(metric("uar"), made["good"], made[name], groups, 1) for name in ("middle", "bad")
    ]
    assert table["p"].tolist()[1:] == expected
    assert table["p_corrected"].tolist()[1:] == holm(expected, 3)
    assert table["p_corrected"][2] < 0.05


def test_lower_is_better_for_errors():
    made, groups = numbers({"bad": 2.0, "good": 0.3})
    table = compare(metric("mae"), made, groups, seed=1, resamples=200)
    assert table["system"].tolist() == ["good", "bad"]
    assert table["difference"][1] > 0


def test_values_and_intervals_are_those_of_a_single_evaluation():
    made, groups = systems({"bad": 3.0, "good": 0.3}, speakers=9)
    table = compare(metric("uar"), made, groups, seed=7, resamples=400).set_index("system")
    for name, scored in made.items():
        scores, _ = bootstrap_scores({"uar": metric("uar")}, scored, groups, resamples=400, seed=7)
        expected = [scores["uar"].value, scores["uar"].low, scores["uar"].high]
        assert table.loc[name, ["value", "low", "high"]].tolist() == pytest.approx(expected)


def test_difference_interval_equals_drawing_speakers_one_by_one():
    made, groups = numbers({"good": 0.3, "bad": 0.6}, speakers=9)
    table = compare(metric("mae"), made, groups, seed=1, resamples=4000)
    random, slow = np.random.default_rng(5), []
    for _ in range(4000):
        rows = np.concatenate([np.flatnonzero(groups == speaker) for speaker in random.integers(9, size=9)])
        error = {name: np.abs(scored.prediction - scored.truth)[rows].mean() for name, scored in made.items()}
        slow.append(error["bad"] - error["good"])
    low, high = np.quantile(slow, [0.025, 0.975])
    found = table.loc[1, ["difference_low", "difference_high"]].tolist()
    assert found == pytest.approx([low, high], abs=0.1 * (high - low))


def test_the_difference_is_known_better_than_the_scores_where_speakers_are_easy_or_hard_for_both():
    random = np.random.default_rng(0)
    groups = np.repeat(np.arange(10), 5)
    truth, hard = np.zeros(50), np.repeat(random.gamma(1, 3, 10), 5)
    made = {"x": Scored(truth, hard), "y": Scored(truth, hard + 0.2 + 0.1 * random.normal(size=50))}
    table = compare(metric("mae"), made, groups, seed=1, resamples=500)
    assert table["low"][1] < table["high"][0]  # the intervals overlap
    assert table["difference_low"][1] > 0 and table["p"][1] < 0.01


@pytest.mark.parametrize("known", [True, False])
def test_order_of_rows_and_of_systems_does_not_matter(known):
    made, groups = systems({"x": 1.0, "y": 1.5, "z": 2.0}, speakers=15)
    order = np.random.default_rng(3).permutation(len(groups))
    shuffled = {
        name: Scored(made[name].truth[order], made[name].prediction[order], LABELS, made[name].scores[order])
        for name in ("z", "x", "y")
    }
    keys = np.array([f"s{speaker}" for speaker in groups], dtype=object)
    once = compare(metric("uar"), made, keys if known else None, seed=1, resamples=200)
    again = compare(metric("uar"), shuffled, keys[order] if known else None, seed=1, resamples=200)
    assert once.equals(again)


def test_order_of_the_labels_does_not_matter():
    made, groups = systems({"x": 1.0, "y": 1.5})
    turned = replace(made["y"], labels=LABELS[::-1], scores=made["y"].scores[:, ::-1])
    for name in ("uar", "eer"):
        once = compare(metric(name), made, groups, seed=1, resamples=50)
        again = compare(metric(name), {"x": made["x"], "y": turned}, groups, seed=1, resamples=50)
        assert once.drop(columns=["low", "high", "difference_low", "difference_high"]).equals(
            again.drop(columns=["low", "high", "difference_low", "difference_high"])
        )


def test_without_speakers_samples_are_swapped():
    made, groups = systems({"x": 0.5, "y": 2.5}, speakers=3, each=4)
    table = compare(metric("uar"), made, None, seed=1, resamples=50)
    assert table["p"][1] == pytest.approx(slow_p("uar", made["x"], made["y"], np.arange(12)))
    alone = np.full(len(groups), None, dtype=object)
    assert table.equals(compare(metric("uar"), made, alone, seed=1, resamples=50))


def test_equal_systems_have_p_one():
    made, groups = systems({"x": 1.0})
    table = compare(metric("uar"), {"x": made["x"], "twin": made["x"]}, groups, seed=1, resamples=50)
    assert table["p"][1] == table["p_corrected"][1] == 1
    assert table.loc[1, ["difference", "difference_low", "difference_high"]].tolist() == [0, 0, 0]


def test_one_system_has_nothing_to_be_compared_with():
    made, groups = systems({"x": 1.0})
    table = compare(metric("uar"), made, groups, seed=1, resamples=50)
    assert len(table) == 1 and table["best"][0] and np.isnan(table["p"][0])


def test_an_undefined_metric_comes_last():
    made, groups = numbers({"x": 0.5, "y": 0.8})
    constant = Scored(made["x"].truth, np.full(len(groups), np.nan))
    table = compare(metric("mae"), {**made, "broken": constant}, groups, seed=1, resamples=50)
    assert table["system"].tolist() == ["x", "y", "broken"]
    assert np.isnan(table.loc[2, ["value", "p", "p_corrected"]].astype(float)).all()
    assert table["p_corrected"][1] <= 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda s: Scored(s.truth[1:], s.prediction[1:], LABELS), "tested on 48 and on 47 samples"),
        (lambda s: replace(s, truth=np.roll(s.truth, 1), scores=None), "samples have another truth"),
        (lambda s: replace(s, labels=["a", "b", "c", "d"], scores=None), "have different classes"),
    ],
)
def test_other_samples_are_an_error(change, message):
    made, groups = systems({"x": 1.0, "y": 1.0})
    with pytest.raises(NkululekoError, match=f"'x' and 'y'.*{message}.*split"):
        compare(metric("uar"), {"x": made["x"], "y": change(made["y"])}, groups, seed=1)
    with pytest.raises(NkululekoError, match="nothing to compare"):
        compare(metric("uar"), {}, groups, seed=1)


def test_too_few_speakers_are_told(caplog):
    made, groups = systems({"x": 0.1, "y": 9.0}, speakers=4, each=20)
    with caplog.at_level(logging.WARNING, "nkululeko"):
        table = compare(metric("uar"), made, groups, seed=1, resamples=50)
    assert caplog.messages == [
        "with 4 test speakers or samples no p-value can be below 0.125: no difference can be shown"
    ]
    assert table["p"][1] == 0.125

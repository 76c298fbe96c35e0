"""Every metric, whoever wrote it, keeps the promises of its family."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nkululeko.core.families import Metric, Scored, metrics

LABELS = ["a", "b", "c"]


def metric_and_task() -> list[tuple[str, str]]:
    return [(name, task) for name in metrics.names() for task in metrics.load(name).tasks]


def sample(task: str, n: int = 90, seed: int = 0) -> Scored:
    """A model that is right more often than not."""
    generator = np.random.default_rng(seed)
    if task == "regression":
        truth = generator.normal(size=n)
        return Scored(truth, truth + 0.7 * generator.normal(size=n))
    code = generator.integers(3, size=n)
    scores = np.eye(3)[code] + generator.random((n, 3)) * 1.5
    names = np.array(LABELS, dtype=object)
    return Scored(names[code], names[scores.argmax(axis=1)], LABELS, scores)


def perfect(scored: Scored) -> Scored:
    """The same truth, found by a model without fault."""
    scores = None
    if len(scored.labels):
        scores = (scored.truth[:, None] == np.array(scored.labels, dtype=object)).astype(float)
    return replace(scored, prediction=scored.truth.copy(), scores=scores)


@pytest.fixture(params=metric_and_task(), ids=lambda case: "-".join(case))
def case(request: pytest.FixtureRequest) -> tuple[Metric, Scored]:
    name, task = request.param
    return metrics.load(name)(), sample(task)


@pytest.fixture(params=[name for name, task in metric_and_task() if task == "classification"])
def classifying(request: pytest.FixtureRequest) -> tuple[Metric, Scored]:
    return metrics.load(request.param)(), sample("classification")


def test_there_are_metrics_for_both_tasks() -> None:
    assert {task for _, task in metric_and_task()} == {"classification", "regression"}


@pytest.mark.parametrize("name", metrics.names())
def test_says_what_it_is(name: str) -> None:
    metric = metrics.load(name)
    assert metric.plugin_name() == name
    assert metric.label
    assert metric.summary
    assert "\n" not in metric.summary
    assert metric.tasks
    assert set(metric.tasks) <= {"classification", "regression"}


def test_perfect_prediction_is_best(case: tuple[Metric, Scored]) -> None:
    metric, scored = case
    best, real = metric.value(perfect(scored)), metric.value(scored)
    assert best == pytest.approx(1.0 if metric.higher_is_better else 0.0)
    assert real < best if metric.higher_is_better else real > best


def test_drawing_each_group_once_is_the_value(case: tuple[Metric, Scored]) -> None:
    metric, scored = case
    n = len(scored.truth)
    for groups in (np.arange(n), np.arange(n) % 8, np.zeros(n, dtype=int)):
        once = np.ones((2, groups.max() + 1), dtype=int)
        found = metric.resampled(scored, groups, once)
        assert found.shape == (2,)
        np.testing.assert_allclose(found, metric.value(scored))


def test_leaving_a_group_out_is_the_value_of_the_rest(case: tuple[Metric, Scored]) -> None:
    metric, scored = case
    groups = np.arange(len(scored.truth)) % 8
    found = metric.resampled(scored, groups, 1.0 - np.eye(8))
    for group in range(8):
        rest = groups != group
        scores = None if scored.scores is None else scored.scores[rest]
        part = Scored(scored.truth[rest], scored.prediction[rest], scored.labels, scores)
        assert found[group] == pytest.approx(metric.value(part))


def test_order_of_the_rows_does_not_matter(case: tuple[Metric, Scored]) -> None:
    metric, scored = case
    order = np.random.default_rng(1).permutation(len(scored.truth))
    scores = None if scored.scores is None else scored.scores[order]
    shuffled = Scored(scored.truth[order], scored.prediction[order], scored.labels, scores)
    assert metric.value(shuffled) == pytest.approx(metric.value(scored))


def test_order_of_the_labels_does_not_matter(classifying: tuple[Metric, Scored]) -> None:
    metric, scored = classifying
    assert scored.scores is not None
    reversed_ = replace(scored, labels=scored.labels[::-1], scores=scored.scores[:, ::-1])
    assert metric.value(reversed_) == pytest.approx(metric.value(scored))


def test_labels_may_be_numpy_strings(classifying: tuple[Metric, Scored]) -> None:
    metric, scored = classifying
    plain = replace(scored, truth=scored.truth.astype(str), prediction=scored.prediction.astype(str))
    assert metric.value(plain) == metric.value(scored)


def test_inputs_are_left_as_they_are(case: tuple[Metric, Scored]) -> None:
    metric, scored = case
    parts = [part for part in (scored.truth, scored.prediction, scored.scores) if part is not None]
    before = [part.copy() for part in parts]
    metric.value(scored)
    metric.resampled(scored, np.arange(len(scored.truth)), np.ones((3, len(scored.truth))))
    for part, copy in zip(parts, before, strict=True):
        np.testing.assert_array_equal(part, copy)


def test_no_samples_is_nan(case: tuple[Metric, Scored]) -> None:
    metric, scored = case
    scores = None if scored.scores is None else scored.scores[:0]
    empty = Scored(scored.truth[:0], scored.prediction[:0], scored.labels, scores)
    assert np.isnan(metric.value(empty))

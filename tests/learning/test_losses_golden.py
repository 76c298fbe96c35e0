"""The losses against numpy, SciPy and scikit-learn, and their slopes against finite differences."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nkululeko.core.families import losses

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")

rng = np.random.default_rng(7)
LOGITS = rng.normal(0, 2, (40, 4))
LABELS = np.concatenate([np.arange(4), rng.integers(0, 4, 36)])
WEIGHTS = np.array([0.5, 1.0, 2.0, 3.5])
P = np.exp(LOGITS) / np.exp(LOGITS).sum(axis=1, keepdims=True)
S = 1 / (1 + np.exp(-LOGITS))
X, Y = rng.normal(1, 2, 40), rng.normal(-0.5, 1, 40)


def of_classes(name: str, logits=LOGITS, weights=None, **options) -> float:
    weights = None if weights is None else torch.from_numpy(weights)
    return float(
        losses.load(name)().build(weights, **options)(torch.from_numpy(logits), torch.from_numpy(LABELS))
    )


def of_numbers(name: str, x=X, y=Y) -> float:
    return float(losses.load(name)().build()(torch.from_numpy(x), torch.from_numpy(y)))


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_cross_is_the_log_loss(weights):
    from sklearn.metrics import log_loss

    rows = None if weights is None else weights[LABELS]
    assert of_classes("cross", weights=weights) == pytest.approx(log_loss(LABELS, P, sample_weight=rows))


@pytest.mark.parametrize("weights", [None, WEIGHTS])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_focal_is_the_formula_of_the_paper(weights, smoothing):
    truth = np.eye(4)[LABELS] * (1 - smoothing) + smoothing / 4
    terms = -(truth * (1 - P) ** 2 * np.log(P)).sum(axis=1)
    rows = np.ones(40) if weights is None else weights[LABELS]
    expected = (terms * rows).sum() / rows.sum()
    assert of_classes("focal", weights=weights, label_smoothing=smoothing) == pytest.approx(expected)


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_focal_without_focus_is_cross(weights):
    from nkululeko.learning.losses.focal import focal_loss

    tensor = None if weights is None else torch.from_numpy(weights)
    value = focal_loss(torch.from_numpy(LOGITS), torch.from_numpy(LABELS), tensor, gamma=0.0)
    assert float(value) == pytest.approx(of_classes("cross", weights=weights))


@pytest.mark.parametrize("weights", [None, WEIGHTS])
def test_f1_of_sure_outputs_is_macro_f1(weights):
    from sklearn.metrics import f1_score

    rows = None if weights is None else weights[LABELS]
    guess = LOGITS.argmax(axis=1)
    expected = 1 - f1_score(LABELS, guess, average="macro", sample_weight=rows)
    assert of_classes("f1", 1e3 * np.eye(4)[guess], weights) == pytest.approx(expected)


def test_f1_of_unsure_outputs_counts_probabilities():
    hits = np.array([P[label == LABELS, label].sum() for label in range(4)])
    expected = 1 - np.mean(2 * hits / (P.sum(axis=0) + np.bincount(LABELS)))
    assert of_classes("f1") == pytest.approx(expected)


def test_f1_leaves_classes_out_that_do_not_occur():
    from nkululeko.learning.losses.f1 import soft_f1_loss

    sure = torch.tensor([[50.0, 0.0, 0.0], [0.0, 50.0, 0.0]])
    assert float(soft_f1_loss(sure, torch.tensor([0, 1]))) == pytest.approx(0.0, abs=1e-6)


def test_bce_is_the_mean_log_loss_of_each_class_against_the_rest():
    from sklearn.metrics import log_loss

    expected = np.mean([log_loss(label == LABELS, S[:, label]) for label in range(4)])
    assert of_classes("bce") == pytest.approx(expected)


def test_weighted_bce_gives_yes_and_no_the_same_weight():
    counts = np.bincount(LABELS)
    yes = np.eye(4)[LABELS]
    terms = -(yes * np.log(S) * (len(LABELS) - counts) / counts + (1 - yes) * np.log(1 - S))
    weights = len(LABELS) / (4 * counts)
    assert of_classes("weighted_bce", weights=weights) == pytest.approx(terms.mean())
    # with outputs of 0, all samples of a class together weigh as much as all of the rest
    logits = torch.zeros(40, 4, dtype=torch.float64, requires_grad=True)
    loss = losses.load("weighted_bce")().build(torch.from_numpy(weights))
    loss(logits, torch.from_numpy(LABELS)).backward()
    np.testing.assert_allclose(logits.grad.sum(dim=0), 0, atol=1e-12)


def test_errors_are_those_of_scikit_learn():
    from sklearn.metrics import mean_absolute_error, mean_squared_error

    assert of_numbers("mse") == pytest.approx(mean_squared_error(Y, X))
    assert of_numbers("mae") == pytest.approx(mean_absolute_error(Y, X))


numbers = arrays(np.float64, 8, elements=st.floats(-10, 10, width=16))


@settings(max_examples=50, deadline=None)
@given(numbers, numbers)
def test_ccc_and_pcc_are_those_of_numpy_and_scipy(x, y):
    from scipy.stats import pearsonr

    if x.std() < 0.01 or y.std() < 0.01:
        return
    covariance = np.cov(x, y, bias=True)[0, 1]
    ccc = 2 * covariance / (x.var() + y.var() + (x.mean() - y.mean()) ** 2)
    assert of_numbers("ccc", x, y) == pytest.approx(1 - ccc, abs=1e-3)
    assert of_numbers("pcc", x, y) == pytest.approx(1 - pearsonr(x, y)[0], abs=1e-3)


def test_ccc_and_pcc_to_the_last_digits():
    from scipy.stats import pearsonr

    covariance = np.cov(X, Y, bias=True)[0, 1]
    ccc = 2 * covariance / (X.var() + Y.var() + (X.mean() - Y.mean()) ** 2)
    assert of_numbers("ccc") == pytest.approx(1 - ccc, abs=1e-7)
    assert of_numbers("pcc") == pytest.approx(1 - pearsonr(X, Y)[0], abs=1e-7)


def test_pcc_leaves_offset_and_scale_free_and_ccc_does_not():
    assert of_numbers("pcc", 3 * Y + 5, Y) == pytest.approx(0, abs=1e-7)
    assert of_numbers("ccc", 3 * Y + 5, Y) > 0.5


@pytest.mark.parametrize("name", losses.names())
def test_slopes_are_right(name):
    if "regression" in losses.load(name).tasks:
        outputs, truth, weights = torch.from_numpy(X[:8]), torch.from_numpy(Y[:8]), None
    else:
        outputs, truth = torch.from_numpy(LOGITS[:8]), torch.from_numpy(LABELS[:8])
        weights = torch.from_numpy(WEIGHTS)
    loss = losses.load(name)().build(weights)
    assert torch.autograd.gradcheck(lambda given: loss(given, truth), outputs.clone().requires_grad_())

"""Every loss through the common checks."""

from __future__ import annotations

import pytest

from nkululeko.core.families import losses

torch = pytest.importorskip("torch", reason="NOT TESTED: torch is not installed")

NAMES = losses.names()
OF_CLASSES = [name for name in NAMES if "classification" in losses.load(name).tasks]
OF_NUMBERS = [name for name in NAMES if "regression" in losses.load(name).tasks]


def pair(name: str, better: float = 0.0) -> tuple:
    """Outputs and targets of 12 samples; ``better``: how far the outputs are on the right side."""
    generator = torch.Generator().manual_seed(3)
    if name in OF_NUMBERS:
        truth = torch.randn(12, generator=generator)
        return torch.randn(12, generator=generator) * (1 - better) + truth * better, truth
    truth = torch.arange(12) % 3
    return torch.randn(12, 3, generator=generator) + 9 * better * (2 * torch.eye(3)[truth] - 1), truth


def test_the_losses_of_the_manual_are_there():
    assert set(NAMES) == set(["cross", "f1", "focal", "bce", "weighted_bce", "mse", "mae", "ccc", "pcc"])
    assert losses.load("1-ccc") is losses.load("ccc")
    assert losses.load("1-pcc") is losses.load("pcc")


@pytest.mark.parametrize("name", NAMES)
def test_it_is_named_and_described(name):
    kind = losses.load(name)
    assert kind.plugin_name() == name
    assert kind.summary
    assert len(kind.tasks) == 1


@pytest.mark.parametrize("name", NAMES)
def test_better_outputs_have_a_smaller_loss_down_to_nearly_nothing(name):
    loss = losses.load(name)().build()
    values = [float(loss(*pair(name, better))) for better in (0.0, 0.5, 1.0)]
    assert values[0] > values[1] > values[2]
    assert -1e-6 <= values[2] < 0.01


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_a_step_downhill_makes_it_smaller(name, weighted):
    weights = torch.tensor([0.5, 1.0, 3.0]) if weighted and name in OF_CLASSES else None
    loss = losses.load(name)().build(weights, label_smoothing=0.1 if name in OF_CLASSES else 0.0)
    outputs, truth = pair(name)
    outputs.requires_grad_()
    before = loss(outputs, truth)
    assert before.shape == ()
    before.backward()
    assert torch.isfinite(outputs.grad).all()
    assert float(loss((outputs - 0.05 * outputs.grad).detach(), truth)) < before.item()


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("rows", [1, 2])
def test_it_stays_finite_on_next_to_nothing(name, rows):
    """A single sample, or two equal ones with equal outputs: nothing varies."""
    outputs = torch.zeros((rows, 3) if name in OF_CLASSES else rows, requires_grad=True)
    truth = torch.ones(rows, dtype=torch.int64 if name in OF_CLASSES else torch.float32)
    value = losses.load(name)().build()(outputs, truth)
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(outputs.grad).all()


@pytest.mark.parametrize("name", NAMES)
def test_it_stays_finite_far_out(name):
    outputs, truth = pair(name, better=0.3)
    outputs = (outputs * 1e4).requires_grad_()
    value = losses.load(name)().build()(outputs, truth)
    value.backward()
    assert torch.isfinite(value)
    assert torch.isfinite(outputs.grad).all()


@pytest.mark.parametrize("name", OF_CLASSES)
def test_weights_of_one_change_nothing(name):
    kind = losses.load(name)
    outputs, truth = pair(name)
    plain, weighted = kind().build()(outputs, truth), kind().build(torch.ones(3))(outputs, truth)
    torch.testing.assert_close(plain, weighted)


@pytest.mark.parametrize("name", OF_CLASSES)
def test_a_heavy_class_pulls_more(name):
    """The gradient on samples of the class grows against that on the others."""
    kind = losses.load(name)

    def share(weights: torch.Tensor | None) -> float:
        outputs, truth = pair(name)
        outputs.requires_grad_()
        kind().build(weights)(outputs, truth).backward()
        size = outputs.grad.abs().sum(dim=1)
        return float(size[truth == 2].sum() / size.sum())

    assert share(torch.tensor([0.5, 0.5, 5.0])) > share(None)


@pytest.mark.parametrize("name", OF_CLASSES)
def test_label_smoothing_punishes_overconfidence(name):
    kind = losses.load(name)
    sure = pair(name, better=1.0)
    assert float(kind().build(label_smoothing=0.2)(*sure)) > float(kind().build()(*sure)) + 0.01

"""What a net learns: labels as numbers of classes, numbers on a common scale, and the way back from its outputs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Loss, Metric, ModelContext, Scored, losses, metrics
from nkululeko.learning.nets.options import NetOptions

if TYPE_CHECKING:
    from collections.abc import Callable

    from torch import Tensor

#: where nobody chooses
LOSSES = {"classification": "cross", "regression": "ccc"}
MEASURES = {"classification": "uar", "regression": "ccc"}


@dataclass(frozen=True)
class Goal:
    """Between the target and the net's outputs.

    Args:
        labels: the classes in the order of the outputs; empty: numbers
        center: the mean of the numbers in training
        spread: their standard deviation; nets learn numbers around 0 more easily
        one_vs_rest: the outputs are one yes or no a class, not a choice among them
    """

    labels: tuple[str, ...] = ()
    center: float = 0.0
    spread: float = 1.0
    one_vs_rest: bool = False

    @property
    def outputs(self) -> int:
        """How many outputs the net has."""
        return max(len(self.labels), 1)

    def known(self, target: np.ndarray) -> np.ndarray:
        """Which samples the net can learn from or be judged by, shape ``(samples,)``: those of known classes."""
        if not self.labels:
            return np.ones(len(target), dtype=bool)
        return np.isin([str(label) for label in target], self.labels)

    def encoded(self, target: np.ndarray) -> np.ndarray:
        """The target as the loss wants it: class indices, or numbers around 0, shape ``(samples,)``."""
        if not self.labels:
            return ((np.asarray(target, dtype=np.float64) - self.center) / self.spread).astype(np.float32)
        return np.searchsorted(self.labels, [str(label) for label in target])

    def scores(self, outputs: np.ndarray) -> np.ndarray | None:
        """The classes' probabilities, shape ``(samples, classes)``; None for numbers.

        Example:
            >>> Goal(("a", "b")).scores(np.array([[0.0, 0.0]])).tolist()
            [[0.5, 0.5]]
        """
        if not self.labels:
            return None
        if self.one_vs_rest:
            # the logarithm of the sigmoid, which does not vanish for outputs far below 0
            outputs = -np.logaddexp(0.0, -outputs)
        shares = np.exp(outputs - outputs.max(axis=1, keepdims=True))
        return shares / shares.sum(axis=1, keepdims=True)

    def prediction(self, outputs: np.ndarray) -> np.ndarray:
        """The predicted label or number of each sample, shape ``(samples,)``."""
        scores = self.scores(outputs)
        if scores is None:
            return outputs[:, 0] * self.spread + self.center
        return np.array(self.labels, dtype=np.str_)[scores.argmax(axis=1)]


def goal_of(target: np.ndarray, context: ModelContext, model: str) -> Goal:
    """What there is to learn.

    Args:
        target: labels or numbers of the training samples, shape ``(samples,)``
        context: task and loss
        model: who learns, for messages

    Raises:
        NkululekoError: there is one class only, or a number is missing
    """
    if context.task == "classification":
        labels = tuple(sorted({str(label) for label in target}))
        if len(labels) < 2:
            what = (
                f"all training samples are of one class, '{labels[0]}'" if labels else "no training samples"
            )
            raise NkululekoError(f"model {model}: {what}", todo="look at target, mapping and split")
        return Goal(labels, one_vs_rest=getattr(loss_of(context), "one_vs_rest", False))
    numbers = np.asarray(target, dtype=np.float64)
    if not len(numbers) or not np.isfinite(numbers).all():
        missing = (
            f"{(~np.isfinite(numbers)).sum()} of {len(numbers)} training samples have no number to learn"
        )
        raise NkululekoError(f"model {model}: {missing}", "DATA.target", "look at target and split")
    center, spread = float(numbers.mean()), float(numbers.std())
    varies = spread > 1e-12 * max(abs(center), 1e-300)
    return Goal(center=center, spread=spread if varies else 1.0)


def loss_of(context: ModelContext) -> type[Loss]:
    """The loss that was asked for, or that of the task.

    Raises:
        NkululekoError: there is no such loss, or it is not for this task; names those that are
    """
    kind = losses.load(context.loss or LOSSES[context.task])
    if context.task not in kind.tasks:
        fitting = [name for name in losses.names() if context.task in losses.load(name).tasks]
        todo = f"expected one of: {', '.join(fitting)}"
        raise NkululekoError(f"loss '{context.loss}' is not for {context.task}", "MODEL.loss", todo)
    return kind


def criterion(
    goal: Goal, target: np.ndarray, context: ModelContext, options: NetOptions, device: str
) -> Callable[[Tensor, Tensor], Tensor]:
    """The loss as a function of outputs ``(batch, outputs)`` and encoded targets ``(batch,)``.

    Args:
        goal: what is learned
        target: encoded, of the training samples; the classes' weights follow from it
        context: loss, class_weight
        options: label_smoothing, batch_size
        device: where the weights shall be

    Raises:
        NkululekoError: the loss is undefined on batches of that size
    """
    import torch

    kind = loss_of(context)
    smallest = getattr(kind, "smallest_batch", 1)
    if options.batch_size < smallest:
        what = f"loss {kind.plugin_name()} needs batches of at least {smallest} samples"
        raise NkululekoError(what, "MODEL.batch_size", "try 32")
    if not goal.labels:
        of_numbers = kind().build()
        return lambda outputs, truth: of_numbers(outputs.squeeze(1), truth)
    weights = None
    if context.class_weight or getattr(kind, "always_weighted", False):
        counts = np.bincount(target, minlength=len(goal.labels))
        # inverse frequency (King & Zeng 2001): all classes together weigh the same
        weights = torch.tensor(len(target) / (len(counts) * counts), dtype=torch.float32, device=device)
    return kind().build(weights, getattr(options, "label_smoothing", 0.0))


def measure_of(context: ModelContext) -> Metric:
    """The measure that chooses the epoch.

    Raises:
        NkululekoError: there is no such measure, or it is not for this task
    """
    name = context.measure or MEASURES[context.task]
    kind = metrics.load(name)
    if context.task not in kind.tasks:
        fitting = [other for other in metrics.names() if context.task in metrics.load(other).tasks]
        todo = f"expected one of: {', '.join(fitting)}"
        raise NkululekoError(f"measure '{name}' is not for {context.task}", "MODEL.measure", todo)
    return kind()


def figure_of(goal: Goal, truth: np.ndarray, metric: Metric) -> Callable[[np.ndarray], float]:
    """The measure as a function of the net's outputs for samples of that truth (labels or numbers)."""
    if goal.labels:
        truth = np.array([str(label) for label in truth], dtype=np.str_)
    else:
        truth = np.asarray(truth, dtype=np.float64)

    def figure(outputs: np.ndarray) -> float:
        return metric.value(Scored(truth, goal.prediction(outputs), goal.labels, goal.scores(outputs)))

    return figure

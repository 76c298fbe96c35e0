"""How far a model's probabilities can be believed: expected calibration error and Brier score."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.result import Calibration
from nkululeko.evaluation.metrics._confusion import label_codes


def calibration(
    truth: np.ndarray, probabilities: np.ndarray, labels: Sequence[str], bins: int = 10
) -> Calibration:
    """Compare the probability of the likeliest class with how often it is the right one.

    The samples are put into bins of equal width by the probability of their likeliest class (its confidence);
    the expected calibration error is the mean distance of confidence and accuracy of the bins, weighted by
    their sizes (Guo et al., "On calibration of modern neural networks", 2017; a bin holds its upper edge).
    The Brier score is the mean over samples of the squared differences, summed over classes, of probability
    and truth as 0 and 1 (Brier, "Verification of forecasts expressed in terms of probability", 1950): 0 is
    best, 2 worst.

    Args:
        truth: labels, shape ``(samples,)``
        probabilities: of each sample and class, shape ``(samples, classes)``
        labels: the classes in the order of the columns
        bins: how many; empty ones are left out of the table

    Raises:
        NkululekoError: a truth is none of the labels, or something is no probability

    Example:
        >>> found = calibration(np.array(["a", "b"]), np.array([[0.8, 0.2], [0.6, 0.4]]), ["a", "b"])
        >>> round(found.ece, 3), round(found.brier, 3)
        (0.4, 0.4)
    """
    import pandas as pd

    columns = ["confidence", "accuracy", "count"]
    if not len(truth):
        return Calibration(float("nan"), pd.DataFrame(columns=columns), float("nan"))
    if not ((probabilities > -1e-6) & (probabilities < 1 + 1e-6)).all():
        raise NkululekoError("the model's probabilities are not all between 0 and 1")
    code = label_codes(truth, labels)
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == code
    bin_of = np.digitize(confidence, np.linspace(0, 1, bins + 1)[1:-1], right=True)
    samples = pd.DataFrame(
        {"bin": bin_of, "confidence": confidence, "accuracy": right.astype(float), "count": 1}
    )
    table = samples.groupby("bin").agg({"confidence": "mean", "accuracy": "mean", "count": "sum"})
    ece = (table["count"] * (table["confidence"] - table["accuracy"]).abs()).sum() / len(truth)
    wanted = np.eye(len(labels))[code]
    brier = ((probabilities - wanted) ** 2).sum(axis=1).mean()
    return Calibration(float(ece), table.reset_index(drop=True)[columns], float(brier))

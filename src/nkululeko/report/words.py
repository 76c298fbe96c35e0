"""The words around the figures, for people who know speech rather than statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from nkululeko.report.text import clean, number, plural

if TYPE_CHECKING:
    import pandas as pd

    from nkululeko.core.result import Interval, Result, Score

#: full name and meaning of a measure, by its name
MEASURES = {
    "uar": (
        "unweighted average recall",
        "the share of each class that is recognised, averaged over the classes, so that a rare class "
        "counts as much as a frequent one",
    ),
    "acc": ("accuracy", "the share of all test samples that are recognised; frequent classes weigh more"),
    "f1": ("F1", "the harmonic mean of recall and precision, averaged over the classes"),
    "uap": ("unweighted average precision", "the share of each class's answers that are right, averaged"),
    "eer": ("equal error rate", "the error where misses and false alarms are equally frequent; 0 is perfect"),
    "auc": (
        "area under the ROC curve",
        "how often a sample of the class is ranked above one that is not; 1 is perfect",
    ),
    "kappa": ("Cohen's kappa", "agreement beyond what chance brings; 1 is perfect"),
    "mcc": ("Matthews correlation", "correlation of true and predicted classes; 1 is perfect"),
    "ccc": (
        "concordance correlation coefficient, Lin 1989",
        "whether predictions rise and fall with the truth and lie on its scale; 1 is perfect",
    ),
    "pcc": (
        "Pearson correlation",
        "whether predictions rise and fall with the truth, whatever their scale; 1 is perfect",
    ),
    "scc": ("Spearman correlation", "whether the samples are ranked as in truth; 1 is perfect"),
    "mae": (
        "mean absolute error",
        "how far a prediction is off on average, in the unit of the target; 0 is perfect",
    ),
    "mse": ("mean squared error", "large errors weigh more; 0 is perfect"),
    "rmse": ("root mean squared error", "in the unit of the target; large errors weigh more; 0 is perfect"),
    "r2": ("coefficient of determination", "the share of the variance that is explained; 1 is perfect"),
}
#: how the worst mistakes are ordered, by the kind of their weight
ORDER = {
    "confidence": "Test samples with a wrong answer, those first where the model was surest.",
    "margin": "Test samples with a wrong answer, those first where the model was surest. Margin: by how much "
    "the score of the wrong answer leads over that of the right one.",
    "error": "The test samples with the largest errors.",
    "": "Test samples with a wrong answer. This model does not tell how sure it is: they come as they are named.",
}
_ALIASES = {"accuracy": "acc", "spearman": "scc", "pearson": "pcc", "roc_auc": "auc"}

Verdict = Literal["better", "unclear", "worse", "unknown"]


@dataclass(frozen=True)
class Chance:
    """What a guess would reach: the yardstick of a score.

    Args:
        value: the score of guessing
        text: how it comes about, e.g. ``"guessing gives 1/7 = .143"``
    """

    value: float
    text: str


def measure(score: Score) -> str:
    """What a measure is, in one sentence without a full stop; empty for one that is not known here.

    Example:
        >>> from nkululeko.core.result import Score
        >>> measure(Score("f1", "F1", 0.5, 0.4, 0.6))
        'F1: the harmonic mean of recall and precision, averaged over the classes'
        >>> measure(Score("mse", "MSE", 0.5, 0.4, 0.6))
        'MSE (mean squared error): large errors weigh more; 0 is perfect'
    """
    known = MEASURES.get(_ALIASES.get(score.name, score.name))
    if known is None:
        return ""
    name, meaning = known
    label = clean(score.label)
    return f"{label}: {meaning}" if label.lower() == name.lower() else f"{label} ({name}): {meaning}"


def chance(result: Result, answers: pd.DataFrame | None = None) -> Chance | None:
    """What guessing reaches in the headline measure; None where that has no simple answer.

    Args:
        result: of a run
        answers: whose ``truth`` is guessed; None: the test samples
    """
    name = _ALIASES.get(result.measure, result.measure)
    truth = (result.predictions if answers is None else answers)["truth"].dropna()
    if name == "uar" and len(truth):
        classes = truth.nunique()
        return Chance(1 / classes, f"guessing gives 1/{classes} = {number(1 / classes)}")
    if name == "acc" and len(truth):
        most = truth.value_counts(sort=True)
        share = float(most.iloc[0] / most.sum())
        return Chance(share, f"always answering '{most.index[0]}' gives {number(share)}")
    if name in ("eer", "auc"):
        return Chance(0.5, "guessing gives .5")
    if name in ("ccc", "pcc", "scc", "kappa", "mcc"):
        return Chance(0.0, "guessing gives 0")
    if name in ("mae", "mse", "rmse") and len(truth):
        off = (truth.astype(float) - truth.astype(float).mean()).abs()
        value = {"mae": off.mean(), "mse": (off**2).mean(), "rmse": (off**2).mean() ** 0.5}[name]
        return Chance(float(value), f"always answering with the mean of the test set gives {number(value)}")
    return None


def verdict(score: Score, guess: Chance | None) -> Verdict:
    """Whether the interval lies on the better side of chance, holds it, or lies on the worse side."""
    if guess is None or score.low != score.low or score.high != score.high:
        return "unknown"
    if score.low <= guess.value <= score.high:
        return "unclear"
    return "better" if (score.low > guess.value) == score.higher_is_better else "worse"


def judgement(score: Score, guess: Chance | None) -> str:
    """The verdict as a sentence; empty where there is none."""
    return {
        "better": "The whole interval is better than guessing.",
        "unclear": "The interval includes guessing: this result cannot be told from chance.",
        "worse": "The whole interval is worse than guessing: look for swapped labels or a difference between "
        "training and test data.",
        "unknown": "",
    }[verdict(score, guess)]


def how_made(interval: Interval, score: Score) -> list[str]:
    """How the intervals came about and how far they reach, a sentence each."""
    if score.low != score.low or score.high != score.high:
        return ["There is no interval for this score."]
    level = f"{100 * interval.level:.0f} %"
    if interval.unit == "speakers":
        lines = [
            f"The {level} interval comes from {interval.resamples} random draws (bootstrap) of whole "
            f"speakers from the {plural(interval.groups, 'test speaker')}: it tells how far the score may "
            "lie with other speakers of the same kind, recorded in the same way."
        ]
        if interval.groups < 10:
            lines.append(f"With only {plural(interval.groups, 'speaker')}, the interval itself is rough.")
        return lines
    return [
        f"The {level} interval comes from {interval.resamples} random draws (bootstrap) of the "
        f"{plural(interval.groups, 'test sample')}, because fewer than two test speakers are known: samples "
        "of the same speaker are alike, so the true interval is probably wider."
    ]

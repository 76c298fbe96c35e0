"""Importance by permutation: how much worse a model gets on speakers held out, when a feature is shuffled."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from nkululeko.core.families import Model, Scored, metrics
from nkululeko.learning.folds import Fold, make_folds
from nkululeko.learning.pipeline import Part, Pipeline, Recipe

#: so many parts of the speakers, each held out once; fewer where there are many features, as learning takes long
FOLDS, FEW_FOLDS = 5, 3
#: how often a feature is shuffled in each part; once where there are more samples, or features, than these
REPEATS, MANY_ROWS, MANY_FEATURES = 3, 2000, 1000
#: values that are predicted from, in all and at a time; beyond, only the features that differ most are shuffled
WORK, BATCH = 1_500_000_000, 4_000_000


def permuted(
    recipe: Recipe, part: Part, names: Sequence[str], notes: list[str], title: str
) -> np.ndarray | None:
    """The drop of UAR (numbers: CCC) on speakers held out, when a feature's values are shuffled between samples.

    The predictions of all parts are measured together. Nothing is learned anew: the shuffled feature goes through the
    model that was learned from the other speakers (Breiman 2001).

    Args:
        recipe: what to learn with
        part: the samples
        names: of the features
        notes: what the user should know is added, a line each
        title: of the model, for the notes

    Returns:
        not negative, shape ``(features,)``; None where it cannot be said
    """
    groups, count = _groups(part, notes)
    if count < 2:
        notes.append(f"{title} permutation: too few samples or speakers to hold some out")
        return None
    seed, task = recipe.context.seed, recipe.context.task
    folds = make_folds("k_fold_cross", part.target, groups, seed, count, task)
    width = part.features.shape[1]
    repeats = REPEATS if len(part.target) <= MANY_ROWS and width <= MANY_FEATURES else 1
    tried = _worth_trying(part, WORK // max(1, part.features.size * repeats), notes, title)
    rows = len(part.target)
    kind = np.float64 if task == "regression" else object
    whole = np.empty(rows, dtype=kind)
    shuffled = np.empty((len(tried), repeats, rows), dtype=np.float64 if task == "regression" else np.int32)
    labels = sorted({str(label) for label in part.target}) if task == "classification" else []
    code = {label: number for number, label in enumerate(labels)}
    for fold in folds:
        pipeline, prepared = _learned(recipe, part, fold, names)
        whole[fold.test] = predicted = pipeline.model.predict(prepared)
        shuffled[:, :, fold.test] = _coded(predicted, code)
        used = np.flatnonzero(np.isin(tried, used_features(pipeline.model, width)))
        generator = np.random.default_rng(seed)
        for chosen, stack in _stacks(prepared, tried[used], repeats, generator):
            answers = _coded(pipeline.model.predict(stack), code).reshape(len(chosen), len(prepared))
            for (place, repeat), answer in zip(chosen, answers, strict=True):
                shuffled[used[place], repeat][fold.test] = answer
    return _drops(part.target, whole, shuffled, labels, tried, width)


def used_features(model: Model, width: int) -> np.ndarray:
    """The features that a model asks for; shuffling another changes nothing. All, where that is not known.

    Args:
        model: fitted
        width: how many features there are
    """
    booster, estimator = getattr(model, "booster", None), getattr(model, "estimator", None)
    gains = None if booster is None else model.importance()
    if gains is not None:
        return np.flatnonzero(gains)
    trees = [
        getattr(tree, "tree_", None) for tree in np.ravel(getattr(estimator, "estimators_", [estimator]))
    ]
    if any(tree is None for tree in trees):
        return np.arange(width)
    asked = np.unique(np.concatenate([tree.feature for tree in trees if tree is not None]))
    return asked[asked >= 0]


def _groups(part: Part, notes: list[str]) -> tuple[np.ndarray, int]:
    """Who is held out together, and into how many parts: speakers; single samples where they are not known."""
    wanted = FOLDS if part.features.shape[1] <= MANY_FEATURES else FEW_FOLDS
    known = [] if part.groups is None else [who for who in part.groups if who is not None and who == who]
    speakers = len(set(known))
    if speakers >= 2:
        assert part.groups is not None
        alone = [
            who if who is not None and who == who else ("sample", row) for row, who in enumerate(part.groups)
        ]
        groups = np.empty(len(alone), dtype=object)
        groups[:] = alone
        return groups, min(wanted, len(set(alone)))
    why = "all samples are of one speaker" if speakers else "the speakers are not known"
    notes.append(f"{why}: features were shuffled on samples of speakers that were also learned from")
    return np.arange(len(part.target)), min(wanted, len(part.target))


def _worth_trying(part: Part, most: int, notes: list[str], title: str) -> np.ndarray:
    """The features to shuffle: all, or those that differ most between classes, or go with the numbers."""
    width = part.features.shape[1]
    most = max(1, most)
    if width <= most:
        return np.arange(width)
    notes.append(
        f"{title} permutation: to save time, only the {most} of {width} features that differ most with the target"
        " were shuffled"
    )
    values = np.where(np.isfinite(part.features), part.features, np.nan)
    mean, deviation = np.nanmean(values, axis=0), np.nanstd(values, axis=0)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled = np.nan_to_num((values - mean) / deviation)
    if part.target.dtype.kind in "fiu":
        strength = np.abs((part.target - part.target.mean()) @ scaled)
    else:
        _, codes = np.unique(part.target.astype(str), return_inverse=True)
        sums = np.array([scaled[codes == code].sum(axis=0) for code in range(codes.max() + 1)])
        strength = np.sum(sums**2 / np.bincount(codes)[:, np.newaxis], axis=0)
    return np.sort(np.argsort(-strength, kind="stable")[:most])


def _learned(recipe: Recipe, part: Part, fold: Fold, names: Sequence[str]) -> tuple[Pipeline, np.ndarray]:
    """What the other speakers teach, and the held-out samples as the model gets them."""
    pipeline = Pipeline(recipe, names)
    train, test = part.take(fold.train), part.take(fold.test)
    pipeline.fit(train.features, train.target, train.groups)
    return pipeline, pipeline.scaler.transform(pipeline.imputer.apply(test.features), test.groups)


def _stacks(
    prepared: np.ndarray, tried: np.ndarray, repeats: int, generator: np.random.Generator
) -> Iterator[tuple[list[tuple[int, int]], np.ndarray]]:
    """Copies of the samples below each other, in each another feature shuffled: one call predicts many."""
    pairs = [(place, repeat) for place in range(len(tried)) for repeat in range(repeats)]
    at_once = max(1, BATCH // max(prepared.size, 1))
    for first in range(0, len(pairs), at_once):
        chosen = pairs[first : first + at_once]
        stack = np.tile(prepared, (len(chosen), 1, 1))
        for number, (place, _) in enumerate(chosen):
            stack[number, :, tried[place]] = generator.permutation(prepared[:, tried[place]])
        yield chosen, stack.reshape(-1, prepared.shape[1])


def _coded(predicted: np.ndarray, code: dict[str, int]) -> np.ndarray:
    """Labels as numbers; numbers as they are."""
    if not code:
        return np.asarray(predicted, dtype=np.float64)
    found, places = np.unique(np.asarray(predicted).astype(str), return_inverse=True)
    return np.array([code[label] for label in found.tolist()], dtype=np.int32)[places]


def _drops(
    target: np.ndarray,
    whole: np.ndarray,
    shuffled: np.ndarray,
    labels: list[str],
    tried: np.ndarray,
    width: int,
) -> np.ndarray:
    """By how much the measure falls, the mean over the repeats, not negative, shape ``(features,)``."""
    metric = metrics.load("uar" if labels else "ccc")()
    names = np.array(labels, dtype=object)

    def measured(prediction: np.ndarray) -> float:
        return metric.value(Scored(target, prediction, labels))

    base = measured(whole)
    drops = np.zeros(width)
    for feature, answers in zip(tried, shuffled, strict=True):
        values = [measured(names[answer] if labels else answer) for answer in answers]
        drops[feature] = max(0.0, base - float(np.mean(values)))
    return np.nan_to_num(drops)

"""Which features a model uses: by its own importances, by permutation on speakers held out, by SHAP values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.exploration import Node
from nkululeko.core.families import ModelContext, Task, models
from nkululeko.core.progress import progress
from nkululeko.learning._permuted import permuted
from nkululeko.learning._sampling import some_rows, strata_of
from nkululeko.learning.pipeline import Part, Pipeline, Recipe
from nkululeko.learning.training import warnings_kept_back

if TYPE_CHECKING:
    import pandas as pd

#: so many samples are learned from at most, and so many are explained by SHAP values
MOST_ROWS, EXPLAINED = 10_000, 500


def rank(
    features: np.ndarray, names: Sequence[str], target: np.ndarray, groups: np.ndarray | None, *,
    models: Sequence[str], task: Task, permutation: bool = False, shap: bool = False, seed: int = 42, jobs: int = 1,
) -> tuple[pd.DataFrame, list[str]]:  # fmt: skip
    """The importance of each feature by each model and way, and its rank over all of them.

    The rank is that of the mean of the ranks of all ways; where two features have the same, the larger mean importance
    decides.

    Args:
        features: shape ``(samples, features)``; missing values count as the mean, where the model cannot take them
        names: of the features
        target: labels (str) or numbers, shape ``(samples,)``
        groups: the speaker of each sample; None: not known
        models: names of models; of one that is made for the other task, its partner is taken
        task: ``classification`` or ``regression``
        permutation: also by how much worse the model gets on speakers held out, when a feature's values are shuffled
            between the samples (Breiman 2001): in UAR, or in CCC for numbers
        shap: also by the mean size of SHAP values (Lundberg & Lee 2017)
        seed: of everything random
        jobs: threads

    Returns:
        a row a feature, a column a way, e.g. ``xgb``, ``xgb permutation``, ``xgb shap`` (each adds up to 1), and
        ``rank``, 1 is best; and what the user should know, a line each. Without any way that says something, there are
        no columns.

    Raises:
        NkululekoError: a model is unknown, cannot be used here, or cannot learn from the data

    Example:
        >>> rng = np.random.default_rng(1)
        >>> target = np.repeat(["sad", "angry"], 20)
        >>> features = rng.normal(size=(40, 3))
        >>> features[:, 1] += 5 * (target == "angry")
        >>> names = ["f0", "energy", "jitter"]
        >>> table, notes = rank(features, names, target, None, models=["tree"], task="classification")
        >>> table["tree"].round(2).tolist(), table["rank"].idxmin(), notes
        ([0.0, 1.0, 0.0], 'energy', [])
    """
    import pandas as pd

    part = Part(np.asarray(features, dtype=np.float64), _plain(target, task), groups)
    wanted = list(dict.fromkeys(models))
    notes: list[str] = []
    rows = some_rows(len(part.target), MOST_ROWS, strata_of(part.target, task), seed)
    if len(rows) < len(part.target):
        notes.append(f"the models learned from {len(rows)} of {len(part.target)} samples, drawn")
        part = part.take(rows)
    context = ModelContext(task=task, seed=seed, jobs=jobs)
    recipes = {name: _recipe(name, context) for name in wanted}
    columns = list(map(str, names))
    ways: dict[str, np.ndarray] = {}
    with progress("importance of features", len(wanted)) as advance, warnings_kept_back() as warned:
        for name in wanted:
            ways |= _by_model(name, recipes[name], part, columns, permutation, shap, notes)
            advance()
    table = pd.DataFrame(ways, index=columns)
    if ways:
        table["rank"] = _average_ranks(table.to_numpy())
    return table, list(dict.fromkeys([*notes, *warned]))


def small_tree(
    features: np.ndarray, names: Sequence[str], target: np.ndarray, task: Task, depth: int = 3
) -> Node:
    """A decision tree of few questions, to be looked at (Breiman et al. 1984).

    Args:
        features: shape ``(samples, features)``; missing values count as the mean
        names: of the features
        target: labels (str) or numbers, shape ``(samples,)``
        task: ``classification`` or ``regression``
        depth: so many questions at most, one after the other

    Raises:
        NkululekoError: the data do not allow it, e.g. all are of one class

    Example:
        >>> f0, sex = np.array([[100.0], [120], [210], [200]]), np.array(["m", "m", "f", "f"])
        >>> node = small_tree(f0, ["f0"], sex, "classification")
        >>> node.feature, node.threshold, node.left.counts
        ('f0', 160.0, {'f': 0, 'm': 2})
    """
    recipe = _recipe("tree", ModelContext(task=task))
    pipeline = Pipeline(replace(recipe, options={"max_depth": depth}), list(map(str, names)))
    pipeline.fit(features, _plain(target, task))
    grown = pipeline.model.estimator.tree_  # type: ignore[attr-defined]
    return _node(grown, 0, tuple(pipeline.classes), tuple(map(str, names)))


def _node(tree: Any, place: int, classes: tuple[str, ...], names: tuple[str, ...]) -> Node:
    samples, left = int(tree.n_node_samples[place]), int(tree.children_left[place])
    values = tree.value[place][0]
    # scikit-learn keeps the classes' shares
    counts = {name: round(share * samples) for name, share in zip(classes, values, strict=False)}
    node = Node(samples, counts, float("nan") if classes else float(values[0]))
    if left < 0:
        return node
    feature = int(tree.feature[place])
    return replace(
        node,
        feature=names[feature],
        threshold=float(tree.threshold[place]),
        left=_node(tree, left, classes, names),
        right=_node(tree, int(tree.children_right[place]), classes, names),
    )


def _plain(target: np.ndarray, task: Task) -> np.ndarray:
    """Labels as text, numbers as numbers."""
    values = np.asarray(target)
    return values.astype(float) if task == "regression" else values.astype(str).astype(object)


def _recipe(name: str, context: ModelContext) -> Recipe:
    """How a model learns here: with its own defaults, and missing values filled where it cannot take them.

    Raises:
        NkululekoError: the model cannot be used here
    """
    kind = models.load(name)
    if context.task not in kind.tasks and kind.partner:
        name, kind = kind.partner, models.load(kind.partner)
    if kind.takes_sequences:
        raise NkululekoError(
            f"model {name} learns from sequences: it cannot rank features", "EXPL.model", "e.g. tree or xgb"
        )
    if kind.takes_recordings:
        what = f"model {name} learns from the sound itself: it cannot rank features"
        raise NkululekoError(what, "EXPL.model", "e.g. tree or xgb")
    return Recipe(name, context=context, nan_strategy="none" if kind.accepts_missing else "mean")


def _by_model(
    name: str, recipe: Recipe, part: Part, columns: Sequence[str], permutation: bool, shap: bool, notes: list[str]
) -> dict[str, np.ndarray]:  # fmt: skip
    """The importances by one model, each adding up to 1; notes are added."""
    found: dict[str, np.ndarray | None] = {}
    pipeline = Pipeline(recipe, columns)
    pipeline.fit(part.features, part.target, part.groups)
    notes.extend(f"{name}: {line}" for line in pipeline.notes)
    found[name] = own = pipeline.importance()
    if own is None and not permutation:
        notes.append(f"model {name} does not say how important features are: they were shuffled instead")
    if permutation or own is None:
        found[f"{name} permutation"] = permuted(recipe, part, columns, notes, name)
    if shap:
        found[f"{name} shap"] = values = _attribution(pipeline, part)
        if values is None:
            notes.append(
                f"model {name} has no SHAP values here: take tree, rf, xgb, a linear model, or permutation"
            )
        elif len(part.target) > EXPLAINED:
            notes.append(f"SHAP values are those of {EXPLAINED} samples at most, drawn")
    shares = {way: _shares(way, values, notes) for way, values in found.items() if values is not None}
    return {way: values for way, values in shares.items() if values is not None}


def _attribution(pipeline: Pipeline, part: Part) -> np.ndarray | None:
    """The mean size of the SHAP values of some of the samples; None: the model has none."""
    context = pipeline.recipe.context
    shown = part.take(
        some_rows(len(part.target), EXPLAINED, strata_of(part.target, context.task), context.seed)
    )
    prepared = pipeline.scaler.transform(pipeline.imputer.apply(shown.features), shown.groups)
    return pipeline.model.attribution(prepared)


def _shares(way: str, values: np.ndarray, notes: list[str]) -> np.ndarray | None:
    """The importances as shares of one; None where all are 0."""
    positive = np.nan_to_num(np.maximum(values, 0.0))
    if not positive.any():
        notes.append(f"{way}: no feature matters to it, so it does not count")
        return None
    return positive / positive.sum()


def _average_ranks(importances: np.ndarray) -> np.ndarray:
    """1, 2, 3 ... by the mean of the ranks over all columns; equal ones by the mean importance."""
    from scipy.stats import rankdata

    means = rankdata(-importances, axis=0).mean(axis=1)
    order = np.lexsort([-importances.mean(axis=1), means.round(9)])
    ranks = np.empty(len(order), dtype=int)
    ranks[order] = np.arange(1, len(order) + 1)
    return ranks

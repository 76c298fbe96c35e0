"""A search in every fold of a cross-validation: who chooses has not seen who is tested."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from nkululeko.learning.folds import Fold
from nkululeko.learning.pipeline import Part, Pipeline, Recipe
from nkululeko.learning.training import Learned, Runs, learn, pooled, repeat


def nested(
    recipe: Recipe, data: Part, folds: Sequence[Fold], best_of: Callable[[Part, str], tuple[Recipe, str]],
    feature_names: Sequence[str], folder: Path | None, runs: int = 1,
) -> tuple[Runs, Recipe]:  # fmt: skip
    """Cross-validate a search; then search once more in all the data, for the model that is kept.

    Args:
        recipe: what is not searched for
        data: all rows
        folds: the outer folds; each row stands in the test part of one
        best_of: searches in a training part: gets it and its name, gives the best recipe and a line on it
        feature_names: the columns' names, in order
        folder: where the model of all the data goes; None: nowhere
        runs: repetitions with other seeds of the model; the search is made once

    Returns:
        the predictions of all outer folds, and the recipe that is best in all the data
    """
    chosen = [best_of(data.take(fold.train), fold.name) for fold in folds]
    kept, line = best_of(data, "all data")

    def once(seeded: Recipe, _: Path | None) -> Learned:
        parts = []
        for fold, (best, said) in zip(folds, chosen, strict=True):
            with_seed = replace(best, context=replace(best.context, seed=seeded.context.seed))
            learned = learn(with_seed, data.take(fold.train), data.take(fold.test), None, feature_names)
            parts.append(replace(learned, decided=(said, *learned.decided)))
        every = pooled(parts, data, folds, seeded)
        return replace(every, decided=(*every.decided, f"of the model that is kept: {line}"))

    found = repeat(once, recipe, runs)
    if folder is not None:
        context = replace(kept.context, seed=found.chosen.seed)
        pipeline = Pipeline(replace(kept, context=context), feature_names)
        pipeline.fit(data.features, data.target, data.groups, weights=data.weights)
        pipeline.save(folder)
    return found, kept

"""What has learned from a training set once serves every test of it."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from nkululeko.core.families import Recordings, models
from nkululeko.learning.pipeline import Part, Recipe
from nkululeko.learning.training import Fitted, fit


class Fits:
    """Fits a recipe, unless the same was fitted on the same training part before; keeps all in memory.

    What starts from the sound itself is fitted each time: its recordings are more than the part that is compared.

    Example:
        >>> part = Part(np.array([[0.0], [1.0], [8.0], [9.0]]), np.array(["low", "low", "high", "high"]))
        >>> fits = Fits()
        >>> fits(Recipe("svm"), part, None, ()) is fits(Recipe("svm"), part, None, ())
        True
        >>> fits.count
        1
    """

    def __init__(self) -> None:
        self._known: dict[bytes, Fitted] = {}
        #: how often something was really fitted
        self.count = 0

    def __call__(self, recipe: Recipe, train: Part, dev: Part | None, feature_names: Sequence[str]) -> Fitted:
        """See :func:`nkululeko.learning.training.fit`."""
        if models.load(recipe.model).takes_recordings:
            self.count += 1
            return fit(recipe, train, dev, feature_names)
        key = _key(recipe, train, dev, feature_names)
        if key not in self._known:
            self.count += 1
            self._known[key] = fit(recipe, train, dev, feature_names)
        return self._known[key]


def _key(recipe: Recipe, train: Part, dev: Part | None, feature_names: Sequence[str]) -> bytes:
    """A hash of all that a fitted pipeline depends on; where it keeps its logs is not of that kind."""
    plain = replace(recipe, context=replace(recipe.context, folder="", recordings=Recordings()))
    digest = hashlib.blake2b(repr((plain, list(feature_names))).encode("utf-8", "surrogatepass"))
    for part in (train, dev):
        if part is None:
            digest.update(b"none")
            continue
        digest.update(repr((part.features.shape, part.features.dtype.str)).encode())
        digest.update(np.ascontiguousarray(part.features).data)
        groups = None if part.groups is None else part.groups.tolist()
        weights = None if part.weights is None else part.weights.tolist()
        digest.update(repr((part.target.tolist(), groups, weights)).encode("utf-8", "surrogatepass"))
    return digest.digest()

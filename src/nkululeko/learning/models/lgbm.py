"""Gradient-boosted trees for classes (Ke et al. 2017)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nkululeko.core.families import ModelContext
from nkululeko.learning.models._classes import load_classes, save_classes
from nkululeko.learning.models._lightgbm import LightTrees
from nkululeko.learning.models._weights import as_labels, inverse_frequency


class Lgbm(LightTrees):
    """LightGBM knows its classes by number only: the labels stand beside it."""

    summary = "gradient-boosted trees (LightGBM); needs the extra lightgbm"
    partner = "lgbm_reg"
    probabilistic = True

    def __init__(self, options: Any = None, context: ModelContext | None = None) -> None:
        super().__init__(options, context)
        self._classes: list[str] = []

    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Learn; with ``class_weight`` the rows are weighted by the inverse frequency of their class."""
        labels = as_labels(target)
        classes, numbers = np.unique(labels, return_inverse=True)
        if self.context.class_weight:
            weights = inverse_frequency(labels) * (1.0 if weights is None else weights)
        many = {"objective": "multiclass", "num_class": len(classes)}
        self.boost(features, numbers, weights, many if len(classes) > 2 else {"objective": "binary"})
        self._classes = [str(label) for label in classes]

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The predicted label of each row: the likeliest, the first of equal ones."""
        return np.array(self._classes)[self.scores(features).argmax(axis=1)]

    @property
    def classes(self) -> list[str]:
        """The labels, sorted."""
        return list(self._classes)

    def scores(self, features: np.ndarray) -> np.ndarray:
        """The classes' probabilities, shape ``(samples, classes)``."""
        raw = self.raw(features)
        return raw if raw.ndim == 2 else np.column_stack([1 - raw, raw])

    def save(self, folder: Path) -> None:
        """Write the trees and, beside them, the labels."""
        super().save(folder)
        save_classes(folder, self._classes)

    def restore(self, folder: Path) -> None:
        """Read the trees and the labels."""
        super().restore(folder)
        self._classes = load_classes(folder, max(2, self.booster.num_model_per_iteration()))

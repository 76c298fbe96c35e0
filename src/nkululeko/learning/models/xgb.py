"""Gradient-boosted trees for classes (Chen & Guestrin 2016)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nkululeko.core.families import ModelContext
from nkululeko.learning._persist import bad_file, load_json, save_json
from nkululeko.learning.models._weights import as_labels, inverse_frequency
from nkululeko.learning.models._xgboost import BoostedTrees


class Xgb(BoostedTrees):
    """xgboost's ``XGBClassifier``, which knows its classes by number only: the labels stand beside it."""

    summary = "gradient-boosted trees (XGBoost)"
    partner = "xgr"
    probabilistic = True

    def __init__(self, options: Any = None, context: ModelContext | None = None) -> None:
        super().__init__(options, context)
        self._classes: list[str] = []

    def build(self) -> Any:
        """The unfitted XGBClassifier."""
        from xgboost import XGBClassifier

        return XGBClassifier(**self.parameters())

    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Learn; with ``class_weight`` the rows are weighted by the inverse frequency of their class."""
        labels = as_labels(target)
        classes, numbers = np.unique(labels, return_inverse=True)
        if self.context.class_weight:
            weights = inverse_frequency(labels) * (1.0 if weights is None else weights)
        self.estimator = self.build().fit(features, numbers, sample_weight=weights)
        self._classes = [str(label) for label in classes]

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The predicted label of each row."""
        return np.array(self._classes)[self.estimator.predict(features)]

    @property
    def classes(self) -> list[str]:
        """The labels, sorted."""
        return list(self._classes)

    def scores(self, features: np.ndarray) -> np.ndarray:
        """The classes' probabilities, shape ``(samples, classes)``."""
        return np.asarray(self.estimator.predict_proba(features), dtype=np.float64)

    def save(self, folder: Path) -> None:
        """Write the trees and, beside them, the labels."""
        super().save(folder)
        save_json(folder / "classes.json", {"classes": self._classes})

    def restore(self, folder: Path) -> None:
        """Read the trees and the labels."""
        super().restore(folder)
        path = folder / "classes.json"
        classes = load_json(path).get("classes")
        if not isinstance(classes, list) or not all(isinstance(label, str) for label in classes):
            raise bad_file(path, "not a list of labels")
        if len(classes) != self.estimator.n_classes_:
            raise bad_file(path, f"{len(classes)} labels for a model of {self.estimator.n_classes_} classes")
        self._classes = classes

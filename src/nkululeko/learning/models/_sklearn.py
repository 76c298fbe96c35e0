"""What the models of scikit-learn share: a plug-in only says how its estimator is built."""

from __future__ import annotations

import logging
import warnings
from abc import abstractmethod
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Model, ModelContext
from nkululeko.learning._persist import load_estimator, save_estimator
from nkululeko.learning._threads import limited_threads
from nkululeko.learning.models import _shap
from nkululeko.learning.models._weights import (
    as_labels,
    cannot_weight_classes,
    cannot_weight_samples,
    inverse_frequency,
)
from nkululeko.learning.models._wide import compact, is_wide, turn_back

logger = logging.getLogger("nkululeko")


class SklearnModel(Model):
    """A model that is one estimator of scikit-learn."""

    #: the estimator has scikit-learn's ``class_weight``
    has_class_weight: ClassVar[bool] = False
    #: the estimator's ``fit`` takes a weight for each row
    takes_weights: ClassVar[bool] = True
    #: it has weights for the features, and minds only the angles and distances of the rows, see :mod:`._wide`
    rotates: bool = False

    def __init__(self, options: Any = None, context: ModelContext | None = None) -> None:
        super().__init__(options, context)
        self.estimator: Any = None

    @abstractmethod
    def build(self) -> Any:
        """The unfitted estimator."""

    @property
    def class_weight(self) -> str | None:
        """What scikit-learn's option of the same name wants."""
        return "balanced" if self.context.class_weight else None

    @property
    def is_classifier(self) -> bool:
        """Whether it learns labels, not numbers."""
        return "classification" in self.tasks

    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Learn; what the library warns of is said in one line.

        Raises:
            NkululekoError: the data do not allow it, or weights are wanted that the model has not
        """
        target = as_labels(target) if self.is_classifier else np.asarray(target, dtype=np.float64)
        weights = self._row_weights(target, weights)
        estimator, axes = self.build(), None
        if self.rotates and is_wide(features):
            features, axes = compact(features)
        with limited_threads(self.context.jobs), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                estimator.fit(features, target, **({} if weights is None else {"sample_weight": weights}))
            except (ValueError, IndexError, ArithmeticError) as error:
                reason = str(error).strip().split("\n")[0]
                raise NkululekoError(
                    f"model {self.plugin_name()} cannot learn from these data: {reason}"
                ) from error
        if axes is not None:
            turn_back(estimator, axes)
        self.estimator = estimator
        for text in dict.fromkeys(str(warning.message).strip().split("\n")[0] for warning in caught):
            logger.warning("model %s: %s", self.plugin_name(), text)

    def _row_weights(self, target: np.ndarray, weights: np.ndarray | None) -> np.ndarray | None:
        if weights is not None and not self.takes_weights:
            raise cannot_weight_samples(self.plugin_name())
        if not (self.is_classifier and self.context.class_weight) or self.has_class_weight:
            return weights
        if not self.takes_weights:
            raise cannot_weight_classes(self.plugin_name())
        return inverse_frequency(target) * (1.0 if weights is None else weights)

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The predicted label or number of each row."""
        with limited_threads(self.context.jobs):
            return self.estimator.predict(features)

    @property
    def classes(self) -> list[str]:
        """The labels, sorted, as scikit-learn keeps them."""
        return [str(label) for label in self.estimator.classes_] if self.is_classifier else []

    def scores(self, features: np.ndarray) -> np.ndarray | None:
        """The classes' probabilities, where the estimator has them."""
        if not self.probabilistic:
            return None
        with limited_threads(self.context.jobs):
            return self.estimator.predict_proba(features)

    def importance(self) -> np.ndarray | None:
        """A tree's share of each feature, or the mean size of a linear model's coefficients."""
        if hasattr(self.estimator, "feature_importances_"):
            return np.asarray(self.estimator.feature_importances_, dtype=np.float64)
        coefficients = getattr(
            self.estimator, "coef_", None
        )  # a support vector machine's, if its kernel is linear
        return None if coefficients is None else np.abs(np.atleast_2d(coefficients)).mean(axis=0)

    def attribution(self, features: np.ndarray) -> np.ndarray | None:
        """SHAP values of trees, or of a linear model's coefficients: their mean size over these rows."""
        if hasattr(self.estimator, "feature_importances_"):
            return _shap.of_trees(self.estimator, features)
        coefficients = getattr(self.estimator, "coef_", None)
        return None if coefficients is None else _shap.of_weights(coefficients, features)

    def save(self, folder: Path) -> None:
        """Write the estimator, without pickle."""
        save_estimator(self.estimator, folder)

    def restore(self, folder: Path) -> None:
        """Read the estimator; its type is this plug-in's, whatever the file says."""
        self.estimator = load_estimator(self.build(), folder)


def neighbours_at_most(wanted: int, rows: int, model: str) -> int:
    """The number of neighbours, limited to the training rows that there are, with a warning."""
    if wanted > rows:
        logger.warning(
            "model %s: K_val = %d, but only %d training samples: K_val = %d", model, wanted, rows, rows
        )
    return min(wanted, rows)

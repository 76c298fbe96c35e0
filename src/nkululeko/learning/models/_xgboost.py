"""What the classifier and the regressor of xgboost share."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

import numpy as np

from nkululeko.core.families import Model, ModelContext
from nkululeko.learning._persist import bad_file
from nkululeko.learning._threads import wait_patiently
from nkululeko.learning.models._options import BoostOptions


class BoostedTrees(Model):
    """Gradient-boosted trees (Chen & Guestrin 2016), saved in xgboost's own binary JSON."""

    Options = BoostOptions
    options: BoostOptions
    needs_scaling = False
    accepts_missing = True

    def __init__(self, options: Any = None, context: ModelContext | None = None) -> None:
        super().__init__(options, context)
        wait_patiently()
        self.estimator: Any = None

    @abstractmethod
    def build(self) -> Any:
        """The unfitted estimator."""

    def parameters(self) -> dict[str, Any]:
        """The arguments of the estimator: only the options that were given."""
        given = {name: value for name, value in self.options.model_dump().items() if value is not None}
        return {
            **given,
            "tree_method": "hist",
            "n_jobs": self.context.jobs,
            "random_state": self.context.seed,
        }

    def importance(self) -> np.ndarray:
        """The mean gain of the splits on each feature, as shares of one."""
        return np.asarray(self.estimator.feature_importances_, dtype=np.float64)

    def save(self, folder: Path) -> None:
        """Write the trees."""
        self.estimator.save_model(folder / "model.ubj")

    def restore(self, folder: Path) -> None:
        """Read the trees.

        Raises:
            NkululekoError: the file is missing or not xgboost's
        """
        path = folder / "model.ubj"
        if not path.exists():
            raise bad_file(path, "the file is missing")
        estimator = self.build()
        try:
            estimator.load_model(path)
        except (ValueError, TypeError, KeyError) as error:  # XGBoostError is a ValueError
            raise bad_file(path, "not a model file of xgboost") from error
        estimator.set_params(n_jobs=self.context.jobs)
        self.estimator = estimator

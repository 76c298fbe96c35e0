"""What the classifier and the regressor of xgboost share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from nkululeko.core.families import Model, ModelContext
from nkululeko.learning._persist import bad_file
from nkululeko.learning._threads import wait_patiently
from nkululeko.learning.models._options import BoostOptions
from nkululeko.learning.models._shap import mean_size


class BoostedTrees(Model):
    """Gradient-boosted trees (Chen & Guestrin 2016), saved in xgboost's own binary JSON.

    xgboost's native interface: the same trees as its scikit-learn interface, whose import takes a second more.
    """

    Options = BoostOptions
    options: BoostOptions
    needs_scaling = False
    accepts_missing = True
    library = "xgboost"
    unneeded = ("pandas", "sklearn")

    def __init__(self, options: Any = None, context: ModelContext | None = None) -> None:
        super().__init__(options, context)
        wait_patiently()
        self.booster: Any = None

    def boost(
        self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None, objective: dict[str, Any]
    ) -> None:
        """Grow the trees; ``objective``: what they are for, as xgboost says it."""
        import xgboost

        given = {name: value for name, value in self.options.model_dump().items() if value is not None}
        rounds = given.pop("n_estimators", 100)
        fixed = {"tree_method": "hist", "nthread": self.context.jobs, "seed": self.context.seed}
        data = xgboost.QuantileDMatrix(features, target, weight=weights, nthread=self.context.jobs)
        self.booster = xgboost.train({**given, **fixed, **objective}, data, rounds)

    def raw(self, features: np.ndarray) -> np.ndarray:
        """What the trees say of each row: numbers, or probabilities."""
        return np.asarray(self.booster.inplace_predict(features))

    def importance(self) -> np.ndarray:
        """The mean gain of the splits on each feature, as shares of one."""
        gains = np.zeros(self.booster.num_features())
        for name, gain in self.booster.get_score(importance_type="gain").items():
            gains[int(name.removeprefix("f"))] = gain
        return gains / gains.sum() if gains.any() else gains

    def attribution(self, features: np.ndarray) -> np.ndarray:
        """The mean size of each feature's SHAP values over these rows; xgboost computes them itself."""
        import xgboost

        data = xgboost.DMatrix(features, nthread=self.context.jobs)
        values = self.booster.predict(data, pred_contribs=True)[..., :-1]  # the last one is the bias
        return mean_size(values if values.ndim == 2 else values.transpose(0, 2, 1))

    def save(self, folder: Path) -> None:
        """Write the trees."""
        self.booster.save_model(folder / "model.ubj")

    def restore(self, folder: Path) -> None:
        """Read the trees.

        Raises:
            NkululekoError: the file is missing or not xgboost's
        """
        path = folder / "model.ubj"
        if not path.exists():
            raise bad_file(path, "the file is missing")
        import xgboost

        try:
            booster = xgboost.Booster(model_file=path)
        except (ValueError, TypeError, KeyError) as error:  # XGBoostError is a ValueError
            raise bad_file(path, "not a model file of xgboost") from error
        booster.set_param({"nthread": self.context.jobs})
        self.booster = booster

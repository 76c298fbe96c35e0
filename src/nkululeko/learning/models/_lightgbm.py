"""What the classifier and the regressor of LightGBM share."""

from __future__ import annotations

import ctypes
import importlib.util
import logging
import sys
from pathlib import Path
from typing import Any

import numpy as np

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.families import Model, ModelContext
from nkululeko.learning._persist import bad_file
from nkululeko.learning._threads import wait_patiently
from nkululeko.learning.models._options import LightOptions
from nkululeko.learning.models._shap import mean_size

_log = logging.getLogger("nkululeko")
FILE = "model.txt"


class LightTrees(Model):
    """Gradient-boosted trees (Ke et al. 2017), saved in LightGBM's own text format.

    LightGBM's native interface: the same trees as its scikit-learn interface, without importing scikit-learn.
    """

    Options = LightOptions
    options: LightOptions
    needs_scaling = False
    accepts_missing = True
    library = "lightgbm"
    unneeded = ("pandas", "sklearn", "pyarrow", "matplotlib", "dask")

    def __init__(self, options: Any = None, context: ModelContext | None = None) -> None:
        super().__init__(options, context)
        wait_patiently()
        self.booster: Any = None

    @classmethod
    def check_installed(cls) -> None:
        """Stop where LightGBM, or the system's library that it needs, is missing; without importing it.

        Raises:
            NkululekoError: says what to install
        """
        if importlib.util.find_spec("lightgbm") is None:
            raise missing_package("lightgbm", "lightgbm", f"model {cls.plugin_name()}")
        if not sys.platform.startswith("linux"):
            return
        try:
            ctypes.CDLL("libgomp.so.1")
        except OSError as error:
            raise _no_openmp(cls.plugin_name()) from error

    def boost(
        self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None, objective: dict[str, Any]
    ) -> None:
        """Grow the trees; ``objective``: what they are for, as LightGBM says it."""
        lightgbm = self._library()
        options = self.options
        given = {name: value for name, value in options.model_dump().items() if value is not None}
        rounds = given.pop("n_estimators", 100)
        if "subsample" in given:  # LightGBM ignores the share unless it is told to draw anew for each tree
            given["bagging_freq"] = 1
        # the same sums whatever the number of threads; by columns, of which speech features have many
        fixed = {
            "num_threads": self.context.jobs, "seed": self.context.seed, "deterministic": True,
            "force_col_wise": True, "verbosity": -1,
        }  # fmt: skip
        leaf = 20 if options.min_child_samples is None else options.min_child_samples
        if len(features) < 2 * leaf:
            _log.warning(
                "model %s: %d training samples are too few for a single split, as each side must keep %d: it will"
                " say the same of every sample; set MODEL.min_child_samples lower",
                self.plugin_name(), len(features), leaf,
            )  # fmt: skip
        data = lightgbm.Dataset(features, target, weight=weights, params=dict(fixed))
        try:
            self.booster = lightgbm.train({**given, **fixed, **objective}, data, rounds)
        except lightgbm.basic.LightGBMError as error:
            raise NkululekoError(
                f"model {self.plugin_name()} cannot learn from these data: {error}"
            ) from error

    def raw(self, features: np.ndarray) -> np.ndarray:
        """What the trees say of each row: numbers, or probabilities."""
        return np.asarray(self.booster.predict(features, num_threads=self.context.jobs))

    def importance(self) -> np.ndarray:
        """The gain of all splits on each feature, as shares of one."""
        gains = np.asarray(self.booster.feature_importance("gain"), dtype=np.float64)
        return gains / gains.sum() if gains.any() else gains

    def attribution(self, features: np.ndarray) -> np.ndarray:
        """The mean size of each feature's SHAP values over these rows; LightGBM computes them itself."""
        values = np.asarray(self.booster.predict(features, pred_contrib=True, num_threads=self.context.jobs))
        by_class = values.reshape(len(features), -1, features.shape[1] + 1)  # the last one is the bias
        return mean_size(by_class[..., :-1].transpose(0, 2, 1))

    def save(self, folder: Path) -> None:
        """Write the trees."""
        (folder / FILE).write_text(self.booster.model_to_string(), encoding="utf-8")

    def restore(self, folder: Path) -> None:
        """Read the trees.

        Raises:
            NkululekoError: the file is missing or not LightGBM's
        """
        path = folder / FILE
        if not path.exists():
            raise bad_file(path, "the file is missing")
        lightgbm = self._library()
        try:
            text = path.read_text(encoding="utf-8")
            _check_complete(text)
            self.booster = lightgbm.Booster(model_str=text)
        except (lightgbm.basic.LightGBMError, ValueError) as error:
            raise bad_file(path, "not a model file of LightGBM") from error

    def _library(self) -> Any:
        """LightGBM itself.

        Raises:
            NkululekoError: it is not installed, or cannot be loaded
        """
        try:
            import lightgbm
        except ImportError as error:
            raise missing_package("lightgbm", "lightgbm", f"model {self.plugin_name()}") from error
        except OSError as error:
            raise _no_openmp(self.plugin_name()) from error
        return lightgbm


def _no_openmp(model: str) -> NkululekoError:
    what = f"model {model} needs the system's OpenMP library (libgomp), which is missing"
    return NkululekoError(
        what, todo="on Debian and Ubuntu: apt-get install libgomp1; on a Mac: brew install libomp"
    )


def _check_complete(text: str) -> None:
    """Stop at a text that was cut off: LightGBM's own reader would run beyond its end."""
    lines = text.splitlines()
    if not lines or lines[0] != "tree" or "end of trees" not in lines:
        raise ValueError("incomplete")

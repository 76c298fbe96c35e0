"""Gaussian mixtures, one a class, and Bayes' rule (Reynolds & Rose 1995)."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any, Literal

import numpy as np

from nkululeko.core.errors import NkululekoError
from nkululeko.core.families import Model, ModelContext
from nkululeko.core.plugin import Options, option
from nkululeko.learning._persist import bad_file, load_arrays, load_estimator, save_arrays, save_estimator
from nkululeko.learning._threads import limited_threads
from nkululeko.learning.models._weights import as_labels, cannot_weight_samples

logger = logging.getLogger("nkululeko")


class GmmOptions(Options):
    """Options of Gaussian mixtures."""

    GMM_components: int = option(4, "number of Gaussians a class; fewer where it has few samples", ge=1)
    GMM_covariance_type: Literal["diag", "full", "tied", "spherical"] = option(
        "diag", "shape of the Gaussians"
    )


class Gmm(Model):
    """scikit-learn's ``GaussianMixture`` for each class; the training's shares of the classes are the priors.

    It wants scaled features, as it starts from k-means. With ``class_weight`` all priors are the same, which
    is what weights would do: within a class they are equal.
    """

    summary = "Gaussian mixture models with Bayes' rule"
    Options = GmmOptions
    options: GmmOptions
    probabilistic = True

    def __init__(self, options: Any = None, context: ModelContext | None = None) -> None:
        super().__init__(options, context)
        self._classes: list[str] = []
        self._log_priors = np.empty(0)
        self._mixtures: list[Any] = []

    def build(self, rows: int) -> Any:
        """The unfitted mixture of a class with that many samples: at least two of them for each Gaussian."""
        from sklearn.mixture import GaussianMixture

        return GaussianMixture(
            n_components=max(1, min(self.options.GMM_components, rows // 2)),
            covariance_type=self.options.GMM_covariance_type,
            random_state=self.context.seed,
        )

    def fit(self, features: np.ndarray, target: np.ndarray, weights: np.ndarray | None = None) -> None:
        """Fit one mixture to the rows of each class.

        Raises:
            NkululekoError: a class has one sample only; or samples shall be weighted
        """
        if weights is not None:
            raise cannot_weight_samples("gmm")
        labels, counts = np.unique(as_labels(target), return_counts=True)
        if np.min(counts) < 2:
            alone = ", ".join(f"'{label}'" for label in labels[counts < 2])
            raise NkululekoError(
                f"model gmm needs two training samples of each class, there is one of {alone}",
                todo="map rare classes onto others (NAME.mapping) or take another model",
            )
        wanted = self.options.GMM_components
        if np.min(counts) // 2 < wanted:
            few = ", ".join(
                f"{label} {max(1, n // 2)}"
                for label, n in zip(labels, counts, strict=True)
                if n // 2 < wanted
            )
            logger.warning("model gmm: too few samples for %d Gaussians, so fewer: %s", wanted, few)
        self._classes = [str(label) for label in labels]
        priors = np.full(len(labels), 1 / len(labels)) if self.context.class_weight else counts / counts.sum()
        self._log_priors = np.log(priors)
        rows = [features[as_labels(target) == label] for label in labels]
        mixtures = [self.build(len(part)) for part in rows]
        with limited_threads(self.context.jobs):
            self._mixtures = [mixture.fit(part) for mixture, part in zip(mixtures, rows, strict=True)]

    def predict(self, features: np.ndarray) -> np.ndarray:
        """The likeliest class of each row."""
        return np.array(self._classes)[self._joint(features).argmax(axis=1)]

    @property
    def classes(self) -> list[str]:
        """The labels, sorted."""
        return list(self._classes)

    def scores(self, features: np.ndarray) -> np.ndarray:
        """The classes' posterior probabilities, shape ``(samples, classes)``."""
        joint = self._joint(features)
        likelihood = np.exp(joint - joint.max(axis=1, keepdims=True))
        return likelihood / likelihood.sum(axis=1, keepdims=True)

    def _joint(self, features: np.ndarray) -> np.ndarray:
        """Logarithm of density times prior, shape ``(samples, classes)``."""
        with limited_threads(self.context.jobs):
            densities = [mixture.score_samples(features) for mixture in self._mixtures]
        return np.column_stack(densities) + self._log_priors

    def save(self, folder: Path) -> None:
        """Write the classes, their priors and mixtures."""
        save_arrays(
            folder / "classes.npz", {"classes": np.array(self._classes), "log_priors": self._log_priors}
        )
        for number, mixture in enumerate(self._mixtures):
            save_estimator(mixture, folder, f"mixture{number}")

    def restore(self, folder: Path) -> None:
        """Read what :meth:`save` wrote."""
        arrays = load_arrays(folder / "classes.npz")
        if set(arrays) != {"classes", "log_priors"}:
            raise bad_file(folder / "classes.npz", "not the classes of a gmm")
        self._classes = [str(label) for label in arrays["classes"]]
        self._log_priors = arrays["log_priors"]
        self._mixtures = [
            load_estimator(self.build(2), folder, f"mixture{n}") for n in range(len(self._classes))
        ]

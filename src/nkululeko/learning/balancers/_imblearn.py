"""What the balancing methods share: imbalanced-learn behind clear errors (Lemaître, Nogueira & Aridas 2017)."""

from __future__ import annotations

import logging
import warnings
from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from nkululeko.core.errors import NkululekoError, missing_package
from nkululeko.core.families import Balancer
from nkululeko.learning._threads import limited_threads

log = logging.getLogger("nkululeko")
WHERE = "FEATS.balancing"


class ImblearnBalancer(Balancer):
    """A method of imbalanced-learn: subclasses say which one, and how many samples it needs."""

    #: samples that a class needs to be enlarged: itself and its neighbours
    per_class: ClassVar[int] = 1
    #: samples that are needed in all
    in_all: ClassVar[int] = 1
    #: what it means, in plain words, if the library gives up
    trouble: ClassVar[str] = ""
    #: why some classes may stay as small as they are, in plain words; empty: none may
    may_skip: ClassVar[str] = ""
    #: missing values do it no harm
    accepts_missing: ClassVar[bool] = False

    @abstractmethod
    def build(self, seed: int) -> Any:
        """The sampler of imbalanced-learn; imported here."""

    def sample(self, features: np.ndarray, codes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """What the library makes of features and class numbers."""
        return self.build(seed).fit_resample(features, codes)

    def resample(self, features: np.ndarray, target: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """Other rows, of all classes about as many; the same for the same rows and seed.

        No class disappears: where a method that removes samples would leave none of a class, the class keeps all
        that it had, with a warning.

        Args:
            features: complete numbers, shape ``(samples, features)``
            target: labels (str), shape ``(samples,)``
            seed: of everything random

        Raises:
            NkululekoError: a class is too small for the method, or imbalanced-learn is not installed
        """
        features = np.ascontiguousarray(features, dtype=np.float64)
        classes, codes = np.unique(target, return_inverse=True)
        self._check(features, classes, np.bincount(codes, minlength=len(classes)))
        new_features, new_codes = self._resampled(features, codes, seed)
        lost = np.setdiff1d(np.arange(len(classes)), new_codes)
        if len(lost):
            kept_whole = np.isin(codes, lost)
            new_features = np.concatenate([new_features, features[kept_whole]])
            new_codes = np.concatenate([new_codes, codes[kept_whole]])
            log.warning(
                "%s would have removed all samples of %s: kept all", self.plugin_name(), listed(classes[lost])
            )
        if self.may_skip:
            before, after = (np.bincount(each, minlength=len(classes)) for each in (codes, new_codes))
            skipped = classes[(before == after) & (before < before.max())]
            if len(skipped):
                name = self.plugin_name()
                log.warning("%s made no samples of %s: %s", name, listed(skipped), self.may_skip)
        return np.ascontiguousarray(new_features, dtype=np.float64), classes[new_codes]

    def _check(self, features: np.ndarray, classes: np.ndarray, counts: np.ndarray) -> None:
        """Stop where the method cannot work, before the library says so in its own words."""
        name = self.plugin_name()
        if len(classes) < 2:
            raise NkululekoError(
                f"{len(features)} training samples of {len(classes)} class cannot be balanced",
                WHERE,
                "look at target, mapping and split",
            )
        if not self.accepts_missing and not np.isfinite(features).all():
            gaps = int((~np.isfinite(features)).any(axis=1).sum())
            todo = "set FEATS.nan_strategy to mean, median, zero or drop"
            raise NkululekoError(
                f"{gaps} training samples have missing values, {name} takes none", WHERE, todo
            )
        small = np.flatnonzero((counts < counts.max()) & (counts < self.per_class))
        if len(small):
            found = ", ".join(f"'{classes[code]}' has {counts[code]}" for code in small)
            raise NkululekoError(
                f"{name} needs at least {self.per_class} training samples of each class, and {found}",
                WHERE,
                "use ros, which takes any number, or leave out or merge small classes (DATA.mapping)",
            )
        if len(features) < self.in_all:
            what = f"{name} needs at least {self.in_all} training samples, there are {len(features)}"
            raise NkululekoError(what, WHERE, "use ros")

    def _resampled(self, features: np.ndarray, codes: np.ndarray, seed: int) -> tuple[np.ndarray, np.ndarray]:
        """What the library makes of the samples; its warnings go to the log."""
        name = self.plugin_name()
        try:
            self.build(seed)  # imports the library: only then its threads can be limited
        except ModuleNotFoundError as problem:
            if problem.name != "imblearn":
                raise
            raise missing_package("imbalanced-learn", "balancing", f"{WHERE} = {name}") from problem
        with limited_threads(1), warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            try:
                new_features, new_codes = self.sample(features, codes, seed)
            except (ValueError, RuntimeError) as problem:
                what = self.trouble or f"{name} cannot balance these samples ({problem})"
                raise NkululekoError(what, WHERE, "use smote or ros") from problem
        for message in dict.fromkeys(str(warning.message) for warning in caught):
            log.info("%s: %s", name, message)
        return new_features, new_codes


def listed(classes: Sequence[Any] | np.ndarray) -> str:
    """The names of classes for a message.

    Example:
        >>> listed(["fear", "joy"])
        "'fear', 'joy'"
    """
    return ", ".join(f"'{label}'" for label in classes)

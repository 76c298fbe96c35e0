"""Feature set ``mld``: mid-level descriptors, or whatever else a package from outside extracts."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import ValidationError

from nkululeko.core import families, plugin
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import Extraction, FeatureSet
from nkululeko.core.plugin import option

if TYPE_CHECKING:
    import pandas as pd

_HOW = "install a package that registers one under nkululeko.features (docs: Extending)"


class MldOptions(plugin.Options):
    """Which package, and what it is told."""

    model: str | None = option(
        None, "the feature set that an installed package registers under nkululeko.features"
    )
    settings: dict[str, Any] = option({}, "its own options: {'name': value}")


class Mld(FeatureSet):
    """Hands over to the feature set of an installed package, which keeps its own name, version and rows in the store.

    Nothing is imported from a path: the package must be installed, and register its class, as any plug-in from outside.
    """

    Options = MldOptions
    options: MldOptions
    summary = "mid-level descriptors of an installed package (mld.model)"
    #: that of the package, as soon as it is asked for features: the class itself cannot know it
    licence: str = ""  # type: ignore[misc]

    def names(self) -> list[str]:
        """Those of the package."""
        return self.inner.names()

    def version(self) -> str:
        """That of the package."""
        return self.inner.version()

    def check_ready(self) -> None:
        """The package must be installed."""
        self.inner.check_ready()

    def shape(self) -> tuple[int, int] | None:
        """That of the package's rows."""
        return self.inner.shape()

    def extract(self, signal: np.ndarray, sampling_rate: int) -> np.ndarray:
        """The package's values of one segment, at the rate that it wants."""
        return self.inner.extract(signal, sampling_rate)

    def fetch(self, index: pd.MultiIndex, extraction: Extraction) -> pd.DataFrame:
        """The package's features of many segments."""
        self.licence = self.inner.licence
        return self.inner.fetch(index, extraction)

    @cached_property
    def inner(self) -> FeatureSet:
        """The feature set of the package.

        Raises:
            NkululekoError: none is named, none is installed under that name, or it has no such option
        """
        name = self.options.model
        if name is None:
            what = "feature set 'mld' is that of a package of its own: there is no mld.model"
            raise NkululekoError(what, "FEATS", f"{_HOW}, and name that feature set")
        found = families.features.load(name) if name in outside() else None
        if found is None:
            raise _unknown(name)
        try:
            return found(found.Options(**self.options.settings))
        except ValidationError as problem:
            first = problem.errors()[0]
            place = ".".join(str(part) for part in first["loc"])
            what = f"'{name}' refuses '{place}': {first['msg']}"
            todo = did_you_mean(place, found.Options.model_fields) if place else ""
            raise NkululekoError(what, "FEATS.mld.settings", todo) from None


def outside() -> list[str]:
    """The feature sets that installed packages register; ours are named by FEATS.type itself."""
    own = {path.stem.rstrip("_") for path in Path(__file__).parent.glob("*.py")}
    return [name for name in families.features.names() if name not in own]


def _unknown(name: str) -> NkululekoError:
    where = "FEATS.mld.model"
    if Path(name).exists():
        what = f"'{name}' is a file or folder: no code is run from a path that an experiment names"
        return NkululekoError(what, where, _HOW)
    there = outside()
    hint = did_you_mean(name, there) if there else "none is installed"
    return NkululekoError(f"no installed package has a feature set '{name}' ({hint})", where, _HOW)

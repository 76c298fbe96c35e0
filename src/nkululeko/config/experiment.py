"""The experiment as configured: every section typed, frozen and resolved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

from nkululeko.config.declare import Section

if TYPE_CHECKING:
    from nkululeko.config.schema.data import Data
    from nkululeko.config.schema.exp import Exp
    from nkululeko.config.schema.feats import Feats
    from nkululeko.config.schema.model import Model
    from nkululeko.config.schema.plot import Plot
    from nkululeko.config.schema.report import Report

S = TypeVar("S", bound=Section)


@dataclass(frozen=True)
class ExperimentConfig:
    """What an experiment file says, checked, with every default filled in.

    Two are equal if they mean the same experiment, wherever their files lie.

    Args:
        sections: those that the command reads, by name
        notes: what the user should know, a line each
        source: the experiment file
        folder_of_call: where the command was called
    """

    sections: Mapping[str, Section]
    notes: tuple[str, ...] = field(default=(), compare=False)
    source: Path = field(default=Path(), compare=False)
    folder_of_call: Path = field(default=Path(), compare=False)

    def section(self, kind: type[S]) -> S:
        """A section by its class, e.g. ``config.section(Expl)``; only those that ``reads`` asked for."""
        return cast(S, self._named(kind.ini_section))

    def _named(self, name: str) -> Any:
        if name not in self.sections:
            raise LookupError(f"section [{name}] was not read: name it in load(..., reads=...)")
        return self.sections[name]

    @property
    def exp(self) -> Exp:
        """``[EXP]``."""
        return self._named("EXP")

    @property
    def data(self) -> Data:
        """``[DATA]``; ``data.databases`` holds the databases with their options."""
        return self._named("DATA")

    @property
    def feats(self) -> Feats:
        """``[FEATS]``; ``feats.sets`` holds the feature sets with their options."""
        return self._named("FEATS")

    @property
    def model(self) -> Model:
        """``[MODEL]``; ``model.choice`` holds the model with its options."""
        return self._named("MODEL")

    @property
    def plot(self) -> Plot:
        """``[PLOT]``."""
        return self._named("PLOT")

    @property
    def report(self) -> Report:
        """``[REPORT]``."""
        return self._named("REPORT")

    @property
    def folds(self) -> tuple[str, int] | None:
        """Which cross-validation, and how many folds; None: there is a test set, or nothing is learned."""
        return self.model.folds if "MODEL" in self.sections else None

    def to_ini(self) -> str:
        """The resolved configuration as an INI file, which gives an equal configuration when loaded again."""
        from nkululeko.config.write import to_ini

        return to_ini(self)

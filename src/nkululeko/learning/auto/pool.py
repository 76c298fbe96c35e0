"""What is tried: feature sets by scalers by models, likely and quick ones first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from nkululeko.core.families import Model, ModelContext, models, scalers
from nkululeko.learning.pipeline import Recipe


@dataclass(frozen=True)
class Candidate:
    """One recipe on one feature set.

    Args:
        features: the feature set, as it is called in tables, e.g. ``os ComParE_2016``
        recipe: what is learned with
        settings: the model's options that are tried, as text
    """

    features: str
    recipe: Recipe
    settings: str = ""

    @property
    def model(self) -> str:
        """The model with its settings."""
        return f"{self.recipe.model} {self.settings}".strip()

    @property
    def name(self) -> str:
        """All of it in one line."""
        return f"{self.features}, scale {self.recipe.scaler}, {self.model}"


def own_accord(family: Any, task: str = "") -> list[str]:
    """The plug-ins that are tried without being named; of models those for the task."""
    found = []
    for name in family.names():
        kind = family.load(name)
        if kind.tried and (not task or task in kind.tasks):
            found.append(name)
    return found


def candidates(
    widths: Mapping[str, int], model_names: Sequence[str], scaler_names: Sequence[str], base: Recipe,
    *, speakers_known: bool,
) -> list[Candidate]:  # fmt: skip
    """All combinations that make sense.

    Args:
        widths: how many features each set has, by its name
        model_names: models to try, with each of their likely settings
        scaler_names: scalers to try; ``standard`` is left out where a model does not need it
        base: what all recipes have in common
        speakers_known: of all samples; else ``speaker`` is left out

    Returns:
        in the order in which they are tried: the first setting of every model before the second one of any, and
        within that small feature sets first
    """
    found: list[tuple[tuple[int, int], Candidate]] = []
    for name in model_names:
        kind = models.load(name)
        for rank, settings in enumerate(kind.tried or ({},)):
            for scaler in _scalers(scaler_names, kind.needs_scaling, speakers_known):
                context = base.context if _can_weight(kind) else replace(base.context, class_weight=False)
                recipe = Recipe(
                    name, settings, context, scaler, base.nan_strategy, base.labels, base.balancing
                )
                said = ", ".join(f"{key} = {value}" for key, value in settings.items())
                found += [((rank, width), Candidate(label, recipe, said)) for label, width in widths.items()]
    return [candidate for _, candidate in sorted(found, key=lambda pair: pair[0])]


def _can_weight(kind: type[Model]) -> bool:
    """Whether a model can weight its classes; those of nearest neighbours cannot."""
    return getattr(kind, "has_class_weight", True) or getattr(kind, "takes_weights", True)


def _scalers(names: Sequence[str], needs_scaling: bool, speakers_known: bool) -> list[str]:
    """Those that differ for a model: trees do not mind what ``standard`` does."""
    able = [name for name in names if speakers_known or name != "speaker"]
    if needs_scaling:
        return able
    return list(dict.fromkeys("none" if name == "standard" else name for name in able))


def context_for(context: ModelContext) -> ModelContext:
    """With classes weighted where the measure counts all classes the same."""
    weighted = context.task == "classification" and context.measure != "acc"
    return replace(context, class_weight=weighted)


def usual_scalers() -> list[str]:
    """The scalers that are tried without being named."""
    return own_accord(scalers)


def usual_models(task: str) -> list[str]:
    """The models that are tried without being named."""
    return own_accord(models, task)

"""``[OPTIM]``: search for hyperparameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from pydantic import field_validator

from nkululeko.config.declare import Section, option


@dataclass(frozen=True, repr=False)
class Span:
    """``(min, max)`` or ``(min, max, step)``; no tuple, which the resolved file would show as a list.

    Example:
        >>> Span((1, 10))
        (1, 10)
    """

    ends: tuple[Any, ...]

    def __repr__(self) -> str:
        return repr(self.ends)


class Optim(Section):
    """Search for hyperparameters."""

    ini_section = "OPTIM"

    model: str | None = option(None, "the model; not given: MODEL.type", names="models")
    search_strategy: Literal["tpe", "random", "halving", "grid"] = option("tpe", "how to search")
    metric: str | None = option(
        None, "the measure that is made best; not given: MODEL.measure", names="metrics"
    )
    n_iter: int = option(50, "how many combinations are tried; grid: all", ge=1)
    cv_folds: int | None = option(
        None, "inner folds of the training set; not given: 5, or as many as it has speakers", ge=2
    )
    outer_folds: int | None = option(
        None, "nested: outer folds, with a search in each; the same as MODEL.k_fold_cross", ge=2
    )
    timeout: float | None = option(None, "no further trial is begun after so long (s)", gt=0)
    parameters: dict[str, Any] = option(
        {},
        "an option of the model, scale, balancing or class_weight: [a, b, c], (min, max) or (min, max, step)",
        ini="*",
    )

    @field_validator("search_strategy", mode="before")
    @classmethod
    def _long_names(cls, name: Any) -> Any:
        return name.removesuffix("_search") if isinstance(name, str) else name

    @field_validator("parameters")
    @classmethod
    def _spans(cls, parameters: dict[str, Any]) -> dict[str, Any]:
        return {
            name: Span(value) if isinstance(value, tuple) else value for name, value in parameters.items()
        }

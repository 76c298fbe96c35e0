"""What a search may try: the parameters of [OPTIM], each with the values it may take."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

import numpy as np

from nkululeko.config.words import expected
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.families import balancers, models, scalers
from nkululeko.core.plugin import Family, Options
from nkululeko.learning.pipeline import Recipe

#: the values of a trial, by the names of the parameters
Point = dict[str, Any]
#: ranges of numbers that span so much (two decades) are drawn on a logarithmic scale
WIDE = 100.0
#: a range with a step may have so many values
MOST_STEPS = 10_000
#: parameters that are no option of the model: where they stand in the experiment file
OTHERS = {"scale": "FEATS", "balancing": "FEATS", "class_weight": "MODEL"}


@dataclass(frozen=True)
class Choices:
    """A parameter with some values.

    Args:
        name: as it stands in the experiment file
        values: what it may be
    """

    name: str
    values: tuple[Any, ...]

    def draw(self, generator: np.random.Generator) -> Any:
        """One of the values, each equally likely."""
        return self.values[int(generator.integers(len(self.values)))]


@dataclass(frozen=True)
class Range:
    """A parameter with all numbers between two ends, both included.

    Args:
        name: as it stands in the experiment file
        low: the lower end
        high: the upper end
        whole: whole numbers only
    """

    name: str
    low: float
    high: float
    whole: bool = False

    @property
    def log(self) -> bool:
        """Whether it is drawn on a logarithmic scale: positive numbers with a point, over two decades or more."""
        return not self.whole and self.low > 0 and self.high / self.low >= WIDE * (1 - 1e-9)

    def draw(self, generator: np.random.Generator) -> Any:
        """One of the numbers."""
        if self.whole:
            return int(generator.integers(int(self.low), int(self.high) + 1))
        if not self.log:
            return self.tidy(generator.uniform(self.low, self.high))
        return self.tidy(math.exp(generator.uniform(math.log(self.low), math.log(self.high))))

    def tidy(self, value: float) -> float:
        """A number with as few digits as people would write, inside the range: steps of about a ten-thousandth."""
        if self.log:
            rounded = float(f"{value:.4g}")
        else:
            rounded = round(value, 4 - math.floor(math.log10(self.high - self.low)))
        return float(min(max(rounded, self.low), self.high))


@dataclass(frozen=True)
class Space:
    """All that may be tried.

    Example:
        >>> space = Space((Choices("kernel", ("rbf", "linear")), Choices("C_val", (0.1, 1.0))))
        >>> space.size, next(space.grid())
        (4, {'kernel': 'rbf', 'C_val': 0.1})
    """

    parameters: tuple[Choices | Range, ...]

    @property
    def size(self) -> int | None:
        """How many combinations there are; None: a range of numbers with a point has no end."""
        count = 1
        for parameter in self.parameters:
            if isinstance(parameter, Choices):
                count *= len(parameter.values)
            elif parameter.whole:
                count *= int(parameter.high) - int(parameter.low) + 1
            else:
                return None
        return count

    def grid(self) -> Iterator[Point]:
        """All combinations, the last parameter changing fastest; whole numbers of ranges one by one."""
        values = [
            parameter.values
            if isinstance(parameter, Choices)
            else range(int(parameter.low), int(parameter.high) + 1)
            for parameter in self.parameters
        ]
        names = [parameter.name for parameter in self.parameters]
        for combination in product(*values):
            yield dict(zip(names, combination, strict=True))

    def draws(self, count: int, seed: int) -> list[Point]:
        """Different combinations, drawn by the seed; all there are, where these are not more.

        Numbers are rounded, so there may be fewer of them than are asked for.
        """
        if self.size is not None and self.size <= count:
            return list(self.grid())
        generator = np.random.default_rng(seed)
        found: dict[str, Point] = {}
        for _ in range(20 * count):
            if len(found) == count:
                break
            point = {parameter.name: parameter.draw(generator) for parameter in self.parameters}
            found.setdefault(repr(point), point)
        return list(found.values())


def with_point(recipe: Recipe, point: Mapping[str, Any]) -> Recipe:
    """A recipe with the values of a trial.

    Example:
        >>> with_point(Recipe("svm"), {"C_val": 2.0, "scale": "robust"}).options
        {'C_val': 2.0}
    """
    fields = {ini: name for name, spelled in _spellings(models.load(recipe.model).Options) for ini in spelled}
    options = {fields[name]: value for name, value in point.items() if name not in OTHERS}
    changed = replace(recipe, options={**recipe.options, **options})
    if "scale" in point:
        changed = replace(changed, scaler=point["scale"])
    if "balancing" in point:
        changed = replace(changed, balancing="" if point["balancing"] == "none" else point["balancing"])
    if "class_weight" in point:
        changed = replace(changed, context=replace(changed.context, class_weight=point["class_weight"]))
    return changed


def make_space(
    given: Mapping[str, Any], recipe: Recipe, places: Mapping[str, str] | None = None
) -> tuple[Space, list[NkululekoError]]:
    """The space that the options of [OPTIM] describe; every value is checked as the model checks its options.

    Args:
        given: for each parameter a list (choices), a tuple ``(low, high)`` or ``(low, high, step)``, or one value
        recipe: of the model; what is not searched for stays as it is there
        places: where each parameter stands, for messages

    Returns:
        the space, and all mistakes; without parameters there is one

    Example:
        >>> space, mistakes = make_space({"C_val": (0.01, 100.0), "kernel": ["rbf"]}, Recipe("svm"))
        >>> space.parameters[0].log, space.parameters[1].values, mistakes
        (True, ('rbf',), [])
    """
    parameters: list[Choices | Range] = []
    mistakes: list[NkululekoError] = []
    known = dict(_spellings(models.load(recipe.model).Options))
    own = [spelled[0] for spelled in known.values()]
    seen: dict[str, str] = {}
    for name, value in given.items():
        where = (places or {}).get(name, "[OPTIM]")
        try:
            field = _field(name, known, recipe)
            if field in seen:
                raise NkululekoError(f"{name} and {seen[field]} are the same option", todo="remove one")
            seen[field] = name
            parameters.append(_parameter(name, field, value, recipe))
        except NkululekoError as problem:
            mistakes.append(NkululekoError(f"[OPTIM] {name}: {problem.what}", where, problem.todo))
    if not given:
        todo = f"e.g. {own[0]} = [...]; options of {recipe.model}: {', '.join(own)}" if own else ""
        mistakes.append(NkululekoError("[OPTIM] names no parameter to search for", todo=todo))
    return Space(tuple(parameters)), mistakes


def _spellings(model: type[Options]) -> Iterator[tuple[str, list[str]]]:
    """The fields of a plug-in's options with the names they may have in the experiment file."""
    for name, info in model.model_fields.items():
        extra: dict[str, Any] = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
        yield name, [extra.get("ini") or name.rstrip("_"), *extra.get("also", ())]


def _field(name: str, known: Mapping[str, Sequence[str]], recipe: Recipe) -> str:
    """The field of the model's options that a name means, or the name itself where it is none of the model's."""
    if name in OTHERS:
        if name == "scale" and models.load(recipe.model).takes_sequences:
            raise NkululekoError(
                f"has no effect: {recipe.model} scales its sequences itself", todo="remove it"
            )
        if name == "balancing" and recipe.context.task == "regression":
            raise NkululekoError("balancing is for classes, not for numbers", todo="remove it")
        return name
    for field, spelled in known.items():
        if name in spelled:
            return field
    everything = [word for spelled in known.values() for word in spelled] + list(OTHERS)
    raise NkululekoError(f"is no option of model {recipe.model}", todo=did_you_mean(name, everything))


def _parameter(name: str, field: str, value: Any, recipe: Recipe) -> Choices | Range:
    if isinstance(value, tuple):
        if name in OTHERS:
            raise NkululekoError(f"{value} is a range", todo="expected a list of choices")
        return _range(name, field, value, recipe)
    if isinstance(value, dict):
        raise NkululekoError("expected a list, (min, max) or (min, max, step)")
    values = value if isinstance(value, list) else [value]
    if not values:
        raise NkululekoError("the list is empty", todo="name at least one value")
    checked = [_checked(field, item, recipe) for item in values]
    different = {repr(item): item for item in checked}
    return Choices(name, tuple(different.values()))


def _range(name: str, field: str, value: tuple[Any, ...], recipe: Recipe) -> Choices | Range:
    """``(low, high)``, or ``(low, high, step)``, whose values are choices."""
    if not all(isinstance(end, int | float) and not isinstance(end, bool) for end in value):
        raise NkululekoError(f"{value} is no range of numbers", todo="choices stand in a list: [a, b]")
    if len(value) not in (2, 3):
        raise NkululekoError(
            f"{value} has {len(value)} numbers", todo="expected (min, max) or (min, max, step)"
        )
    low, high = value[:2]
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise NkululekoError(f"{value}: min must be below max", todo="choices stand in a list: [a, b, c]")
    if len(value) == 3:
        step = value[2]
        if not 0 < step <= high - low:
            raise NkululekoError(
                f"{value}: the step must be above 0 and at most max - min",
                todo="choices stand in a list: [a, b, c]",
            )
        count = int((high - low) / step * (1 + 1e-9)) + 1
        if count > MOST_STEPS:
            raise NkululekoError(f"{value} has {count} values", todo="leave the step out, or make it larger")
        # rounded: 0.1 + 2 · 0.1 is 0.30000000000000004
        steps = [low + place * step for place in range(count)]
        rounded = [round(at, 12) if isinstance(at, float) else at for at in steps]
        return Choices(name, tuple(_checked(field, at, recipe) for at in rounded))
    for end in (low, high):
        _checked(field, end, recipe)
    between = low + 0.37 * (high - low)  # a number with a point, unless the option wants whole numbers
    try:
        takes_fractions = isinstance(_checked(field, between, recipe), float)
    except NkululekoError:
        takes_fractions = False
    if not takes_fractions and not (isinstance(low, int) and isinstance(high, int)):
        raise NkululekoError(f"{value}: expected whole numbers")
    return Range(name, low, high, whole=not takes_fractions)


def _checked(field: str, value: Any, recipe: Recipe) -> Any:
    """A value as the option keeps it.

    Raises:
        NkululekoError: the option does not take it
    """
    if field == "scale":
        return _named(value, scalers, "scaler", ("auto", "none"))
    if field == "balancing":
        return _named(value, balancers, "balancing method", ("none",))
    if field == "class_weight":
        if not isinstance(value, bool):
            raise NkululekoError(f"{value!r}: expected True or False")
        return value
    from pydantic import ValidationError

    options = models.load(recipe.model).Options
    try:
        record = options.model_validate({**recipe.options, field: value})
    except ValidationError as problem:
        first = problem.errors(include_url=False)[0]
        if len(first["loc"]) > 1 and first["type"] != "value_error":  # it may be one of several types
            raise NkululekoError(f"{value!r}: expected {expected(options.model_fields[field])}") from None
        reason = str(first["ctx"]["error"]) if first["type"] == "value_error" else first["msg"]
        raise NkululekoError(f"{value!r}: {reason[:1].lower()}{reason[1:]}") from None
    return getattr(record, field)


def _named(value: Any, family: Family[Any], noun: str, extra: Sequence[str]) -> str:
    """The own name of a plug-in."""
    name = "none" if value is None else str(value)
    if name in extra:
        return name
    if not family.has(name):
        raise NkululekoError(f"unknown {noun} '{name}'", todo=did_you_mean(name, [*family.names(), *extra]))
    return family.load(name).plugin_name()

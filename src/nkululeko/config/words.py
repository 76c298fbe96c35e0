"""Types in words: what an option expects, for messages and for the reference page."""

from __future__ import annotations

import types
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic.fields import FieldInfo

_ONE = {
    bool: "True or False",
    int: "a whole number",
    float: "a number",
    str: "text",
    Path: "a path",
}
_MANY = {
    bool: "True or False",
    int: "whole numbers",
    float: "numbers",
    str: "names",
    Path: "paths",
}
_LIMITS = {
    "gt": ">",
    "ge": ">=",
    "lt": "<",
    "le": "<=",
    "min_length": "of at least",
    "max_length": "of at most",
}


def members(annotation: Any) -> list[Any]:
    """The alternatives of a type: those of a union, else the type alone; None's type included."""
    if get_origin(annotation) is Annotated:
        return members(get_args(annotation)[0])
    if get_origin(annotation) in (Union, types.UnionType):
        return [member for part in get_args(annotation) for member in members(part)]
    return [annotation]


def is_list(annotation: Any) -> bool:
    """Whether the type is a list or a tuple."""
    return (get_origin(annotation) or annotation) in (tuple, list)


def is_dict(annotation: Any) -> bool:
    """Whether the type is a dictionary."""
    return (get_origin(annotation) or annotation) is dict


def in_words(annotation: Any, metadata: Iterable[Any] = ()) -> str:
    """What a type accepts, without None.

    Example:
        >>> in_words(float | None), in_words(tuple[str, ...]), in_words(Literal["a", "b"])
        ('a number', 'a list of names', "'a' or 'b'")
    """
    return _together(_alternatives(annotation, metadata))


def expected(info: FieldInfo, pattern: bool = False) -> str:
    """What an option accepts, with its limits; for a pattern: what one of its entries accepts.

    Example:
        >>> from nkululeko.config.declare import option
        >>> info = option(20, "percent", gt=0, lt=100)
        >>> info.annotation = float
        >>> expected(info)
        'a number > 0 and < 100'
    """
    annotation = info.annotation
    if pattern:
        annotation = get_args(annotation)[1]
    return in_words(annotation, info.metadata)


def choices(annotation: Any) -> list[Any]:
    """The values of a type that has nothing but literals, else none.

    Example:
        >>> choices(Literal["a", "b"] | None), choices(Literal["a"] | float)
        (['a', 'b'], [])
    """
    parts = [part for part in members(annotation) if part is not types.NoneType]
    if not all(get_origin(part) is Literal for part in parts):
        return []
    return [value for part in parts for value in get_args(part)]


def _alternatives(annotation: Any, metadata: Iterable[Any] = ()) -> list[str]:
    if get_origin(annotation) is Annotated:
        inner, *extra = get_args(annotation)
        return _alternatives(inner, [*metadata, *extra])
    if get_origin(annotation) in (Union, types.UnionType):
        return [word for part in get_args(annotation) for word in _alternatives(part, metadata)]
    if annotation is types.NoneType:
        return []
    if get_origin(annotation) is Literal:
        return [repr(value) for value in get_args(annotation)]
    return [_one(annotation) + _limits(annotation, metadata)]


def _one(annotation: Any) -> str:
    if is_list(annotation):
        inner = [arg for arg in get_args(annotation) if arg is not ...]
        return f"a list of {_many(inner[0])}" if inner else "a list"
    if is_dict(annotation):
        return "a dictionary {name: value}"
    return _ONE.get(annotation, "a value")


def _many(annotation: Any) -> str:
    parts = [part for part in members(annotation) if part is not types.NoneType]
    if len(parts) != 1:
        return " or ".join(dict.fromkeys(_many(part) for part in parts))
    if is_list(parts[0]):
        return f"lists of {_many(get_args(parts[0])[0])}"
    if get_origin(parts[0]) is Literal:
        return _together([repr(value) for value in get_args(parts[0])])
    return _MANY.get(parts[0], "values")


def _limits(annotation: Any, metadata: Iterable[Any]) -> str:
    """`` > 0 and < 100``; limits of numbers do not concern text, nor those of length numbers."""
    found = []
    for item in _constraints(metadata):
        for name, sign in _LIMITS.items():
            limit = getattr(item, name, None)
            if limit is None or ("length" in name) != (is_list(annotation) or annotation is str):
                continue
            found.append(f"{sign} {limit:g}" if isinstance(limit, float) else f"{sign} {limit}")
    return (" " + " and ".join(found)) if found else ""


def _constraints(metadata: Iterable[Any]) -> list[Any]:
    """The single limits; those of a nested ``Field`` stand in its own metadata."""
    return [part for item in metadata for part in (item.metadata if isinstance(item, FieldInfo) else [item])]


def _together(words: list[str]) -> str:
    unique = list(dict.fromkeys(words))
    return (
        unique[0]
        if len(unique) == 1
        else ", ".join(unique[:-1]) + " or " + unique[-1]
        if unique
        else "nothing"
    )

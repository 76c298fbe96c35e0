"""What transformations a file asks for: names and plain values, read, never executed."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from nkululeko.core.errors import NkululekoError, did_you_mean

#: names of transformations, each with its settings
Steps = list[tuple[str, dict[str, Any]]]


def steps_of(asked: str | Mapping[str, Any] | Sequence[Any], where: str) -> Steps:
    """The transformations in their order.

    Args:
        asked: a dictionary ``{'Gain': {'p': 1}}``, a list of names, or text such as ``Compose([Gain(p=1), Shift()])``,
            as files of earlier versions have it; its names and plain values are read, nothing is called
        where: for messages

    Raises:
        NkululekoError: it is none of these

    Example:
        >>> steps_of("Compose([Gain(min_gain_db=-6, p=1.0), Reverse()])", "exp.ini")
        [('Gain', {'min_gain_db': -6, 'p': 1.0}), ('Reverse', {})]
        >>> steps_of({"Gain": {"p": 1.0}}, "exp.ini"), steps_of(["Gain", "Reverse"], "exp.ini")
        ([('Gain', {'p': 1.0})], [('Gain', {}), ('Reverse', {})])
    """
    if isinstance(asked, str):
        return _read(asked, where)
    if isinstance(asked, Mapping):
        wrong = [name for name, settings in asked.items() if not isinstance(settings, Mapping)]
        if wrong:
            raise _unreadable(f"{wrong[0]}: {asked[wrong[0]]!r}", where)
        return [
            (str(name), {str(key): value for key, value in settings.items()})
            for name, settings in asked.items()
        ]
    found: Steps = []
    for item in asked:
        found += _read(item, where) if isinstance(item, str) else steps_of(item, where)
    return found


def built(
    steps: Steps,
    known: Mapping[str, Callable[..., Any]],
    where: str,
    value: Callable[[Any], Any] = lambda given: given,
) -> list[Any]:
    """The transformations themselves.

    Args:
        steps: as :func:`steps_of` gives them
        known: what may be asked for, by its name
        where: for messages
        value: makes a setting into what the library wants

    Raises:
        NkululekoError: nobody knows the name, or a setting is wrong
    """
    found = []
    for name, settings in steps:
        if name not in known:
            todo = did_you_mean(name, known) or f"expected one of: {', '.join(sorted(known))}"
            raise NkululekoError(f"unknown transformation '{name}'", where, todo)
        allowed = [setting for setting in inspect.signature(known[name]).parameters if setting != "kwargs"]
        for setting in settings:
            if setting not in allowed:
                raise NkululekoError(
                    f"{name} has no setting '{setting}'", where, did_you_mean(setting, allowed)
                )
        try:
            found.append(known[name](**{setting: value(given) for setting, given in settings.items()}))
        except Exception as problem:  # libraries raise what they like at values that they do not
            given = ", ".join(f"{setting}={given!r}" for setting, given in settings.items())
            raise NkululekoError(f"{name}({given}): {' '.join(str(problem).split())}", where) from None
    return found


def _read(text: str, where: str) -> Steps:
    """Names, calls with plain values, or a list of them, maybe in ``Compose([...])``."""
    try:
        node = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError):
        raise _unreadable(text, where) from None
    return _steps(node, where)


def _steps(node: ast.expr, where: str) -> Steps:
    if isinstance(node, ast.Name):
        return [(node.id, {})]
    if isinstance(node, ast.List | ast.Tuple):
        return [step for part in node.elts for step in _steps(part, where)]
    if isinstance(node, ast.Call):
        name = _name(node.func)
        if name == "Compose" and len(node.args) == 1:
            return _steps(node.args[0], where)
        if name and not node.args and all(keyword.arg for keyword in node.keywords):
            try:
                return [(name, {str(k.arg): ast.literal_eval(k.value) for k in node.keywords})]
            except ValueError:
                pass
    raise _unreadable(ast.unparse(node), where)


def _name(node: ast.expr) -> str:
    """``Gain``, also of ``audiomentations.Gain``."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def _unreadable(text: str, where: str) -> NkululekoError:
    return NkululekoError(
        f"cannot read '{text}'", where,
        "expected transformations with plain values: {'AddGaussianNoise': {'min_amplitude': 0.001, 'p': 1.0}}",
    )  # fmt: skip

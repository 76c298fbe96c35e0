"""Filling declared options in: from raw options of files and the command line to a checked record."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Literal, get_args, get_origin

from pydantic import ValidationError

from nkululeko.config.declare import Declared, declared, find
from nkululeko.config.ini import COMMAND_LINE, RawOption
from nkululeko.config.words import expected, is_dict, is_list, members
from nkululeko.core.errors import NkululekoError
from nkululeko.core.plugin import Options


@dataclass
class Findings:
    """What was found on the way through a file.

    Args:
        source: the experiment file as the user named it
        strict: unknown sections and options are mistakes, not notes
        mistakes: each with its place
        notes: what the user should know, a line each
    """

    source: str
    strict: bool = True
    mistakes: list[NkululekoError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def wrong(self, raw: RawOption | None, what: str, todo: str = "") -> None:
        """A mistake in an option, or (None) in the file as a whole."""
        self.mistakes.append(NkululekoError(what, raw.place if raw else self.source, todo))

    def unknown(self, where: str, what: str, todo: str = "") -> None:
        """A name that nobody knows: a mistake, or a note if the file is not strict."""
        error = NkululekoError(what, where, todo)
        if self.strict:
            self.mistakes.append(error)
        else:
            self.notes.append(str(error))

    def note(self, raw: RawOption, text: str) -> None:
        """Something the user should know of an option."""
        self.notes.append(f"{raw.place}: {text}")


def fitting(annotation: Any, value: Any, text: str) -> Any:
    """A value in the shape that a type wants, as far as INI files leave it open; pydantic checks the rest.

    A bare value is a list of one; text stays text where it looks like a number; True is no number. ``Any`` takes the
    value as it was read.

    Example:
        >>> fitting(tuple[str, ...], 42, "42"), fitting(str, 1.50, "1.50"), fitting(int | None, None, "None")
        (['42'], '1.50', None)
        >>> fitting(Any, 1.50, "1.50"), fitting(Any, True, "True"), fitting(Any, ("a", 2), "('a', 2)")
        (1.5, True, ('a', 2))
    """
    options = members(annotation)
    if Any in options:
        return value
    if value is None and type(None) in options:
        return None
    for part in options:
        if is_dict(part) and isinstance(value, dict) and get_args(part):
            of_key, of_value = get_args(part)
            pairs = [(fitting(of_key, k, str(k)), fitting(of_value, v, str(v))) for k, v in value.items()]
            return dict(pairs)
    lists = [part for part in options if is_list(part)]
    scalars = [part for part in options if part is not type(None) and not is_list(part) and not is_dict(part)]
    if lists and (isinstance(value, list | tuple) or not scalars):
        if isinstance(value, dict):
            return text
        (inner,) = [arg for arg in get_args(lists[0]) if arg is not ...] or [Any]
        items = [(item, str(item)) for item in value] if isinstance(value, list | tuple) else [(value, text)]
        return [fitting(inner, item, shown) for item, shown in items]
    if scalars and all(_is_text(part) for part in scalars):
        return value if isinstance(value, str) else text
    if isinstance(value, bool) and bool not in options:
        return text
    return value


def _is_text(annotation: Any) -> bool:
    if get_origin(annotation) is Literal:
        return all(isinstance(value, str) for value in get_args(annotation))
    return isinstance(annotation, type) and not issubclass(annotation, int | float)


class Form:
    """A record that is being filled in.

    Args:
        model: what is declared
        prefixes: names that may stand before the options, ``os.set`` for ``set``
    """

    def __init__(self, model: type[Options], prefixes: Iterable[str] = ()) -> None:
        self.model, self.prefixes = model, tuple(prefixes)
        #: what was given for each option, and each text in the place of its ``*``
        self.given: dict[str, dict[str, RawOption]] = {}
        self._ranks: dict[tuple[str, str], tuple[int, bool]] = {}

    def take(self, raw: RawOption, name: str, rank: int, findings: Findings | None = None) -> bool:
        """Take an option in, if it is declared here; higher ranks and prefixed names go before others.

        Args:
            raw: the option
            name: its name within the section, e.g. without the database
            rank: of its origin
            findings: gets a mistake where two spellings of one option have the same rank
        """
        prefix = next((p for p in self.prefixes if name.startswith(f"{p}.")), "")
        found = find(self.model, name.removeprefix(f"{prefix}.") if prefix else name)
        if found is None:
            return False
        option, star = found
        slot, mine = (option.field, star), (rank, bool(prefix))
        before = self.given.get(option.field, {}).get(star)
        if before and self._ranks[slot] == mine and raw.file != COMMAND_LINE and findings:
            what = f"'{raw.name}' and '{before.name}' in [{raw.section}] are the same option"
            findings.wrong(raw, what, f"remove one of them (the other: {before.place})")
        if not before or mine >= self._ranks[slot]:
            self.given.setdefault(option.field, {})[star] = raw
            self._ranks[slot] = mine
        return True

    def raw(self, name: str) -> RawOption | None:
        """What was given for a field, if anything."""
        return next(iter(self.given.get(name, {}).values()), None)

    def build(self, findings: Findings, skip: Iterable[str] = (), needed_by: str = "") -> Options:
        """The record; options with mistakes keep their defaults.

        Args:
            findings: gets the mistakes
            skip: fields whose mistakes are told elsewhere
            needed_by: who needs options that have no default, for messages
        """
        known = declared(self.model)
        values = {}
        for name, found in self.given.items():
            empty = [star for star, raw in found.items() if raw.text == ""]
            for star in empty:
                self._tell_one(known[name], findings, star=star)
            if not empty:
                values[name] = self._value(known[name], found)
        while True:
            try:
                record = self.model.model_validate(values)
            except ValidationError as problem:
                fields = self._tell(problem, findings, tuple(skip), needed_by)
                if not fields & values.keys():
                    return self.model.model_construct(**values)
                values = {name: value for name, value in values.items() if name not in fields}
                continue
            infinite = {name for name in values if _is_infinite(getattr(record, name))}
            if not infinite:
                return record
            for name in infinite:
                self._tell_one(known[name], findings)
            values = {name: value for name, value in values.items() if name not in infinite}

    def _value(self, option: Declared, found: dict[str, RawOption]) -> Any:
        if not option.is_pattern:
            (raw,) = found.values()
            return fitting(option.info.annotation, raw.value, raw.text)
        (_, inner) = get_args(option.info.annotation)
        return {star: fitting(inner, raw.value, raw.text) for star, raw in found.items()}

    def _tell(
        self, problem: ValidationError, findings: Findings, skip: tuple[str, ...], needed_by: str
    ) -> set[str]:
        """Report each wrong field once; returns their names, all where the record as a whole is wrong."""
        told: set[str] = set()
        for error in problem.errors(include_url=False):
            name = str(error["loc"][0]) if error["loc"] else ""
            if name in told:
                continue
            told.add(name)
            if name in skip:
                continue
            reason = str(error["ctx"]["error"]) if error["type"] == "value_error" else ""
            if not name:
                first = next((raw for found in self.given.values() for raw in found.values()), None)
                findings.wrong(first, reason or error["msg"])
            elif name not in self.given:
                option = declared(self.model)[name]
                findings.wrong(None, f"{needed_by} needs the option {option.ini}", option.help)
            else:
                star = str(error["loc"][1]) if len(error["loc"]) > 1 else ""
                self._tell_one(declared(self.model)[name], findings, reason, star)
        return set(self.given) if "" in told else told

    def _tell_one(self, option: Declared, findings: Findings, reason: str = "", star: str = "") -> None:
        found = self.given[option.field]
        raw = found.get(star) or next(iter(found.values()))
        reason = reason or f"expected {expected(option.info, option.is_pattern)}"
        findings.wrong(raw, f"{raw.assignment}: {reason}")


def _is_infinite(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return any(map(_is_infinite, value))
    return isinstance(value, float) and not math.isfinite(value)

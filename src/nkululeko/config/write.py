"""The resolved configuration as an INI file: every option that has an effect, defaults marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from nkululeko.config.declare import Choice, Declared, Section, declared
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.ini import written
from nkululeko.config.schema.augment import Augment
from nkululeko.config.schema.data import Data, DatabaseConfig
from nkululeko.config.schema.feats import Feats
from nkululeko.config.schema.model import Model

_HEAD = "; the experiment as it was run; what is marked as default was not changed"
#: values that are the absence of one
_UNSET: tuple[Any, ...] = (None, (), "", {})


def to_ini(config: ExperimentConfig) -> str:
    """See :meth:`ExperimentConfig.to_ini`."""
    parts = [_HEAD]
    for name, section in config.sections.items():
        parts.append(f"\n[{name}]")
        parts += _section(section)
    return "\n".join(parts) + "\n"


def _section(section: Section) -> Iterator[str]:
    chosen: list[Choice] = []
    if isinstance(section, Feats):
        chosen = [*section.sets, *([section.scaler] if section.scaler else [])]
    elif isinstance(section, Model):
        chosen = [section.choice]
    elif isinstance(section, Augment):
        chosen = list(section.sets)
    yield from _lines(section, chosen).values()
    if isinstance(section, Data):
        for database in section.databases:
            yield ""
            yield from _database(database)


def _database(database: DatabaseConfig) -> Iterator[str]:
    of_type = Choice(database.type, database.type_options)
    of_split = Choice(database.split_strategy, database.split_options)
    lines = _lines(database, [of_type, of_split])
    yield database.name + lines.pop("", "")
    for line in lines.values():
        yield f"{database.name}.{line}"


def _lines(section: Section, chosen: Sequence[Choice]) -> dict[str, str]:
    """The lines of a section's own options, and of those of its plug-ins, by what stands before the ``=``.

    Options that this version or these plug-ins do not have are there only where they are set.
    """
    lines: dict[str, str] = {}
    plugins = {choice.name for choice in chosen}
    for option in declared(type(section)).values():
        value = getattr(section, option.field)
        if option.is_pattern:
            names = {option.ini.replace("*", star): item for star, item in value.items()}
            lines |= {name: f"{name} = {written(item)}" for name, item in names.items()}
            continue
        idle = option.planned or option.ignored or (option.owners and not plugins.intersection(option.owners))
        if value != option.default or not (idle or value in _UNSET):
            lines[option.ini] = _line(option.ini, value, option)
    _add_plugins(lines, section, chosen)
    return lines
    return lines


def _add_plugins(lines: dict[str, str], section: Section, chosen: Sequence[Choice]) -> None:
    """Add the options of chosen plug-ins: behind the plug-in's name where the bare name means more than it.

    A bare option also fills the section's own of that name, if it has one, and those of other plug-ins.
    """
    own = {option.ini: getattr(section, option.field) for option in declared(type(section)).values()}
    for choice in chosen:
        others = {ini for other in chosen if other is not choice for ini in _names(other)}
        for option in declared(type(choice.options)).values():
            ini, value = option.ini, getattr(choice.options, option.field)
            if option.is_pattern:
                names = {ini.replace("*", star): item for star, item in value.items()}
                lines |= {name: f"{name} = {written(item)}" for name, item in names.items()}
                continue
            same = ini in own and type(own[ini]) is type(value) and own[ini] == value
            if (ini in lines and same) or (value == option.default and value in _UNSET):
                continue
            bare = same or not (ini in own or ini in others)
            name = ini if bare else f"{choice.name}.{ini}"
            lines[name] = _line(name, value, option)


def _names(choice: Choice) -> set[str]:
    return {option.ini for option in declared(type(choice.options)).values()}


def _line(name: str, value: Any, option: Declared) -> str:
    mark = "  ; default" if value == option.default else ""
    return f"{name} = {written(value)}{mark}"

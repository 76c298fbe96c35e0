"""What [FLAGS] asks for: every combination of its lists as an experiment, all checked before the first one runs."""

from __future__ import annotations

import hashlib
import itertools
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from nkululeko.config import ini
from nkululeko.config.declare import find, spellings
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.load import load
from nkululeko.config.names import ALL
from nkululeko.config.schema import section_class, section_names
from nkululeko.config.schema.flags import Flags
from nkululeko.core.errors import ConfigError, NkululekoError, did_you_mean

#: the lists with a name of their own: field, title, section, option
_LISTS = (
    ("models", "model", "MODEL", "type"),
    ("features", "features", "FEATS", "type"),
    ("balancing", "balancing", "FEATS", "balancing"),
    ("scale", "scale", "FEATS", "scale"),
    ("targets", "target", "DATA", "target"),
)
#: the sections whose options may be listed
_SECTIONS = ("EXP", "DATA", "FEATS", "MODEL")
#: more combinations than this are a mistake
MOST = 1000
#: longer names of folders are cut
_LONGEST = 80


@dataclass(frozen=True)
class Flag:
    """One list of [FLAGS].

    Args:
        title: of its column in the leaderboard
        section: of the option that it sets
        option: the option
        values: what is tried
    """

    title: str
    section: str
    option: str
    values: tuple[Any, ...]

    def override(self, value: Any) -> str:
        """The option with one of the values, as ``--set`` takes it; no balancing is the absence of a method."""
        if (self.option, value) == ("balancing", "none"):
            value = None
        return f"{self.section}.{self.option}={ini.written(value)}"


@dataclass(frozen=True)
class Combination:
    """One experiment of many.

    Args:
        name: of its folder
        description: the value of each flag that has an effect in it, by the flag's title
        config: the experiment
    """

    name: str
    description: Mapping[str, str]
    config: ExperimentConfig


def combinations(path: str | Path, overrides: Sequence[str] = ()) -> list[Combination]:
    """All experiments that a file with [FLAGS] asks for; those that mean the same are one.

    Args:
        path: of the experiment file
        overrides: options that win over the file

    Raises:
        ConfigError: the mistakes of all of them, each once
        NkululekoError: there is no such file
    """
    base = load(path, overrides, reads=("EXP", "FLAGS"))
    flags = flags_of(base.section(Flags), path, overrides)
    total = math.prod(len(flag.values) for flag in flags)
    if total > MOST:
        raise NkululekoError(
            f"[FLAGS] asks for {total} experiments, and the most is {MOST}", str(path), "shorten the lists"
        )
    mistakes: dict[str, NkululekoError] = {}
    alike: dict[str, list[tuple[dict[str, str], ExperimentConfig]]] = {}
    for values in itertools.product(*(flag.values for flag in flags)):
        described = {flag.title: shown(value) for flag, value in zip(flags, values, strict=True)}
        try:
            mine = [flag.override(value) for flag, value in zip(flags, values, strict=True)]
            config = load(path, [*overrides, *mine])
        except ConfigError as problem:
            for mistake in problem.mistakes:
                mistakes.setdefault(str(mistake), _placed(mistake, path, described))
            continue
        alike.setdefault(config.to_ini(), []).append((described, config))
    if mistakes:
        raise ConfigError(list(mistakes.values()))
    return _named(base, list(alike.values()), flags)


def _placed(mistake: NkululekoError, path: str | Path, described: Mapping[str, str]) -> NkululekoError:
    """A mistake that a flag made, with the place of the flags instead of the command line's."""
    if mistake.where != ini.COMMAND_LINE:
        return mistake
    which = ", ".join(f"{title} {value}" for title, value in described.items())
    return NkululekoError(mistake.what, f"{path}, [FLAGS] ({which})", mistake.todo)


def _named(
    base: ExperimentConfig,
    alike: Sequence[Sequence[tuple[dict[str, str], ExperimentConfig]]],
    flags: Sequence[Flag],
) -> list[Combination]:
    """One combination for each group of equal experiments; a flag in which they differ has no effect there."""
    found: list[Combination] = []
    taken: set[str] = set()
    for group in alike:
        first, config = group[0]
        idle = [flag.title for flag in flags if any(_says_idle(note, flag) for note in config.notes)]
        described = {
            title: value
            for title, value in first.items()
            if title not in idle and all(other[title] == value for other, _ in group)
        }
        name = folder_name(described)
        if name.lower() in taken:  # some disks do not tell upper case from lower
            name = f"{name[: _LONGEST - 7]}-{_digest(first)}"
        taken.add(name.lower())
        exp = config.exp.model_copy(update={"root": base.exp.root / base.exp.name, "name": name})
        # which flags have no effect on it is told by the leaderboard
        notes = tuple(
            note
            for note in config.notes
            if "section [FLAGS] has no effect" not in note
            and not any(_says_idle(note, flag) for flag in flags)
        )
        sections = {**config.sections, "EXP": exp}
        found.append(Combination(name, described, replace(config, sections=sections, notes=notes)))
    return found


def _says_idle(note: str, flag: Flag) -> bool:
    """Whether a note says that a flag has no effect in an experiment."""
    return note.startswith(f"{ini.COMMAND_LINE}: [{flag.section}] {flag.option} has no effect")


def folder_name(described: Mapping[str, str]) -> str:
    """The values of flags as the name of a folder; other options than those of long standing with their names.

    Example:
        >>> folder_name({"model": "svm", "features": "os, praat", "balancing": "none", "C_val": "0.1"})
        'svm_os+praat_no-balancing_C_val=0.1'
    """
    usual = {title for _, title, _, _ in _LISTS}
    parts = []
    for title, value in described.items():
        if title in usual:
            parts.append(f"no-{title}" if value == "none" else value)
        else:
            parts.append(f"{title}={value}")
    plain = [re.sub(r"[^\w.+=-]+", "-", part.replace(", ", "+")).strip("-.") for part in parts]
    name = "_".join(part for part in plain if part) or "all"
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 7]}-{_digest(described)}"


def _digest(described: Mapping[str, str]) -> str:
    return hashlib.blake2b(repr(sorted(described.items())).encode(), digest_size=3).hexdigest()


def shown(value: Any) -> str:
    """A value as the leaderboard shows it: a list as its items.

    Example:
        >>> shown(("os", "praat")), shown(0.1), shown("svm")
        ('os, praat', '0.1', 'svm')
    """
    return ", ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def flags_of(section: Flags, path: str | Path, overrides: Sequence[str] = ()) -> list[Flag]:
    """The lists of [FLAGS], in the order of the leaderboard's columns.

    Raises:
        ConfigError: a list has no values, or values twice, or names no option
    """
    flags = [
        Flag(title, name, option, getattr(section, field))
        for field, title, name, option in _LISTS
        if getattr(section, field)
    ]
    places = _places(path, overrides)
    mistakes: list[NkululekoError] = []
    for name, value in section.others.items():
        where = places.get(name, f"{path}, [FLAGS]")
        try:
            owner, option = owner_of(name, where)
            values = tuple(value) if isinstance(value, list | tuple) else (value,)
            flags.append(Flag(name, owner, option, values))
        except NkululekoError as problem:
            mistakes.append(problem)
    if not flags and not mistakes:
        example = "e.g. models = ['svm', 'xgb']"
        mistakes.append(NkululekoError("[FLAGS] holds no lists", str(path), example))
    for flag in flags:
        wrong = _wrong(flag, flags)
        if wrong:
            mistakes.append(NkululekoError(f"[FLAGS] {flag.title}: {wrong}", str(path)))
    if mistakes:
        raise ConfigError(mistakes)
    return flags


def _wrong(flag: Flag, flags: Sequence[Flag]) -> str:
    """What is wrong with a list; empty: nothing."""
    if not flag.values:
        return "expected at least one value"
    texts = [flag.override(value) for value in flag.values]
    twice = [value for value, text in zip(flag.values, texts, strict=True) if texts.count(text) > 1]
    if twice:
        return f"{shown(twice[0])} is there twice"
    target = (flag.section, flag.option)
    if target in {("EXP", "root"), ("EXP", "name")}:
        return "the folder of each experiment follows from its flags"
    before = flags[: flags.index(flag)]
    others = [other.title for other in before if (other.section, other.option) == target]
    return f"sets the same option as {others[0]}" if others else ""


def _places(path: str | Path, overrides: Sequence[str]) -> dict[str, str]:
    """Where each option of [FLAGS] stands."""
    raws = [*ini.read(Path(path)).options, *map(ini.overriding, overrides)]
    return {raw.name: raw.place for raw in raws if raw.section == "FLAGS"}


def owner_of(name: str, where: str = "") -> tuple[str, str]:
    """The section that an option of [FLAGS] belongs to, and its name there.

    ``SECTION.option`` says it; ``PLUGIN.option`` belongs to the section of that plug-in, ``DATABASE.option`` to [DATA];
    an option alone to the one section that has it.

    Raises:
        NkululekoError: no section has it, or several do

    Example:
        >>> owner_of("C_val"), owner_of("MODEL.measure"), owner_of("emodb.test_size")
        (('MODEL', 'C_val'), ('MODEL', 'measure'), ('DATA', 'emodb.test_size'))
    """
    before, dot, option = name.partition(".")
    if dot and before in section_names():
        if before in _SECTIONS:
            return before, option
        raise NkululekoError(
            f"[FLAGS] {name}: options of [{before}] cannot be listed",
            where,
            f"expected one of: {', '.join(_SECTIONS)}",
        )
    owners = [section for section in _SECTIONS if _declares(section, name)]
    if len(owners) == 1:
        return owners[0], name
    if owners:
        choices = " or ".join(f"{section}.{name}" for section in owners)
        raise NkululekoError(
            f"[FLAGS] {name}: {' and '.join(f'[{section}]' for section in owners)} have it",
            where,
            f"write {choices}",
        )
    if dot:
        return "DATA", name
    known = [*spellings(Flags), *(each for section in _SECTIONS for each in _names(section))]
    raise NkululekoError(f"unknown option '{name}' in [FLAGS]", where, did_you_mean(name, known))


def _declares(section: str, name: str) -> bool:
    """Whether a section, or one of its plug-ins, has an option of that name."""
    if find(section_class(section), name):
        return True
    before, dot, option = name.partition(".")
    for family, plugin, options in _plugins(section):
        if find(options, name) or (dot and ALL[family].canonical(before) == plugin and find(options, option)):
            return True
    return False


def _names(section: str) -> list[str]:
    return [
        *spellings(section_class(section)),
        *(each for *_, options in _plugins(section) for each in spellings(options)),
    ]


def _plugins(section: str) -> list[tuple[str, str, Any]]:
    """The plug-ins whose options stand in a section: family, name, options."""
    from nkululeko.config.schema.data import DatabaseConfig

    keys = DatabaseConfig.ini_families if section == "DATA" else section_class(section).ini_families
    families = [(key, ALL[key].family) for key in keys]
    return [
        (key, name, family.load(name).Options)
        for key, family in families
        if family
        for name in family.names()
    ]

"""One section and its plug-ins: who declares an option, which plug-ins are chosen, what has no effect."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from nkululeko.config.declare import Declared, Section, declared, spellings
from nkululeko.config.fill import Findings, Form
from nkululeko.config.ini import RawOption
from nkululeko.config.names import ALL
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.plugin import Options

#: family and canonical name of a plug-in
Plugged = tuple[str, str]
#: changes a chosen name: family, canonical name, where it was asked for
Adapt = Callable[[str, str, RawOption | None], str]
#: by how much options for all rank below those for one
_GENERAL = 100


@dataclass(frozen=True)
class Entry:
    """An option on its way to the section that declares it.

    Args:
        raw: as it was read
        name: within the section (for a database: without its name)
        rank: of its origin: root_folders file, experiment file, command line
    """

    raw: RawOption
    name: str
    rank: int


@dataclass
class Filled:
    """A section with what it says.

    Args:
        record: the section; names of plug-ins are canonical
        form: what was given
        chosen: the plug-ins that it names, installed or not
        options: of those that are installed
    forms: what was given for these
        plugged: ids of the raw options that a chosen plug-in declares itself
    """

    record: Section
    form: Form
    chosen: set[Plugged] = field(default_factory=set)
    options: dict[Plugged, Options] = field(default_factory=dict)
    forms: dict[Plugged, Form] = field(default_factory=dict)
    plugged: set[int] = field(default_factory=set)


def fill(
    model: type[Section],
    entries: Sequence[Entry],
    findings: Findings,
    *,
    read: bool = True,
    adapt: Adapt | None = None,
    general: Sequence[Entry] = (),
) -> Filled:
    """Fill a section in, with the options of the plug-ins that it chooses.

    Args:
        model: the section
        entries: its options
        findings: gets mistakes and notes
        read: whether the command reads this section; else names need not be available
        adapt: changes the chosen names
        general: options of plug-ins that are meant for several sections of this kind; others go before them
    """
    form = Form(model)
    own = [entry for entry in entries if form.take(entry.raw, entry.name, entry.rank, findings)]
    draft = form.build(Findings(findings.source))
    names, written = _names(draft, form, findings, read, adapt)
    chosen = set(written)
    filled = Filled(draft, form, chosen)  # type: ignore[arg-type]
    forms = {
        plug: _form(plug, written[plug])
        for plug in sorted(chosen)
        if plug[0] in model.ini_families and _exists(plug)
    }
    filled.forms = forms
    taken = {id(entry.raw) for entry in own}
    for entry in entries:
        if any([plugin.take(entry.raw, entry.name, entry.rank) for plugin in forms.values()]):
            filled.plugged.add(id(entry.raw))
    for entry in general:
        if any([plugin.take(entry.raw, entry.name, entry.rank - _GENERAL) for plugin in forms.values()]):
            filled.plugged.add(id(entry.raw))
    skip = [
        name for name, found in form.given.items() if all(id(raw) in filled.plugged for raw in found.values())
    ]
    filled.record = form.build(findings, skip).model_copy(update=names)  # type: ignore[assignment]
    for (family, name), plugin in forms.items():
        noun = f"{ALL[family].noun} '{name}'"
        options = plugin.build(findings, needed_by=noun)
        meant = _meant(family, name, written[family, name], plugin)
        filled.options[family, name] = options.model_copy(update=meant) if meant else options
    for entry in entries:
        if id(entry.raw) not in taken | filled.plugged:
            _left_over(model, entry, forms, findings)
    return filled


def _exists(plug: Plugged) -> bool:
    return ALL[plug[0]].is_installed(plug[1])


def _form(plug: Plugged, written: str = "") -> Form:
    """The form of a plug-in's options; they may stand behind its name or any spelling of it."""
    names = ALL[plug[0]]
    assert names.family is not None
    plugin = names.family.load(plug[1])
    spelled = [spelling for spelling, meant in names.also.items() if meant == plug[1]]
    return Form(plugin.Options, (plug[1], *plugin.also, *spelled, *([written] if written else [])))


def _meant(family: str, name: str, written: str, form: Form) -> dict[str, Any]:
    """The options that a plug-in's spelling in the file stands for, as far as the file does not give them itself."""
    registry = ALL[family].family
    if registry is None or written == name:
        return {}
    meant = registry.load(name).meant_by(written)
    return {option: value for option, value in meant.items() if option not in form.given}


def _names(
    section: Options, form: Form, findings: Findings, read: bool, adapt: Adapt | None
) -> tuple[dict[str, Any], dict[Plugged, str]]:
    """The fields that name plug-ins with canonical names, and these plug-ins with their spellings in the file."""
    update: dict[str, Any] = {}
    chosen: dict[Plugged, str] = {}
    for option in declared(type(section)).values():
        value = getattr(section, option.field)
        if not option.names or not value:
            continue
        raw = form.raw(option.field)
        asked = value if isinstance(value, tuple) else (value,)
        found = [_name(option, name, raw, findings, read) for name in asked]
        if adapt:
            found = [adapt(option.names, name, raw) if name else name for name in found]
        known = tuple(name for name in found if name)
        for name, spelling in zip(found, asked, strict=True):
            if (
                name
                and chosen.setdefault((option.names, name), spelling) != spelling
                and isinstance(value, tuple)
            ):
                both = f"'{chosen[option.names, name]}' and '{spelling}' are both the {ALL[option.names].noun} '{name}'"
                findings.wrong(raw, f"{both}, which a run can have once", "name one of them")
        update[option.field] = known if isinstance(value, tuple) else (known[0] if known else value)
    return update, chosen


def _name(option: Declared, name: str, raw: RawOption | None, findings: Findings, read: bool) -> str | None:
    """The canonical name; a mistake where nobody knows it, or where this version does not have it."""
    names = ALL[option.names]
    canonical = names.canonical(name)
    where = raw.place if raw else findings.source
    prefix = f"{raw.label}: " if raw else ""
    if canonical is None:
        findings.mistakes.append(names.unknown(name, where, prefix))
    elif read and not option.planned and not names.is_available(canonical):
        findings.mistakes.append(names.unavailable(name, where, prefix))
    return canonical


def _left_over(model: type[Section], entry: Entry, forms: dict[Plugged, Form], findings: Findings) -> None:
    """An option that neither the section nor a chosen plug-in declares: another plug-in's, or a typo."""
    raw = entry.raw
    known = spellings(model)
    for plugin in forms.values():
        known += spellings(plugin.model)
    for key in model.ini_families:
        names = ALL[key]
        before = entry.name.partition(".")[0]
        meant = names.canonical(before) if "." in entry.name and before in names.known() else None
        if meant and not names.is_available(meant):
            findings.mistakes.append(names.unavailable(before, raw.place, f"{raw.label}: "))
            return
        others = {name: _form((key, name)) for name in names.installed()}
        owners = [name for name, other in others.items() if other.take(raw, entry.name, entry.rank)]
        if owners:
            findings.note(raw, f"{raw.label} has no effect in this run: it is for {', '.join(owners)}")
            return
        known += [spelling for other in others.values() for spelling in spellings(other.model)]
    before = raw.name.removesuffix(entry.name)
    hint = hint_of(entry.name, known, before)
    findings.unknown(raw.place, f"unknown option '{raw.name}' in [{raw.section}]", hint)


def hint_of(name: str, known: Iterable[str], before: str = "") -> str:
    """The nearest known options, as they would be written behind ``before``; case matters least."""
    same = [word for word in known if word.lower() == name.lower()]
    hint = did_you_mean(name, same or known)
    return re.sub("'([^']+)'", lambda found: f"'{before}{found[1]}'", hint)


def check_effects(filled: Filled, everything_chosen: set[Plugged], findings: Findings) -> None:
    """Options that this version does not have are mistakes; those without effect in this run are notes.

    Args:
        filled: a section that the command reads
        everything_chosen: the plug-ins that all sections choose
        findings: gets mistakes and notes
    """
    model = type(filled.record)
    for name, found in filled.form.given.items():
        option = declared(model)[name]
        for star, raw in found.items():
            if id(raw) in filled.plugged:
                continue
            if option.ignored:
                findings.note(raw, f"{raw.label} has no effect: {option.ignored}")
                continue
            chosen = filled.chosen if option.family in model.ini_families else everything_chosen
            owners = _owners(option, star, raw, findings)
            mine = [plug for plug in chosen if owners and plug in owners]
            may_use_it = not option.planned and _has_outsider(chosen, option.family)
            if owners is not None and not mine and not may_use_it:
                names = ", ".join(name for _, name in owners)
                findings.note(
                    raw, f"{raw.label} has no effect in this run" + (f": it is for {names}" if names else "")
                )
                continue
            if mine and not any(map(_exists, mine)):
                continue  # the name itself is the mistake
            _check_available(option, star, raw, filled.record, findings)


def _owners(option: Declared, star: str, raw: RawOption, findings: Findings) -> list[Plugged] | None:
    """The plug-ins that an option is for; None: it is for all."""
    if option.star:
        meant = ALL[option.star].canonical(star)
        if meant is None:
            error: NkululekoError = ALL[option.star].unknown(star, raw.place, f"{raw.label}: ")
            findings.unknown(error.where, error.what, error.todo)
            return []
        return [(option.star, meant)]
    return [(option.family, name) for name in option.owners] if option.family else None


def _has_outsider(chosen: set[Plugged], family: str) -> bool:
    """Whether a plug-in was chosen that the contract does not know: it may use what it likes."""
    return any(key == family and name not in ALL[key].contract for key, name in chosen)


def _check_available(
    option: Declared, star: str, raw: RawOption, record: Section, findings: Findings
) -> None:
    value = getattr(record, option.field)
    if option.is_pattern:
        is_off = star not in value  # it was wrong, and told so
    else:
        is_off = value == option.default or value in option.only
    if option.planned and not is_off:
        findings.wrong(raw, f"{raw.assignment} is not available in this version")

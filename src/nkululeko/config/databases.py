"""``[DATA]``: which option belongs to which database, and where the databases are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nkululeko.config.declare import declared, find, spellings
from nkululeko.config.fill import Findings, Form
from nkululeko.config.ini import COMMAND_LINE, RawOption
from nkululeko.config.names import ALL
from nkululeko.config.paths import resolve
from nkululeko.config.roles import cross_data, spelled_out
from nkululeko.config.schema.data import Data, DatabaseConfig
from nkululeko.config.schema.exp import Exp
from nkululeko.config.sections import Entry, Filled, fill, hint_of
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.plugin import Options

#: of a dev set that is asked for without a size, in percent
DEV_SIZE = 20.0


@dataclass
class FilledData:
    """``[DATA]`` and its databases.

    Args:
        data: the section
        databases: by name
    """

    data: Filled
    databases: dict[str, Filled] = field(default_factory=dict)


def fill_data(
    entries: Sequence[Entry],
    others: Sequence[str],
    exp: Exp,
    findings: Findings,
    folder_of_call: Path,
) -> FilledData:
    """Fill [DATA] in: its own options, and for each database those that begin with its name.

    Args:
        entries: the options of [DATA], those of the root_folders file included (rank 0)
        others: databases that other sections name
        exp: [EXP], which may ask for a dev set, and for the databases' own splits
        findings: gets mistakes and notes
        folder_of_call: where relative paths start
    """
    form = Form(Data)
    for entry in entries:
        form.take(entry.raw, entry.name, entry.rank)
    draft = form.build(Findings(findings.source))
    assert isinstance(draft, Data)
    listed = form.raw("database_names")
    crossed = (*draft.trains, *draft.tests) if draft.strategy == "cross_data" else ()
    used = draft.database_names or (_names_in(listed) if listed else tuple(dict.fromkeys(others or crossed)))
    names = list(dict.fromkeys([*used, *others]))
    for name in names:
        if name in spellings(Data):
            findings.wrong(
                listed, f"a database cannot be called '{name}', as an option is", "choose another name"
            )
    names = [name for name in names if name not in spellings(Data)]

    own: list[Entry] = []
    general: list[Entry] = []
    by_database: dict[str, list[Entry]] = {name: [] for name in names}
    for entry in entries:
        owner = _database(entry.name, names)
        if owner is not None:
            by_database[owner] += spelled_out(Entry(entry.raw, entry.name[len(owner) + 1 :], entry.rank))
        elif find(Data, entry.name):
            own.append(entry)
        elif _owners_of_general(entry.name):
            general.append(entry)
        elif entry.rank > 0:  # a root_folders file may know more databases
            _stranger(entry.raw, names, findings)
    filled = FilledData(fill(Data, own, findings))
    raws = {name: form.raw(name) for name in ("strategy", "trains", "tests")}
    decided = cross_data(
        draft,
        raws,
        {name: by_database[name] for name in used if name in by_database},
        exp.use_splits,
        findings,
    )
    for name, theirs in by_database.items():
        found = fill(
            DatabaseConfig,
            [*theirs, *([decided[name]] if name in decided else [])],
            findings,
            general=general,
        )
        found.record = _located(name, found, listed if name in used else None, findings, folder_of_call)
        filled.databases[name] = found
    _unclaimed(general, filled, findings)
    record = filled.data.record
    assert isinstance(record, Data)
    if record.strategy == "cross_data":
        used = tuple(name for name in used if name in (*record.trains, *record.tests))
    databases = [
        _inheriting(filled.databases[name], record, exp) for name in used if name in filled.databases
    ]
    filled.data.record = record.model_copy(update={"databases": tuple(databases), "root_folders": None})
    return filled


def _plugins() -> dict[str, type[Options]]:
    """The options of the databases' plug-ins, by the plug-in's name."""
    found: dict[str, type[Options]] = {}
    for key in DatabaseConfig.ini_families:
        names = ALL[key]
        assert names.family is not None
        found |= {plugin: names.family.load(plugin).Options for plugin in names.installed()}
    return found


def _owners_of_general(name: str) -> list[str]:
    """The plug-ins of databases with an option of that name that may stand without the name of one: for all."""
    found = {plugin: find(options, name) for plugin, options in _plugins().items()}
    return [plugin for plugin, option in found.items() if option and option[0].general]


def _general_names() -> list[str]:
    """The plain names of these options."""
    every = [option for options in _plugins().values() for option in declared(options).values()]
    return [option.ini for option in every if option.general and not option.is_pattern]


def _unclaimed(general: Sequence[Entry], filled: FilledData, findings: Findings) -> None:
    """Say which of the options for all databases none of them uses."""
    for entry in general:
        if not any(id(entry.raw) in database.plugged for database in filled.databases.values()):
            owners = ", ".join(_owners_of_general(entry.name))
            findings.note(entry.raw, f"{entry.raw.label} has no effect in this run: it is for {owners}")


def _names_in(raw: RawOption) -> tuple[str, ...]:
    """What a list of databases with a mistake in it means, so that one mistake does not bring others."""
    return tuple(dict.fromkeys(map(str, raw.value))) if isinstance(raw.value, list | tuple) else ()


def _database(name: str, databases: Iterable[str]) -> str | None:
    """The database that an option belongs to: the longest name that it begins with."""
    owners = [known for known in databases if name == known or name.startswith(f"{known}.")]
    return max(owners, key=len, default=None)


def _stranger(raw: RawOption, databases: Sequence[str], findings: Findings) -> None:
    """An option of a database that is not listed, or a typo."""
    before, dot, _ = raw.name.partition(".")
    dotted = {name.partition(".")[0] for name in spellings(Data) if "." in name}
    if dot and before not in dotted:
        if not databases:
            return  # that databases are missing is a mistake of its own
        what = f"{raw.label}: '{before}' is not listed in databases"
        findings.unknown(raw.place, what, did_you_mean(before, databases))
        return
    hint = hint_of(raw.name, [*spellings(Data), *_general_names(), *databases])
    if raw.name in spellings(DatabaseConfig) or not hint.startswith("did you mean"):
        first = databases[0] if databases else "NAME"
        hint = hint_of(raw.name, spellings(DatabaseConfig), f"{first}.")
        hint = hint if hint.startswith("did you mean") else ""
    if not hint and not databases:
        return  # that databases are missing is a mistake of its own
    hint = hint or f"if '{raw.name}' is a database, list it in databases"
    findings.unknown(raw.place, f"unknown option '{raw.name}' in [DATA]", hint)


def _located(
    name: str, filled: Filled, needed: RawOption | None, findings: Findings, folder_of_call: Path
) -> DatabaseConfig:
    """The database with its name, its place and the options of its plug-ins."""
    record = filled.record
    assert isinstance(record, DatabaseConfig)
    path, raw = record.path, filled.form.raw("path")
    if raw is None and needed is not None:
        findings.wrong(needed, f"database '{name}' has no path", f"add {name} = PATH to [DATA]")
    elif raw is not None and path and record.type != "audb":
        try:
            path = str(resolve(path, folder_of_call, folder_of(raw, findings)))
        except NkululekoError as problem:
            findings.wrong(raw, f"{raw.label}: {problem.what}", problem.todo)
    of_type = filled.options.get(("databases", record.type), Options())
    of_split = filled.options.get(("splits", record.split_strategy), Options())
    return record.model_copy(
        update={"name": name, "path": path, "type_options": of_type, "split_options": of_split}
    )


def folder_of(raw: RawOption, findings: Findings) -> Path:
    """The folder of the file that an option stands in; for the command line: of the experiment file."""
    return Path(findings.source if raw.file == COMMAND_LINE else raw.file).absolute().parent


def _inheriting(filled: Filled, data: Data, exp: Exp) -> DatabaseConfig:
    """The database with what [DATA] and [EXP] say for all."""
    record = filled.record
    assert isinstance(record, DatabaseConfig)
    update: dict[str, object] = {}
    if record.shared_speakers is None:
        update["shared_speakers"] = data.shared_speakers
    if record.dev_size is None and exp.traindevtest:
        update["dev_size"] = DEV_SIZE
    filled.record = record.model_copy(update=update)
    return filled.record

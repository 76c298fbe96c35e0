"""``[DATA]``: which option belongs to which database, and where the databases are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from nkululeko.config.declare import find, spellings
from nkululeko.config.fill import Findings, Form
from nkululeko.config.ini import COMMAND_LINE, RawOption
from nkululeko.config.paths import resolve
from nkululeko.config.schema.data import Data, DatabaseConfig
from nkululeko.config.sections import Entry, Filled, fill, hint_of
from nkululeko.core.errors import NkululekoError, did_you_mean
from nkululeko.core.plugin import Options


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
    entries: Sequence[Entry], others: Sequence[str], findings: Findings, folder_of_call: Path
) -> FilledData:
    """Fill [DATA] in: its own options, and for each database those that begin with its name.

    Args:
        entries: the options of [DATA], those of the root_folders file included (rank 0)
        others: databases that other sections name
        findings: gets mistakes and notes
        folder_of_call: where relative paths start
    """
    form = Form(Data)
    for entry in entries:
        form.take(entry.raw, entry.name, entry.rank)
    draft = form.build(Findings(findings.source))
    assert isinstance(draft, Data)
    listed = form.raw("database_names")
    used = draft.database_names or (_names_in(listed) if listed else tuple(others))
    names = list(dict.fromkeys([*used, *others, *draft.trains, *draft.tests]))
    for name in names:
        if name in spellings(Data):
            findings.wrong(
                listed, f"a database cannot be called '{name}', as an option is", "choose another name"
            )
    names = [name for name in names if name not in spellings(Data)]

    own: list[Entry] = []
    by_database: dict[str, list[Entry]] = {name: [] for name in names}
    for entry in entries:
        owner = _database(entry.name, names)
        if owner is not None:
            by_database[owner].append(Entry(entry.raw, entry.name[len(owner) + 1 :], entry.rank))
        elif find(Data, entry.name):
            own.append(entry)
        elif entry.rank > 0:  # a root_folders file may know more databases
            _stranger(entry.raw, names, findings)
    filled = FilledData(fill(Data, own, findings))
    for name, theirs in by_database.items():
        found = fill(DatabaseConfig, theirs, findings)
        found.record = _located(name, found, listed if name in used else None, findings, folder_of_call)
        filled.databases[name] = found
    record = filled.data.record
    assert isinstance(record, Data)
    databases = [_inheriting(filled.databases[name], record) for name in used if name in filled.databases]
    filled.data.record = record.model_copy(update={"databases": tuple(databases), "root_folders": None})
    return filled


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
    hint = hint_of(raw.name, [*spellings(Data), *databases])
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


def _inheriting(filled: Filled, data: Data) -> DatabaseConfig:
    """The database with what [DATA] says for all."""
    record = filled.record
    assert isinstance(record, DatabaseConfig)
    if record.shared_speakers is not None:
        return record
    return record.model_copy(update={"shared_speakers": data.shared_speakers})

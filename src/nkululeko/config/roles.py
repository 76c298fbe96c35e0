"""What [DATA] says of how databases are used, put as options of each database: shorthands and ``cross_data``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from nkululeko.config.fill import Findings
from nkululeko.config.ini import RawOption
from nkululeko.config.names import SPLITS
from nkululeko.config.schema.data import Data
from nkululeko.config.sections import Entry
from nkululeko.core.errors import did_you_mean

#: goes before whatever a file or the command line says
_DECIDED = 9


def spelled_out(entry: Entry) -> list[Entry]:
    """An option of a database, in full: ``split_strategy = ['s1', 's2']`` names the speakers of the test set."""
    value = entry.raw.value
    if entry.name != "split_strategy" or not isinstance(value, list | tuple):
        return [entry]
    if len(value) == 1 and SPLITS.canonical(str(value[0])):
        return [_saying(entry.raw, entry.name, value[0], entry.rank)]
    return [
        _saying(entry.raw, "split_strategy", "speakers_stated", entry.rank),
        _saying(entry.raw, "test", value, entry.rank),
    ]


def _saying(raw: RawOption, name: str, value: object, rank: int) -> Entry:
    """An option that stands where another one does."""
    return Entry(replace(raw, value=value, text=str(value)), name, rank)


def cross_data(
    draft: Data, raws: dict[str, RawOption | None], databases: dict[str, list[Entry]], use_splits: bool,
    findings: Findings,
) -> dict[str, Entry]:  # fmt: skip
    """What ``strategy = cross_data`` makes of each database: used as a whole, or its own part of it.

    Args:
        draft: [DATA]
        raws: where ``strategy``, ``trains``, ``tests`` were given
        databases: the options of each database
        use_splits: take each database's own train or test set
        findings: gets mistakes and notes
    """
    given = raws["strategy"]
    if draft.strategy != "cross_data" or given is None:
        for name in ("trains", "tests"):
            raw = raws[name]
            if raw:
                findings.note(raw, f"{raw.label} has no effect in this run: it is for strategy = cross_data")
        return {}
    roles = {"train": draft.trains, "test": draft.tests}
    for role, names in roles.items():
        raw = raws[f"{role}s"]
        if not names and not (raw and raw.value):
            findings.wrong(raw or given, f"strategy = cross_data needs {role}s", f"e.g. {role}s = ['emodb']")
        for name in names:
            if name not in databases:
                findings.wrong(
                    raw, f"[DATA] {role}s: '{name}' is not in databases", did_you_mean(name, databases)
                )
    entries: dict[str, Entry] = {}
    for name, theirs in databases.items():
        mine = [role for role, names in roles.items() if name in names]
        if len(mine) == 2 and not use_splits:
            what = f"database '{name}' is in trains and in tests: it would be tested on what it learned from"
            findings.wrong(raws["tests"], what, "take it out of one, or set EXP.use_splits = True")
        elif not mine:
            findings.note(given, f"database '{name}' is neither in trains nor in tests: it is not used")
        elif len(mine) == 1 and use_splits:
            entries[name] = _saying(given, f"as_{mine[0]}", True, _DECIDED)
        elif len(mine) == 1:
            entries[name] = _saying(given, "split_strategy", mine[0], _DECIDED)
            _without_effect(theirs, mine[0], findings)
    return entries


def _without_effect(entries: Sequence[Entry], role: str, findings: Findings) -> None:
    """Say that a database's own split strategy is not used."""
    for entry in entries:
        if entry.name == "split_strategy" and entry.raw.value != role:
            findings.note(
                entry.raw,
                f"{entry.raw.label} has no effect in this run: strategy = cross_data uses the whole database for"
                f" {role}",
            )

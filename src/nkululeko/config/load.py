"""From an experiment file to a checked configuration: all mistakes at once, before any audio is opened."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from nkululeko.config import ini
from nkululeko.config.checks import check
from nkululeko.config.complete import complete, for_task
from nkululeko.config.databases import FilledData, fill_data, folder_of
from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.fill import Findings, Form
from nkululeko.config.names import MODELS
from nkululeko.config.paths import resolve
from nkululeko.config.schema import section_class, section_names
from nkululeko.config.schema.exp import Exp
from nkululeko.config.sections import Entry, Filled, check_effects, fill
from nkululeko.core.errors import ConfigError, NkululekoError, did_you_mean

#: the sections that a run reads
RUN = ("EXP", "DATA", "FEATS", "MODEL", "PLOT", "REPORT")
_ROOTS, _FILE, _COMMAND_LINE = range(3)


def load(
    path: str | Path, overrides: Sequence[str] = (), *, reads: Sequence[str] = RUN, if_there: Sequence[str] = (),
) -> ExperimentConfig:  # fmt: skip
    """Read an experiment file.

    Args:
        path: of the INI file
        overrides: ``SECTION.option=value``, which go before the file
        reads: the sections that the command reads; others are checked and have no effect
        if_there: sections that it reads as well, where the file has them

    Raises:
        ConfigError: all mistakes of the file, a line each
        NkululekoError: there is no such file

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder, "exp.ini")
        ...     data = f"[DATA]\\ndatabases = db\\ndb = {folder}\\ntarget = age"
        ...     _ = file.write_text(f"{data}\\n[MODEL]\\ntype = xgb")
        ...     load(file, ["MODEL.type=svm"]).model.choice.name
        'svm'
    """
    source, call = Path(path), Path.cwd()
    findings = Findings(str(source))
    entries, lines = _gather(source, overrides, call, findings)
    findings.strict = _is_strict(entries)
    reads = [*reads, *(name for name in if_there if name in lines)]
    entries = _at_home(entries, lines, findings)
    known = section_names()
    for name, where in lines.items():
        if name not in known:
            findings.unknown(where, f"unknown section [{name}]", did_you_mean(name, known))
    filled, data = _fill_all(
        entries, [name for name in known if name in lines or name in reads], reads, findings, call
    )
    _effects(filled, data, reads, findings)
    for name in known:
        # that a run has sections of its own need not be said by other doors
        if name in lines and name not in reads and name not in RUN:
            findings.notes.append(f"{lines[name]}: section [{name}] has no effect in this run")
    complete(filled, source, findings, call)
    check(filled, data, findings, reads)
    if findings.mistakes:
        raise ConfigError(_sorted(findings.mistakes, str(source)))
    sections = {name: filled[name].record for name in known if name in reads}
    return ExperimentConfig(sections, tuple(dict.fromkeys(findings.notes)), source, call)


def _gather(
    source: Path, overrides: Sequence[str], call: Path, findings: Findings
) -> tuple[list[tuple[str, Entry]], dict[str, str]]:
    """All options with their sections: of the file, of the command line, of the root_folders file.

    Returns:
        the options, and the place of each section
    """
    file = ini.read(source)
    findings.mistakes += file.mistakes
    findings.notes += file.notes
    entries = [Entry(raw, raw.name, _FILE) for raw in file.options]
    for assignment in overrides:
        try:
            raw = ini.overriding(assignment)
            entries.append(Entry(raw, raw.name, _COMMAND_LINE))
        except NkululekoError as problem:
            findings.mistakes.append(problem)
    lines = {name: f"{source}, line {line}" for name, line in file.sections.items()}
    for entry in entries:
        lines.setdefault(entry.raw.section, entry.raw.place)
    roots = [e for e in entries if e.name == "root_folders" and e.raw.section in ("EXP", "DATA")]
    if roots:
        chosen = max(roots, key=lambda entry: (entry.rank, entry.raw.section == "DATA"))
        entries = _root_folders(chosen.raw, call, findings) + entries
    return [(entry.raw.section, entry) for entry in entries], lines


def _root_folders(raw: ini.RawOption, call: Path, findings: Findings) -> list[Entry]:
    """The options of the file that ``root_folders`` names: those of [DATA], or those before any section."""
    try:
        path = resolve(
            raw.text if not isinstance(raw.value, str) else raw.value, call, folder_of(raw, findings)
        )
        file = ini.read(path, headerless="DATA")
    except NkululekoError as problem:
        findings.wrong(raw, f"{raw.label}: {problem.what}", problem.todo)
        return []
    findings.mistakes += file.mistakes
    findings.notes += file.notes
    for name, line in file.sections.items():
        if name != "DATA":
            findings.notes.append(
                f"{path}, line {line}: section [{name}] has no effect in a root_folders file"
            )
    return [Entry(option, option.name, _ROOTS) for option in file.options if option.section == "DATA"]


def _at_home(
    entries: Sequence[tuple[str, Entry]], lines: dict[str, str], findings: Findings
) -> list[tuple[str, Entry]]:
    """The options of [FINETUNE] as those of [MODEL] and [FEATS] that they are, which go before them."""
    models = [entry for section, entry in entries if section == "MODEL" and entry.name == "type"]
    asked = max(models, key=lambda entry: entry.rank).raw.text if models else ""
    homes = {"balancing": "FEATS"} if MODELS.canonical(asked.strip()) == "finetune" else None
    place = lines.pop("FINETUNE", "")
    if homes is None and place:
        what = "section [FINETUNE] has no effect in this run: it is for MODEL.type = finetune"
        findings.notes.append(f"{place}: {what}")
    found = []
    for section, entry in entries:
        if section != "FINETUNE":
            found.append((section, entry))
        elif homes is not None:
            rank = _ROOTS if entry.rank == _FILE else entry.rank
            found.append((homes.get(entry.name, "MODEL"), replace(entry, rank=rank)))
    return found


def _is_strict(entries: Sequence[tuple[str, Entry]]) -> bool:
    form = Form(Exp)
    for section, entry in entries:
        if section == "EXP" and entry.name == "strict":
            form.take(entry.raw, entry.name, entry.rank)
    return bool(getattr(form.build(Findings("")), "strict", True))


def _fill_all(
    entries: Sequence[tuple[str, Entry]],
    names: Sequence[str],
    reads: Sequence[str],
    findings: Findings,
    call: Path,
) -> tuple[dict[str, Filled], FilledData]:
    """Every section that is there or that is read; [DATA] last, as others may name databases."""
    by_section = {name: [entry for section, entry in entries if section == name] for name in names}
    filled: dict[str, Filled] = {}
    for name in names:
        if name not in ("DATA", "MODEL", "EXPL"):
            filled[name] = fill(section_class(name), by_section[name], findings, read=name in reads)
    task = getattr(filled["EXP"].record, "type", "") if "EXP" in filled else ""

    def adapt(family: str, name: str, raw: ini.RawOption | None) -> str:
        return for_task(name, task, raw, findings) if family == "models" else name

    for name in [name for name in ("MODEL", "EXPL") if name in names]:
        read = name in reads
        filled[name] = fill(
            section_class(name), by_section[name], findings, read=read, adapt=adapt if read else None
        )
    others = [*_named(filled, "EXP", "databases"), *_named(filled, "CROSSDB", "train_extra")]
    exp = filled["EXP"].record if "EXP" in filled else Exp()
    assert isinstance(exp, Exp)
    data = fill_data(by_section.get("DATA", []), others, exp, findings, call)
    filled["DATA"] = data.data
    return filled, data


def _named(filled: dict[str, Filled], section: str, field: str) -> tuple[str, ...]:
    return getattr(filled[section].record, field) if section in filled else ()


def _effects(filled: dict[str, Filled], data: FilledData, reads: Sequence[str], findings: Findings) -> None:
    """Options that have no effect, or that this version does not have, in the sections that are read."""
    concerned = [filled[name] for name in filled if name in reads]
    concerned += data.databases.values() if "DATA" in reads else []
    everything = {plug for section in concerned for plug in section.chosen}
    for section in concerned:
        check_effects(section, everything, findings)


def _sorted(mistakes: Sequence[NkululekoError], source: str) -> list[NkululekoError]:
    """Each mistake once: those of the experiment file first, in the order of its lines."""
    unique = {str(mistake): mistake for mistake in mistakes}.values()

    def order(mistake: NkululekoError) -> tuple[bool, str, int]:
        file, _, line = mistake.where.rpartition(", line ")
        return (not mistake.where.startswith(source), file, int(line) if line.isdigit() else -1)

    return sorted(unique, key=order)

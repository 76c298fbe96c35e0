"""The reference of all options, made from their declarations: for the terminal and for the manual."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nkululeko.config.declare import Declared, Section, declared
from nkululeko.config.ini import written
from nkululeko.config.names import ALL, Names
from nkululeko.config.schema import section_class, section_names
from nkululeko.config.words import choices, expected
from nkululeko.core.errors import NkululekoError, did_you_mean

#: availability of an option or of a name
HERE, NOT_HERE = "yes", "not in this version"


@dataclass(frozen=True)
class Row:
    """One option, or one name that an option may have.

    Args:
        section: its section
        option: as it is written; ``NAME`` is a database's name
        type: what it accepts, in words
        default: as it is written; empty: none
        choices: the allowed values, where they are few
        also: other spellings
        help: one line
        available: ``"yes"``, ``"not in this version"``, or which values this version has
        plugins: the plug-ins that it is for; empty: all
    """

    section: str
    option: str
    type: str = ""
    default: str = ""
    choices: str = ""
    also: str = ""
    help: str = ""
    available: str = HERE
    plugins: str = ""

    @property
    def meaning(self) -> str:
        """Help, plug-ins and availability in one line."""
        notes = [self.help, f"for {self.plugins}" if self.plugins else "", _unless_here(self.available)]
        return "; ".join(note for note in notes if note)


@dataclass(frozen=True)
class NameRow:
    """One name that an option may have, e.g. a model.

    Args:
        kind: what it is, e.g. ``"model"``
        name: as it is written
        also: other spellings
        summary: one line, empty where there is no such plug-in
        licence: what the user must be told, empty if nothing
        available: ``"yes"`` or ``"not in this version"``
    """

    kind: str
    name: str
    also: str = ""
    summary: str = ""
    licence: str = ""
    available: str = HERE

    @property
    def meaning(self) -> str:
        """Summary, licence and availability in one line."""
        return "; ".join(note for note in (self.summary, self.licence, _unless_here(self.available)) if note)


def _unless_here(available: str) -> str:
    return "" if available == HERE else available


def sections() -> list[tuple[str, str]]:
    """The names of all sections with a line on each."""
    return [(name, (section_class(name).__doc__ or "").split("\n")[0]) for name in section_names()]


def reference(section: str | None = None) -> list[Row]:
    """The options of a section, or of all; those of its plug-ins included.

    Raises:
        NkululekoError: there is no such section

    Example:
        >>> [row.default for row in reference("EXP") if row.option == "random_seed"]
        ['42']
    """
    rows: list[Row] = []
    for model in _models(section):
        rows += _rows(model)
    return rows


def names(section: str | None = None) -> list[NameRow]:
    """The plug-ins that a section's options may name, each with its summary; contract and installed.

    Raises:
        NkululekoError: there is no such section
    """
    return [row for key in _kinds(section) for row in _name_rows(ALL[key])]


def _kinds(section: str | None) -> list[str]:
    """The keys of the families that a section's options name."""
    found = [
        option.names for model in _models(section) for option in declared(model).values() if option.names
    ]
    return list(dict.fromkeys(found))


def to_markdown() -> str:
    """The reference as a page of the manual."""
    parts = ["# Options", ""]
    for section, line in sections():
        parts += [f"## [{section}]", "", line, ""]
        parts += _table(("option", "values", "default", "meaning"), map(_cells, reference(section)))
    parts += ["# Names", ""]
    for kind in ALL.values():
        rows = [(row.name, row.also, row.meaning) for row in _name_rows(kind)]
        parts += [f"## {kind.noun.capitalize()}", "", *_table(("name", "also", "meaning"), rows)]
    return "\n".join(parts)


def print_reference(section: str | None = None) -> None:
    """Show a section's options in the terminal; without a section: the list of sections.

    Raises:
        NkululekoError: there is no such section
    """
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    def show(title: str, heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
        table = Table(*heads, title=Text(title, style="bold"), title_justify="left", box=box.SIMPLE_HEAD)
        for row in rows:
            table.add_row(*map(Text, row), style="dim" if row[-1].endswith(NOT_HERE) else "")
        console.print(table)

    console = Console()
    if section is None:
        show("sections", ("section", "about"), sections())
        return
    rows = reference(section)
    show(f"[{rows[0].section}]", ("option", "values", "default", "meaning"), map(_cells, rows))
    for key in _kinds(section):
        found = _name_rows(ALL[key])
        here = [(row.name, row.also, row.meaning) for row in found if row.available == HERE]
        missing = ", ".join(row.name for row in found if row.available != HERE)
        show(
            ALL[key].noun,
            ("name", "also", "meaning"),
            [*here, *([("", "", f"{missing}: {NOT_HERE}")] * bool(missing))],
        )


def _cells(row: Row) -> tuple[str, str, str, str]:
    """A row as it is shown: option, values, default, meaning."""
    option = row.option + (f" (also {row.also})" if row.also else "")
    return option, row.choices or row.type, row.default, row.meaning


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A table in Markdown; the first column is code."""
    lines = ["| " + " | ".join(heads) + " |", "|---" * len(heads) + "|"]
    for first, *others in rows:
        name, blank, also = first.partition(" ")
        cells = [f"`{name}`{blank}{also}", *others]
        lines.append("| " + " | ".join(cell.replace("|", "\\|").replace("*", "\\*") for cell in cells) + " |")
    return [*lines, ""]


def _models(section: str | None) -> list[type[Section]]:
    """The declarations of a section, or of all; those of databases belong to [DATA]."""
    wanted = section_names()
    if section is not None:
        name = section.strip("[]").upper()
        if name not in wanted:
            raise NkululekoError(f"unknown section [{section}]", todo=did_you_mean(name, wanted))
        wanted = [name]
    models = [section_class(name) for name in wanted]
    if "DATA" in wanted:
        from nkululeko.config.schema.data import DatabaseConfig

        models.insert(wanted.index("DATA") + 1, DatabaseConfig)
    return models


def _rows(model: type[Section]) -> list[Row]:
    """Of a section's own options, then of its plug-ins'; what this version does not have comes last.

    Where a plug-in declares what the section has planned for it, the plug-in's declaration stands alone.
    """
    section, _, prefix = model.ini_section.partition(": ")
    before = f"{prefix}." if prefix else ""
    theirs: dict[str, list[tuple[str, Declared]]] = {}
    for key in model.ini_families:
        family = ALL[key].family
        for plugin in family.names() if family else []:
            assert family is not None
            for option in declared(family.load(plugin).Options).values():
                theirs.setdefault(option.ini, []).append((plugin, option))
    for key, name in model.ini_plugins:
        family = ALL[key].family
        for option in declared(family.load(name).Options).values() if family else ():
            theirs.setdefault(option.ini, []).append((name, option))
    rows = []
    for option in declared(model).values():
        if option.planned and option.ini in theirs:
            continue
        shown = (before + option.ini).removesuffix(".").replace("*", "NAME" if option.star else "COLUMN")
        rows.append(_row(section, shown or prefix, option))
    own = {option.ini for option in declared(model).values() if not option.planned}
    for ini, found in theirs.items():
        if ini in own:
            continue
        alike: dict[Row, list[str]] = {}
        for plugin, option in found:
            alike.setdefault(_row(section, before + ini, option), []).append(plugin)
        rows += [replace(row, plugins=", ".join(plugins)) for row, plugins in alike.items()]
    return sorted(rows, key=lambda row: row.available == NOT_HERE)


def _row(section: str, name: str, option: Declared) -> Row:
    default = "" if option.default in (None, (), "", {}) else written(option.default)
    available = HERE
    if option.planned:
        values = [value for value in (option.default, *option.only) if value is not None]
        available = f"in this version: {', '.join(map(written, values))}" if option.only else NOT_HERE
    return Row(
        section,
        name,
        f"the name of a {ALL[option.names].noun}"
        if option.names
        else expected(option.info, option.is_pattern),
        default,
        ", ".join(map(written, choices(option.info.annotation))),
        ", ".join(option.also),
        option.help,
        available,
        ", ".join(option.owners),
    )


def _name_rows(names: Names) -> list[NameRow]:
    rows = []
    for name in sorted({*names.contract, *names.installed()}):
        also = [spelling for spelling, meant in names.also.items() if meant == name]
        if not names.is_installed(name):
            available = HERE if names.is_available(name) else NOT_HERE
            rows.append(NameRow(names.noun, name, ", ".join(also), available=available))
            continue
        assert names.family is not None
        plugin = names.family.load(name)
        spelled = ", ".join(dict.fromkeys([*also, *plugin.also]))
        rows.append(NameRow(names.noun, name, spelled, plugin.summary, plugin.licence))
    return rows


if __name__ == "__main__":
    print(to_markdown())

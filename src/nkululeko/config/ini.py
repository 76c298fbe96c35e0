"""The only reader of INI files: standard ``configparser`` syntax, and every option knows its file and line.

Option names are case-sensitive, nothing is interpolated and nothing is evaluated: a value is a Python
literal where it looks like one, else text.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nkululeko.core.errors import NkululekoError, did_you_mean

#: the place of options given on the command line
COMMAND_LINE = "--set"

_HEADER = re.compile(r"\[([^\]\n]+)\]\s*(?:[#;].*)?$")
_OPTION = re.compile(r"(?P<name>[^=:\n]*)[=:](?P<value>.*)", re.DOTALL)
_COMMENT = re.compile(r"(?<=\s)[#;].*")
_STRING = r"""'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*\""""
#: in a value that looks like a literal, what stands in quotes is no comment
_STRING_OR_COMMENT = re.compile(rf"({_STRING})|(?<=\s)[#;].*")
_ITEM = re.compile(rf"\s*+((?:{_STRING})\s*+|[^,\[\]{{}}()'\"]++)(?:,|$)")


@dataclass(frozen=True)
class RawOption:
    """One option as it stands in a file.

    Args:
        section: its section
        name: its name, e.g. ``"emodb.test_size"``
        text: the value as text, comments removed
        value: the value as a Python literal where it looks like one, else the text
        file: the file as the user named it, or ``"--set"``
        line: counted from 1; 0 for the command line
    """

    section: str
    name: str
    text: str
    value: Any
    file: str
    line: int

    @property
    def place(self) -> str:
        """For messages: ``exp.ini, line 12``."""
        return f"{self.file}, line {self.line}" if self.line else self.file

    @property
    def label(self) -> str:
        """For messages: ``[MODEL] C_val``."""
        return f"[{self.section}] {self.name}"

    @property
    def assignment(self) -> str:
        """For messages: ``[MODEL] C_val = 'abc'``."""
        return f"{self.label} = {self.value!r}" if self.text else f"{self.label} is empty"


@dataclass
class IniFile:
    """What a file says.

    Args:
        path: as it was asked for
        options: in the order of the file
        sections: the line of each section's header
        mistakes: what is no INI syntax, or stands there twice
        notes: what the user should know, a line each
    """

    path: Path
    options: list[RawOption] = field(default_factory=list)
    sections: dict[str, int] = field(default_factory=dict)
    mistakes: list[NkululekoError] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def literal(text: str) -> Any:
    """The value that a text stands for: number, string, list, dictionary, True, False, None, else the text.

    Parsed with ``ast.literal_eval``, never evaluated. Lists may do without quotes.

    Example:
        >>> literal("[-1000, .2]"), literal("[meta, emodb]"), literal("svm"), literal("__import__('os')")
        ([-1000, 0.2], ['meta', 'emodb'], 'svm', "__import__('os')")
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a Windows path in quotes: invalid escape
            value = ast.literal_eval(text)
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
        return _unquoted_list(text)
    return value if _is_plain(value) else text


def _is_plain(value: Any) -> bool:
    if isinstance(value, list | tuple):
        return all(map(_is_plain, value))
    if isinstance(value, dict):
        return all(map(_is_plain, [*value, *value.values()]))
    return value is None or isinstance(value, str | bool | int | float)


def _unquoted_list(text: str) -> Any:
    """``[meta, emodb]`` as a list of its words; the text itself if it is none."""
    if not (text.startswith("[") and text.endswith("]")):
        return text
    inner, items, end = text[1:-1].strip(), [], 0
    while end < len(inner):
        match = _ITEM.match(inner, end)
        if match is None:
            return text
        items.append(literal(match[1].strip()))
        end = match.end()
    return items


def without_comments(text: str) -> str:
    """A value without comments: ``#`` or ``;`` after white space, but not inside a literal's quotes.

    Example:
        >>> without_comments("all # or train"), without_comments("['a #1', 'b'] ; two")
        ('all', "['a #1', 'b']")
    """
    if text.lstrip()[:1] in tuple("'\"[({"):
        lines = _STRING_OR_COMMENT.sub(lambda match: match[1] or "", text).split("\n")
    else:
        lines = [_COMMENT.sub("", line) for line in text.split("\n")]
    return "\n".join(line.strip() for line in lines).strip()


def written(value: Any) -> str:
    """A value as it is written into an INI file: the inverse of reading it.

    Example:
        >>> written("svm"), written("a # b"), written(("x", 1.5)), written("42")
        ('svm', "'a # b'", "['x', 1.5]", "'42'")
    """
    if isinstance(value, Path):
        value = str(value)
    if isinstance(value, str):
        bare = (
            value and without_comments(f" {value}") == value and "\n" not in value and literal(value) == value
        )
        return value if bare and value.isprintable() else repr(value)
    return repr(_as_lists(value))


def _as_lists(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_lists(item) for key, item in value.items()}
    return [_as_lists(item) for item in value] if isinstance(value, list | tuple) else value


def read(path: Path, headerless: str = "") -> IniFile:
    """Read a file; mistakes are collected, not raised.

    Args:
        path: of the file
        headerless: the section that options before any section's header belong to; empty: they are a mistake

    Raises:
        NkululekoError: the file is missing or no text; names its absolute path
    """
    ini = IniFile(path)
    text = _decoded(path, ini)
    section = headerless
    seen: dict[tuple[str, str], int] = {}
    for line, entry in _entries(text):
        header = _HEADER.match(entry)
        if header:
            section = header[1].strip()
            if section in ini.sections:
                first = ini.sections[section]
                _wrong(
                    ini, line, f"section [{section}] is there twice, first in line {first}", "merge the two"
                )
            ini.sections.setdefault(section, line)
            continue
        option = _OPTION.match(entry)
        name = option["name"].strip() if option else ""
        if option is None or not name or _COMMENT.search(name):
            shown = entry.split("\n")[0]
            todo = "expected [SECTION], name = value, or a comment; lines that continue a value are indented"
            _wrong(ini, line, f"cannot read '{shown}'", todo)
            continue
        value = without_comments(option["value"])
        if not section:
            _wrong(
                ini,
                line,
                f"option '{name}' stands before the first section",
                "put [EXP], [DATA] ... above it",
            )
        elif (section, name) in seen:
            first = seen[section, name]
            _wrong(
                ini,
                line,
                f"option '{name}' in [{section}] is there twice, first in line {first}",
                "remove one",
            )
        else:
            seen[section, name] = line
            ini.options.append(RawOption(section, name, value, literal(value), str(path), line))
    return ini


def overriding(assignment: str) -> RawOption:
    """An option from the command line, ``SECTION.option=value``; the section ends at the first dot.

    Raises:
        NkululekoError: it is not of that form

    Example:
        >>> overriding("DATA.emodb.test_size=30").name
        'emodb.test_size'
    """
    target, equals, text = assignment.partition("=")
    section, dot, name = target.strip().partition(".")
    if not (equals and dot and section and name):
        raise NkululekoError(f"'{assignment}' is no option", COMMAND_LINE, "expected SECTION.option=value")
    return RawOption(section, name, text.strip(), literal(text.strip()), COMMAND_LINE, 0)


def glance(path: str | Path, overrides: Sequence[str], section: str, name: str) -> str:
    """The text of one option before anything is checked: for what may start early, and must not fail.

    Returns:
        its text; empty if it is not there, or the file cannot be read
    """
    try:
        options = [*read(Path(path)).options, *map(overriding, overrides)]
    except NkululekoError:
        return ""
    return next((raw.text for raw in reversed(options) if (raw.section, raw.name) == (section, name)), "")


def _wrong(ini: IniFile, line: int, what: str, todo: str = "") -> None:
    ini.mistakes.append(NkululekoError(what, f"{ini.path}, line {line}", todo))


def _decoded(path: Path, ini: IniFile) -> str:
    """The file as text, UTF-8 or Latin-1, with unix line ends."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        near = did_you_mean(path.name, [other.name for other in path.absolute().parent.glob("*.ini")])
        raise NkululekoError("no such file", str(path.absolute()), near) from None
    except OSError as problem:
        raise NkululekoError(f"cannot be read ({problem.strerror})", str(path.absolute())) from None
    if b"\0" in raw:
        raise NkululekoError("is not a text file in UTF-8", str(path), "save it as UTF-8")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
        ini.notes.append(f"{path}: not UTF-8, read as Latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _entries(text: str) -> Iterator[tuple[int, str]]:
    """Line number and text of each section's header and option, with the lines that continue it.

    A line continues the option above it if it is indented deeper; comment lines are no part of a value.
    """
    start, indent = 0, 0
    lines: list[str] = []
    for number, line in enumerate(text.split("\n"), start=1):
        content = line.strip()
        if content.startswith(("#", ";")):
            continue
        depth = len(line) - len(line.lstrip())
        if lines and (not content or (depth > indent and not _HEADER.match(lines[0]))):
            lines.append(content)
        elif content:
            if lines:
                yield start, "\n".join(lines).strip()
            start, indent, lines = number, depth, [content]
    if lines:
        yield start, "\n".join(lines).strip()

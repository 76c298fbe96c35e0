"""Labels from file names: a pattern such as ``{speaker}/{emotion}_{n}.wav``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from nkululeko.core.errors import NkululekoError

_FIELD = re.compile(r"\{(\w+)(?::([1-9]\d*))?\}")
#: the name of a part that is not wanted
IGNORED = "_"
_RESERVED = ("file", "start", "end")


@dataclass(frozen=True)
class Pattern:
    """A pattern, ready to be used.

    Args:
        text: as the user wrote it
        fields: the names of the columns that it gives, in order
        regex: matches the end of a path; a group ``f0``, ``f1`` ... for each field
    """

    text: str
    fields: Sequence[str]
    regex: re.Pattern[str]

    def read(self, path: str) -> list[str] | None:
        """What the fields are in a path with ``/``; None if it does not match.

        Example:
            >>> compile_pattern("{speaker}_{emotion}.wav", ["wav"], "x").read("any/where/anna_joy.wav")
            ['anna', 'joy']
        """
        found = self.regex.fullmatch(path)
        return [found[f"f{number}"] for number in range(len(self.fields))] if found else None


def compile_pattern(text: str, endings: Sequence[str], where: str) -> Pattern:
    """A pattern of field names in braces, and ordinary text.

    Each field stands for one or more signs, as few as possible, but no ``/``; ``{name:3}`` for exactly three.
    A field that stands twice is the same text both times; ``{_}`` is read over. It describes the end of a path,
    as many folders as it names; the file's ending may be left out.

    Args:
        text: the pattern
        endings: of audio files, without the dot
        where: the option, for messages

    Raises:
        NkululekoError: braces that do not pair, no field, a name that is none
    """
    parts: list[str] = []
    fields: list[str] = []
    position = 0
    cut = text.strip().removeprefix("./").strip("/")
    for match in _FIELD.finditer(cut):
        parts.append(_literal(cut[position : match.start()], text, where))
        name, width = match.groups()
        signs = f"[^/]{{{width}}}" if width else "[^/]+?"
        if name == IGNORED:
            parts.append(signs)
        elif name in _RESERVED:
            raise NkululekoError(f"a field cannot be called '{name}'", where, "choose another name")
        elif name in fields:
            parts.append(f"(?P=f{fields.index(name)})")
        else:
            parts.append(f"(?P<f{len(fields)}>{signs})")
            fields.append(name)
        position = match.end()
    parts.append(_literal(cut[position:], text, where))
    if not fields:
        raise NkululekoError(f"no field in '{text}'", where, "e.g. {speaker}_{emotion}_{n}.wav")
    ending = rf"(?:\.(?:{'|'.join(endings)}))?"
    return Pattern(text, fields, re.compile(rf"(?:.*/)?{''.join(parts)}{ending}", re.IGNORECASE | re.DOTALL))


def _literal(text: str, pattern: str, where: str) -> str:
    """Ordinary text as a regular expression."""
    if "{" in text or "}" in text:
        raise NkululekoError(
            f"'{pattern}' has a brace that belongs to no field", where, "a field is {name} or {name:3}"
        )
    return re.escape(text)

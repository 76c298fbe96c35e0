"""The sections of the experiment file: one file a section, its name in lower case.

The folder is the list of sections: a new file declares a new one.
"""

from __future__ import annotations

import importlib
from functools import cache
from pathlib import Path

from nkululeko.config.declare import Section


@cache
def section_names() -> list[str]:
    """The names of all sections, in the order of their usual place in a file, then by name."""
    usual = ["EXP", "DATA", "FEATS", "MODEL"]
    found = {
        file.stem.upper() for file in Path(__file__).parent.glob("*.py") if not file.stem.startswith("_")
    }
    return usual + sorted(found - set(usual))


@cache
def section_class(name: str) -> type[Section]:
    """The class that declares a section; imports its one file.

    Example:
        >>> section_class("EXP").ini_section
        'EXP'
    """
    module = importlib.import_module(f"{__name__}.{name.lower()}")
    return next(
        member
        for member in vars(module).values()
        if isinstance(member, type) and issubclass(member, Section) and member.ini_section == name
    )

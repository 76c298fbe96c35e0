"""Small experiment files for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from nkululeko.config.experiment import ExperimentConfig
from nkululeko.config.load import RUN, load
from nkululeko.core.errors import ConfigError

#: a file without a mistake; parts are replaced by the tests
BASE = {
    "EXP": "name = test",
    "DATA": "databases = ['db']\ndb = db\ntarget = emotion",
    "FEATS": "type = os",
    "MODEL": "type = svm",
}


def ini_text(**sections: str) -> str:
    """The base file with other sections; an option that is given replaces that of the base file."""
    parts = []
    for name in dict.fromkeys([*BASE, *sections]):
        given = sections.get(name, "")
        names = {line.split("=")[0].strip() for line in given.split("\n")}
        kept = [line for line in BASE.get(name, "").split("\n") if line.split("=")[0].strip() not in names]
        parts.append(f"[{name}]\n" + "\n".join([*kept, given]).strip())
    return "\n".join(parts) + "\n"


class Project:
    """A folder with a database, from which experiment files are loaded."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "db").mkdir(exist_ok=True)
        (folder / "other").mkdir(exist_ok=True)
        (folder / "table.csv").touch()

    def write(self, text: str, name: str = "exp.ini") -> Path:
        (self.folder / name).write_text(text, encoding="utf-8")
        return Path(name)

    def text(self, text: str, overrides: Sequence[str] = (), reads: Sequence[str] = RUN) -> ExperimentConfig:
        """The configuration of a whole file."""
        return load(self.write(text), overrides, reads=reads)

    def load(self, *overrides: str, reads: Sequence[str] = RUN, **sections: str) -> ExperimentConfig:
        """The configuration of the base file with other sections."""
        return self.text(ini_text(**sections), overrides, reads)

    def mistakes(self, *overrides: str, reads: Sequence[str] = RUN, **sections: str) -> list[str]:
        """The mistakes of the base file with other sections, without the line numbers."""
        return self.mistakes_of(ini_text(**sections), overrides, reads)

    def mistakes_of(self, text: str, overrides: Sequence[str] = (), reads: Sequence[str] = RUN) -> list[str]:
        """The mistakes of a whole file; empty: none."""
        try:
            self.text(text, overrides, reads)
        except ConfigError as problem:
            return str(problem).split("\n")
        return []

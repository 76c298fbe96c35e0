"""What a finished run's ``config.ini`` says of its features: read without the data, which may be gone."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from nkululeko.config import ini
from nkululeko.config.complete import complete
from nkululeko.config.fill import Findings
from nkululeko.config.schema.feats import Feats
from nkululeko.config.sections import Entry, fill
from nkululeko.core.errors import ConfigError


@dataclass(frozen=True)
class Kept:
    """What is needed of a run's configuration to use its model.

    Args:
        feats: ``[FEATS]``, with the feature sets and their options
        values: section and name to the value of every other option, as it was read
    """

    feats: Feats
    values: dict[tuple[str, str], Any]

    def value(self, section: str, name: str, default: Any = "") -> Any:
        """One option, or its default where the file does not have it."""
        return self.values.get((section, name), default)


def read_kept(path: Path) -> Kept:
    """Read a run's ``config.ini``; databases that are no longer there do not matter.

    Args:
        path: of the file

    Raises:
        ConfigError: a feature set that this version does not know, or options that it does not allow
        NkululekoError: there is no such file

    Example:
        >>> from tempfile import TemporaryDirectory
        >>> with TemporaryDirectory() as folder:
        ...     file = Path(folder, "config.ini")
        ...     _ = file.write_text("[DATA]\\ntarget = age\\ndb = /gone\\n[FEATS]\\ntype = ['mfcc']")
        ...     kept = read_kept(file)
        >>> kept.value("DATA", "target"), [choice.name for choice in kept.feats.sets]
        ('age', ['mfcc'])
    """
    file = ini.read(path)
    findings = Findings(str(path), strict=False)
    entries = [Entry(raw, raw.name, 0) for raw in file.options if raw.section == Feats.ini_section]
    filled = {Feats.ini_section: fill(Feats, entries, findings)}
    complete(filled, path, findings, path.parent)
    if findings.mistakes:
        raise ConfigError(findings.mistakes)
    feats = filled[Feats.ini_section].record
    assert isinstance(feats, Feats)
    return Kept(feats, {(raw.section, raw.name): raw.value for raw in file.options})
